//! Steps of a party: it is registered, brought up to date, looked at and, where two records are one party, merged.

use crate::web::matter::step::*;

const NAME: Field = open("name", ["名称或姓名", "Its name"], Kind::Short);
const CODE: Field = open("uscc", ["统一社会信用代码", "Unified social credit code"], Kind::Short)
    .hint("只填企业的，十八位", "Of an enterprise only: eighteen characters");
const PAPER: Field = open("id_number", ["证件号码", "Number of the identity paper"], Kind::Short);
const PHONE: Field = open("phone", ["电话", "Telephone"], Kind::Telephone);
const ADDRESS: Field = open("address", ["住址或所在地", "Where it lives or has its seat"], Kind::Short);

pub(super) const STEPS: &[Step] = &[
    Step {
        fields: &[
            field(
                "kind",
                ["种类", "Kind"],
                Kind::One(&[
                    Code("enterprise", "企业", "An enterprise"),
                    Code("person", "自然人", "A natural person"),
                ]),
            ),
            field("name", ["名称或姓名", "Its name"], Kind::Short),
            CODE,
            PAPER,
            PHONE,
            ADDRESS,
        ],
        note: Some([
            "先按名称或编号查一查，已经登记的不要再登记一次。",
            "Look for it by name or number first: nobody is registered twice.",
        ]),
        starts: true,
        ..step("party", "register", "register", ["登记主体", "Register a party"])
    },
    Step {
        fields: &[
            field(
                "why",
                ["为什么更正", "Why"],
                Kind::One(&[
                    Code("moved", "搬迁", "Moved"),
                    Code("renamed", "更名", "Renamed"),
                    Code("new_phone", "换了电话", "Another telephone number"),
                    Code("typing_error", "登记有误", "It was mistyped"),
                ]),
            ),
            NAME,
            CODE,
            PAPER,
            PHONE,
            ADDRESS,
        ],
        note: Some(["没有填写的项保持不变。", "What is left empty stays as it was."]),
        ..step("party", "amend", "amend", ["更正主体信息", "Bring it up to date"])
    },
    Step {
        fields: &[
            field(
                "method",
                ["怎样核对", "How"],
                Kind::One(&[
                    Code("paper_seen", "看了证件原件", "The paper was seen"),
                    Code("register_asked", "查了登记机关", "The register was asked"),
                    Code("online", "网上核验", "Online"),
                ]),
            ),
            field("matches", ["与登记一致", "It is who it says"], Kind::YesNo),
            open("reference", ["核验编号", "Reference of the check"], Kind::Short),
        ],
        adds: true,
        ..step("party", "check_identity", "check_identity", ["核对身份", "Check its identity"])
    },
    Step {
        fields: &[
            field("into", ["并入哪个主体", "Into which party"], Kind::Short)
                .hint("填继续使用的那个主体的完整编号", "The whole number of the party that goes on"),
            field(
                "why",
                ["怎样知道是同一个", "How it is known"],
                Kind::One(&[
                    Code("same_identity", "证件号码相同", "The same identity paper"),
                    Code("same_uscc", "统一社会信用代码相同", "The same unified social credit code"),
                ]),
            ),
        ],
        note: Some([
            "两份记录其实是同一个主体时才合并。合并以后，两份信用档案合在一起计算。",
            "Only where two records are one party. From then on both credit files count together.",
        ]),
        sure: Some([
            "合并以后不能拆开，这份记录不再更改。确定合并吗？",
            "A merger is not taken apart, and this record changes no more. Merge them?",
        ]),
        ..step("party", "merge", "merge", ["并入另一个主体", "Merge it into another"])
    },
];

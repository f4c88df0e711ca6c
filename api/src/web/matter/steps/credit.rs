//! Steps of a credit file: what a party promises and asks, what credit staff record, tell and publish, what a named person
//! confirms.

use crate::web::matter::step::*;

const ITEM: Field = field("item", ["哪一项", "Which part"], Kind::Part);
const CONDUCT: Field = field("conduct", ["哪一条记录", "Which record"], Kind::OneOf(Source::CreditConduct));
const REASON: Field = open("reason", ["理由", "Reasons"], Kind::Long);
const LETTER: Field = open("document", ["签好的承诺书", "The signed letter"], Kind::Photo);
const TEMPLATE: Field = field("template", ["承诺书版本", "Version of the letter"], Kind::Short);
const RATING: (&str, Given) = ("rating", Given::Rating);
const WITHDRAWN: Field = field(
    "why",
    ["原因", "Why"],
    Kind::One(&[
        Code("no_more_letting", "不再出租", "No more letting"),
        Code("own_wish", "自愿撤回", "Own wish"),
    ]),
);

pub(super) const STEPS: &[Step] = &[
    Step {
        fields: &[TEMPLATE, LETTER],
        adds: true,
        ..step("credit", "sign", "sign_commitment", ["签信用承诺书", "Sign a commitment letter"])
    },
    Step {
        fields: &[TEMPLATE, LETTER, HANDED_IN],
        adds: true,
        ..step(
            "credit",
            "sign_counter",
            "sign_commitment",
            ["登记窗口收到的承诺书", "Record a letter handed in at the counter"],
        )
    },
    Step {
        fields: &[WITHDRAWN],
        ..step("credit", "withdraw", "withdraw_commitment", ["撤回信用承诺", "Take the commitment back"])
    },
    Step {
        fields: &[
            ITEM,
            field("grounds", ["哪里不对", "What is wrong"], Kind::Long),
            open("photos", ["证据", "Evidence"], Kind::Photos),
        ],
        note: Some([
            "提出后立即加上异议标记，不影响您申请行政复议和提起诉讼的期限。",
            "It is marked at once. The times for reconsideration and court run on meanwhile.",
        ]),
        adds: true,
        ..step("credit", "object", "raise_objection", ["提出信用异议", "Object"])
    },
    Step {
        fields: &[
            ITEM,
            field("grounds", ["哪里不对", "What is wrong"], Kind::Long),
            open("photos", ["证据", "Evidence"], Kind::Photos),
            HANDED_IN,
        ],
        adds: true,
        ..step(
            "credit",
            "object_counter",
            "raise_objection",
            ["登记窗口收到的异议", "Record an objection handed in at the counter"],
        )
    },
    Step {
        fields: &[
            CONDUCT,
            open("commitment", ["同时作出公开承诺", "A public commitment is made with it"], Kind::Tick),
            open("text", ["已经怎样改正", "What was put right"], Kind::Long),
            open("photos", ["证据", "Evidence"], Kind::Photos),
        ],
        adds: true,
        ..step("credit", "repair", "request_repair", ["申请信用修复", "Ask for repair"])
    },
    Step {
        fields: &[
            CONDUCT,
            open("commitment", ["同时作出公开承诺", "A public commitment is made with it"], Kind::Tick),
            open("text", ["已经怎样改正", "What was put right"], Kind::Long),
            HANDED_IN,
        ],
        adds: true,
        ..step(
            "credit",
            "repair_counter",
            "request_repair",
            ["登记窗口收到的修复申请", "Record a request for repair handed in at the counter"],
        )
    },
    Step {
        fields: &[
            field("conduct", ["失信行为", "Conduct"], Kind::OneOf(Source::CreditKinds)),
            field(
                "attributed_to",
                ["责任归属", "Put down to"],
                Kind::One(&[
                    Code("party", "当事人", "The party"),
                    Code("tenant", "承租人", "A tenant"),
                    Code("public_body", "公共机构", "A public body"),
                    Code("unknown", "不明", "Nobody known"),
                ]),
            ),
            field(
                "degree",
                ["程度", "Degree"],
                Kind::One(&[
                    Code("minor", "轻微", "Minor"),
                    Code("general", "一般", "General"),
                    Code("serious", "严重", "Serious"),
                ]),
            ),
            field("decided_on", ["文书日期", "The document's day"], Kind::Day),
            DOCUMENT,
            open("authority", ["作出决定的机关", "The authority"], Kind::OneOf(Source::Authorities)),
            open("outside_authority", ["外部机关", "Or an organ elsewhere"], Kind::Short).hint(
                "文书由法院或外地机关作出的，上一项不选，在这里写它的名称",
                "Of a court or an authority of another place, choose none above and write its name here",
            ),
            open("note", ["说明", "Note"], Kind::Long),
        ],
        sure: Some([
            "记入信用档案会影响信用等级。确定记录吗？",
            "What is on record may lower the class. Record it?",
        ]),
        adds: true,
        ..step("credit", "record_conduct", "record_conduct", ["记录失信行为", "Record conduct"])
    },
    Step {
        fields: &[DOCUMENT, REASON],
        sure: Some([
            "认定违反信用承诺，会降低信用等级。确定吗？",
            "A broken commitment lowers the class. Record it?",
        ]),
        ..step("credit", "breach", "breach_commitment", ["认定违反信用承诺", "The commitment was broken"])
    },
    step(
        "credit",
        "fulfil",
        "fulfil_commitment",
        ["信用承诺已履行完毕", "The commitment was kept to its end"],
    ),
    Step {
        fields: &[
            ITEM,
            field(
                "method",
                ["告知方式", "How"],
                Kind::One(&[
                    Code("direct", "当面", "In person"),
                    Code("post", "邮寄", "By post"),
                    Code("electronic", "电子", "Electronically"),
                ]),
            ),
            DOCUMENT,
            open("text", ["内容", "Its words"], Kind::Long),
        ],
        ..step("credit", "notice", "give_notice", ["告知当事人", "Tell the party"])
    },
    Step {
        fields: &[
            ITEM,
            field(
                "channels",
                ["公布在哪里", "Where"],
                Kind::Many(&[
                    Code("credit_website", "信用网站", "Credit website"),
                    Code("public_page", "公开页面", "Public page"),
                    Code("board", "公示栏", "Notice board"),
                ]),
            ),
        ],
        sure: Some([
            "公布后立即报送公共信用平台。确定公布吗？",
            "What is published is reported to the public credit platform at once. Publish it?",
        ]),
        ..step("credit", "publish", "publish", ["公布", "Publish"])
    },
    Step {
        fields: &[
            ITEM,
            field(
                "why",
                ["原因", "Why"],
                Kind::One(&[
                    Code("by_mistake", "误公布", "By mistake"),
                    Code("wrong_party", "主体错误", "The wrong party"),
                    Code("ordered", "上级或法院要求", "Ordered"),
                ]),
            ),
            REASON,
        ],
        ..step("credit", "unpublish", "unpublish", ["撤下公布", "Take it back"])
    },
    Step {
        fields: &[
            field("number", ["哪一次报送", "Which report"], Kind::OneOf(Source::CreditReports)),
            open("recall", ["这是撤回的回执", "It is the receipt of a recall"], Kind::Tick),
            open("receipt", ["平台回执号", "Number of the receipt"], Kind::Short),
        ],
        ..step(
            "credit",
            "acknowledge",
            "acknowledge_report",
            ["登记平台回执", "Record the platform's receipt"],
        )
    },
    Step {
        fields: &[
            field("number", ["哪一件异议", "Which objection"], Kind::OneOf(Source::CreditObjections)),
            field("upheld", ["异议成立", "The party is right"], Kind::YesNo),
            DOCUMENT,
            REASON,
        ],
        sure: Some([
            "异议成立的，记录终止，公布和报送同时撤回。确定答复吗？",
            "Upheld, the record ends, and what was published and reported is taken back. Answer it?",
        ]),
        ..step("credit", "decide_objection", "decide_objection", ["答复异议", "Decide on an objection"])
    },
    Step {
        fields: &[
            field("number", ["哪一件申请", "Which request"], Kind::OneOf(Source::CreditRepairs)),
            field("granted", ["同意修复", "Grant it"], Kind::YesNo),
            open("corrected", ["已核实改正", "The conduct was found corrected"], Kind::Tick),
            DOCUMENT,
            REASON,
        ],
        sure: Some([
            "同意修复的，记录终止，公布和报送同时撤回。确定答复吗？",
            "Granted, the record ends, and what was published and reported is taken back. Answer it?",
        ]),
        ..step("credit", "decide_repair", "decide_repair", ["答复修复申请", "Decide on a repair"])
    },
    Step {
        fields: &[DOCUMENT, REASON],
        given: &[RATING],
        sure: Some(["确认后即按最低信用等级办理。确定吗？", "The lowest class then holds. Confirm it?"]),
        ..step("credit", "confirm_lowest", "confirm_lowest", ["确认最低信用等级", "Confirm the lowest class"])
    },
    Step {
        fields: &[field("reason", ["理由", "Reasons"], Kind::Long)],
        given: &[RATING],
        ..step("credit", "refuse_lowest", "refuse_lowest", ["不确认最低信用等级", "Refuse the lowest class"])
    },
];

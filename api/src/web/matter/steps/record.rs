//! Steps about what was recorded: a record under doubt, and a person's request to be forgotten.

use crate::web::matter::step::*;

const DOUBTFUL: Field = field("event_id", ["哪一条", "Which record"], Kind::Doubtful);
const REASON: Field = open("reason", ["怎样核实的", "How it is known"], Kind::Long);

pub(super) const STEPS: &[Step] = &[
    Step {
        fields: &[DOUBTFUL, REASON],
        note: Some([
            "签名的密钥报失以后签的记录；记的人不能自己核实。",
            "Signed with a key after it was lost. Whoever recorded it does not judge it.",
        ]),
        starts: true,
        ..step("record", "confirm_doubt", "confirm_doubtful", ["存疑记录属实", "A doubtful record holds"])
    },
    Step {
        fields: &[DOUBTFUL, REASON],
        sure: Some([
            "撤回后这条记录仍在账上，标明已撤回。确定吗？",
            "It stays on record, marked as taken back. Do so?",
        ]),
        starts: true,
        ..step(
            "record",
            "withdraw_doubt",
            "withdraw_doubtful",
            ["撤回存疑记录", "Take a doubtful record back"],
        )
    },
    Step {
        fields: &[
            field("streams", ["在哪些事项里", "In which matters"], Kind::ManyOf(Source::Streams)),
            field(
                "fields",
                ["哪些内容", "Which contents"],
                Kind::Many(&[
                    Code("name", "姓名", "Name"),
                    Code("phone", "电话", "Telephone"),
                    Code("text", "原话", "The words"),
                    Code("grounds", "申诉理由", "Grounds of an appeal"),
                    Code("photos", "照片", "Photos"),
                    Code("recipient", "签收人", "Who took a notice"),
                    Code("contact", "联系方式", "Contact"),
                ]),
            ),
            field(
                "basis",
                ["依据", "Basis"],
                Kind::One(&[
                    Code("consent_withdrawn", "本人撤回同意", "Consent was withdrawn"),
                    Code("purpose_ended", "目的已实现或不再需要", "It is not needed any more"),
                    Code("retention_over", "保存期限已满", "It need not be kept any longer"),
                    Code("unlawful", "违法处理", "It was unlawful to keep it"),
                ]),
            ),
            open("text", ["本人的话", "The person's words"], Kind::Long),
        ],
        note: Some([
            "先核对依法必须保存的内容；删除由保管根密钥的人执行，删除后无法恢复，等级和证明不变。",
            "First see what must be kept by law. Whoever keeps a root key erases; nothing brings it back, and grades and \
             proofs stay as they are.",
        ]),
        starts: true,
        ..step(
            "record",
            "request_erasure",
            "request_erasure",
            ["登记删除个人信息的请求", "Record a request to be forgotten"],
        )
    },
    Step {
        fields: &[
            field("until", ["推迟到", "Until"], Kind::Day),
            field(
                "why",
                ["原因", "Why"],
                Kind::One(&[
                    Code("open_appeal", "申诉还没有办结", "An appeal is open"),
                    Code("legal_retention", "依法须继续保存", "It must be kept by law"),
                    Code("litigation", "诉讼中", "A lawsuit runs"),
                ]),
            ),
        ],
        ..step("record", "postpone_erasure", "postpone_erasure", ["推迟删除", "Put the erasure off"])
    },
];

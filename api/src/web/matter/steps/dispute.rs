//! Steps of a reconsideration or lawsuit, which others conduct.

use crate::web::matter::step::*;

const PAPER: Field = open("document", ["文书照片", "The paper"], Kind::Photo);

pub(super) const STEPS: &[Step] = &[
    Step {
        fields: &[
            field(
                "kind",
                ["种类", "What it is"],
                Kind::One(&[
                    Code("reconsideration", "行政复议", "Reconsideration"),
                    Code("litigation", "行政诉讼", "Lawsuit"),
                ]),
            ),
            field("body", ["复议机关或法院", "The organ or court"], Kind::Short),
            DOCUMENT,
            field("against", ["对哪个决定", "Against"], Kind::Case { flat: false }),
            field("received_on", ["收到通知的日期", "The notice came on"], Kind::Day),
            field("reply_by", ["最迟答复日期", "Reply due on"], Kind::Day),
            open("claims", ["请求", "The claims"], Kind::Long),
            PAPER,
        ],
        starts: true,
        ..step("dispute", "notify", "notify", ["登记复议或诉讼", "Record a dispute"])
    },
    Step {
        fields: &[field("on", ["提交日期", "Handed in on"], Kind::Day), PAPER],
        ..step("dispute", "reply", "reply", ["记录已答复", "Record the reply"])
    },
    Step {
        fields: &[DOCUMENT, open("until", ["到哪天", "Until"], Kind::Day)],
        ..step("dispute", "suspend", "suspend", ["裁定停止执行", "Carrying out is suspended"])
    },
    Step {
        fields: &[
            field(
                "finding",
                ["结果", "The result"],
                Kind::One(&[
                    Code("upheld", "维持原决定", "The decision stands"),
                    Code("changed", "变更", "Changed"),
                    Code("revoked", "撤销", "Revoked"),
                    Code("settled", "和解", "Settled"),
                    Code("withdrawn", "撤回", "Withdrawn"),
                ]),
            ),
            DOCUMENT,
            field("on", ["文书日期", "The document's day"], Kind::Day),
            PAPER,
        ],
        sure: Some([
            "变更或撤销会使原等级不再有效。确定登记吗？",
            "Changed or revoked, the grade does not hold any more. Record it?",
        ]),
        ..step("dispute", "outcome", "record_outcome", ["登记结果", "Record the outcome"])
    },
    Step {
        fields: &[field(
            "what",
            ["做了什么", "What was done"],
            Kind::One(&[
                Code("reassessed", "重新评定", "Assessed again"),
                Code("unpublished", "撤下公示", "Taken off the public pages"),
                Code("paid", "已支付", "Paid"),
                Code("nothing_due", "无须执行", "Nothing was due"),
            ]),
        )],
        ..step("dispute", "carry_out", "carry_out", ["记录已执行", "Record that it was carried out"])
    },
];

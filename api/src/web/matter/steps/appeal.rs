//! Steps of an appeal: filed by the party, admitted, reviewed by somebody who had no hand in it, decided.

use crate::web::matter::step::*;

const AGAINST: Field = field("against", ["对哪个决定", "Against"], Kind::Case { flat: false });
const GROUNDS: Field = field("grounds", ["申诉理由", "Grounds"], Kind::Long);
const PAPERS: Field = open("photos", ["证据照片", "Photos and papers"], Kind::Photos);
const REASON: Field = open("reason", ["说明", "In your words"], Kind::Long);
const REMEDIES: Field =
    field("remedies", ["还可以怎样救济", "Remedies left"], Kind::ManyOf(Source::Remedies));
const CODES: Field = field(
    "reason_codes",
    ["理由类别", "Why"],
    Kind::Many(&[
        Code("unfounded", "理由不成立", "Unfounded"),
        Code("fact_wrong", "事实有误", "A fact was wrong"),
        Code("rule_misapplied", "规则适用错误", "A rule was misapplied"),
        Code("evidence_missing", "证据不足", "Evidence is missing"),
    ]),
);
const REASONS: Field = field("reasons", ["决定理由", "Reasons"], Kind::Long);

const AT_THE_COUNTER: [&str; 2] = [
    "当事人会看到是谁代录的；经手过本案的人不能代录。",
    "The party sees who recorded it; nobody does who had a hand in the case.",
];

pub(super) const STEPS: &[Step] = &[
    Step {
        fields: &[
            AGAINST,
            GROUNDS,
            open(
                "turned_from",
                ["原先误提的复评申请", "Asked as a re-grading before"],
                Kind::OneOf(Source::OwnRequests),
            )
            .hint("以最初申请的日期为准", "The day of that request counts"),
            PAPERS,
            open("power_of_attorney", ["授权委托书", "Power of attorney"], Kind::Photo)
                .hint("代办时上传", "Where you act for somebody"),
        ],
        note: Some([
            "申诉期间原决定继续有效，不影响复议和诉讼的期限。",
            "What was decided stands meanwhile, and the periods of reconsideration and court run on.",
        ]),
        starts: true,
        ..step("appeal", "appeal", "file", ["提出申诉", "Appeal"])
    },
    Step {
        fields: &[
            HANDED_IN,
            AGAINST,
            GROUNDS,
            open("party", ["申诉人", "The party that appeals"], Kind::OneOf(Source::Parties)),
            PAPERS,
        ],
        starts: true,
        ..step("appeal", "appeal_counter", "file", ["代录申诉", "Record an appeal handed in"])
    },
    Step {
        fields: &[
            open("grounds", ["更正后的理由", "The grounds as they should be"], Kind::Long),
            open(
                "confirms",
                ["我方确认由代理人提出的申诉", "We make the proxy's appeal our own"],
                Kind::Tick,
            ),
            PAPERS,
        ],
        ..step("appeal", "correct", "correct", ["补正申诉", "Complete the appeal"])
    },
    Step {
        fields: &[
            HANDED_IN,
            open("grounds", ["更正后的理由", "The grounds as they should be"], Kind::Long),
            SIGNED_PAPER,
        ],
        note: Some(AT_THE_COUNTER),
        ..step("appeal", "correct_counter", "correct", ["代录：补正申诉", "Record: the appeal completed"])
    },
    Step {
        fields: &[REASON],
        sure: Some([
            "撤回后不再审查。确定撤回申诉吗？",
            "It is not looked at any more. Take the appeal back?",
        ]),
        ..step("appeal", "withdraw", "withdraw", ["撤回申诉", "Take the appeal back"])
    },
    Step {
        fields: &[HANDED_IN, REASON, SIGNED_PAPER],
        note: Some(AT_THE_COUNTER),
        sure: Some([
            "撤回后不再审查。确定当事人书面撤回了申诉吗？",
            "It is not looked at any more. Has the party taken the appeal back in writing?",
        ]),
        ..step("appeal", "withdraw_counter", "withdraw", ["代录：撤回申诉", "Record: taken back"])
    },
    step("appeal", "admit", "admit", ["受理", "Admit it"]),
    Step {
        fields: &[
            field(
                "why",
                ["原因", "Why"],
                Kind::One(&[
                    Code("late", "超过期限", "Late"),
                    Code("not_entitled", "不是当事人", "Not entitled"),
                    Code("no_decision", "没有可申诉的决定", "There is no decision"),
                    Code("decided_already", "已经决定过", "Decided already"),
                    Code("in_court", "已起诉", "In court"),
                ]),
            ),
            open("own_motion", ["是否依职权复查", "Looked at on the authority's own motion?"], Kind::YesNo),
            REASON,
            REMEDIES,
        ],
        sure: Some(["确定不予受理吗？", "Refuse to admit the appeal?"]),
        ..step("appeal", "refuse_admission", "refuse_admission", ["不予受理", "Refuse admission"])
    },
    Step {
        fields: &[field("reviewer", ["复核人", "Reviewer"], Kind::OneOf(Source::Reviewers)).hint(
            "评定、发现、确认过本案的人不能复核",
            "Nobody who assessed, found or confirmed anything of the case",
        )],
        ..step("appeal", "assign", "assign", ["分给复核人", "Assign a reviewer"])
    },
    Step {
        fields: &[field("grounds", ["回避理由", "Why"], Kind::Long)],
        ..step(
            "appeal",
            "request_recusal",
            "request_recusal",
            ["申请复核人回避", "Ask that the reviewer step aside"],
        )
    },
    Step {
        fields: &[
            field("granted", ["是否回避", "Does the reviewer step aside?"], Kind::YesNo),
            field("reason", ["理由", "Why"], Kind::Long),
        ],
        ..step("appeal", "decide_recusal", "decide_recusal", ["决定是否回避", "Decide on stepping aside"])
    },
    Step {
        fields: &[
            field(
                "what",
                ["证据种类", "What it is"],
                Kind::One(&[
                    Code("photo", "照片", "Photo"),
                    Code("invoice", "发票、收据", "Invoice"),
                    Code("report", "报告", "Report"),
                    Code("statement", "说明", "Statement"),
                    Code("original_missing", "原始材料缺失", "The original is missing"),
                ]),
            ),
            open("note", ["说明", "In words"], Kind::Long),
            PAPERS,
        ],
        adds: true,
        ..step("appeal", "evidence", "add_evidence", ["补充证据", "Add evidence"])
    },
    Step {
        fields: &[
            open("indicators", ["哪些指标", "Which indicators"], Kind::ManyOf(Source::Indicators))
                .hint("不选则全部", "All, where none is chosen"),
            REASON,
        ],
        ..step(
            "appeal",
            "reinspection",
            "order_reinspection",
            ["要求再次上门查看", "Have the premises looked at again"],
        )
    },
    Step {
        fields: &[
            field("on", ["听证日期", "The day"], Kind::Day),
            field("party_present", ["申诉方到场人数", "How many attended for the party"], Kind::Number),
            open("minutes", ["笔录", "Minutes"], Kind::Long),
            PAPERS,
        ],
        ..step("appeal", "hearing", "hold_hearing", ["记录听证", "Record a hearing"])
    },
    Step {
        fields: &[field(
            "why",
            ["原因", "Why"],
            Kind::One(&[
                Code("complex", "案情复杂", "The case is complex"),
                Code("expert_opinion", "等待鉴定", "An expert's opinion is awaited"),
                Code("reinspection", "再次查看", "The premises are looked at again"),
            ]),
        )],
        ..step("appeal", "extend", "extend", ["延长办理期限", "Extend the time to decide"])
    },
    Step {
        fields: &[DOCUMENT, CODES, REASONS, REMEDIES],
        given: &[("outcome", Given::Code("rejected"))],
        sure: Some(["确定决定申诉不成立吗？", "Decide that the appeal is rejected?"]),
        ..step("appeal", "decide_rejected", "decide", ["决定：不成立", "Decide: rejected"])
    },
    Step {
        fields: &[
            DOCUMENT,
            CODES,
            REASONS,
            open("reassess", ["需要重新评定", "A new assessment is to be made"], Kind::Tick),
            REMEDIES,
        ],
        given: &[("outcome", Given::Code("upheld"))],
        sure: Some(["申诉成立，原决定撤销。确定吗？", "What was decided is set aside. Decide so?"]),
        ..step("appeal", "decide_upheld", "decide", ["决定：成立，撤销", "Decide: upheld, set aside"])
    },
    Step {
        fields: &[
            field("corrected.1", ["更正的结果", "What is right instead"], Kind::Corrected),
            open("corrected.2", ["更正的结果（二）", "A second one"], Kind::Corrected),
            open("corrected.3", ["更正的结果（三）", "A third one"], Kind::Corrected),
            DOCUMENT,
            CODES,
            REASONS,
            REMEDIES,
        ],
        given: &[("outcome", Given::Code("varied"))],
        sure: Some([
            "按更正的结果重新计算等级。确定吗？",
            "The grade is computed again on these results. Decide so?",
        ]),
        ..step("appeal", "decide_varied", "decide", ["决定：变更", "Decide: varied"])
    },
];

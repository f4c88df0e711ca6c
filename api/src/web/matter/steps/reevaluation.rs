//! Steps of a request to be graded again.

use crate::web::matter::step::*;

const WHY: Field = field(
    "why",
    ["为什么", "Why"],
    Kind::One(&[
        Code("rectified", "已经整改", "Works are done"),
        Code("circumstances_changed", "情况有变化", "Circumstances changed"),
        Code("late_statement", "补充陈述", "A late statement"),
    ]),
);
const TEXT: Field = open("text", ["说明", "In your words"], Kind::Long);

pub(super) const STEPS: &[Step] = &[
    Step {
        fields: &[
            WHY,
            TEXT,
            open(
                "turned_from",
                ["原先误提的申诉", "Filed as an appeal before"],
                Kind::OneOf(Source::OwnAppeals),
            )
            .hint("以最初提出的日期为准", "The day of that appeal counts"),
            PHOTOS,
        ],
        note: Some([
            "复评是升级的唯一途径；同意后重新上门评定。",
            "It is the only way up: once granted, the premises are assessed anew.",
        ]),
        starts: true,
        ..step("reevaluation", "request", "request", ["申请复评", "Ask to be graded again"])
    },
    Step {
        fields: &[HANDED_IN, WHY, TEXT, PHOTOS],
        starts: true,
        ..step(
            "reevaluation",
            "request_counter",
            "request",
            ["代录复评申请", "Record a request to be graded again"],
        )
    },
    Step {
        fields: &[field(
            "assessment",
            ["为此开始的评定", "The assessment opened on it"],
            Kind::OneOf(Source::Assessments),
        )],
        note: Some([
            "先在待办里开始评定（原因选“业主申请”或“整改后”），再来这里同意。",
            "Begin the assessment on your desk first, on the owner's request or after rectification.",
        ]),
        ..step("reevaluation", "grant", "grant", ["同意复评", "Grant it"])
    },
    Step {
        fields: &[
            field(
                "missing",
                ["还缺什么", "What is missing"],
                Kind::Many(&[
                    Code("works_unfinished", "工程没有完成", "Works are unfinished"),
                    Code("hazard_open", "隐患没有消除", "A hazard is open"),
                    Code("papers_missing", "材料不齐", "Papers are missing"),
                    Code("penalty_unpaid", "罚款没有缴", "A penalty is unpaid"),
                ]),
            ),
            open("reason", ["说明", "In your words"], Kind::Long),
        ],
        sure: Some(["确定不同意复评吗？", "Decline the request?"]),
        ..step("reevaluation", "decline", "decline", ["不同意复评", "Decline it"])
    },
];

//! Steps of a resident's report, as the office takes them.

use crate::web::matter::step::*;

const REPORTED: Field = field("category", ["什么问题", "What it is about"], Kind::OneOf(Source::Indicators));
const FINDINGS: Field = field("findings", ["核实情况", "What was found"], Kind::Long);

pub(super) const STEPS: &[Step] = &[
    Step {
        fields: &[
            REPORTED,
            open("text", ["举报人的话", "The reporter's words"], Kind::Long),
            open("name", ["举报人姓名", "The reporter's name"], Kind::Short),
            open("phone", ["举报人电话", "The reporter's telephone"], Kind::Telephone),
            PHOTOS,
        ],
        starts: true,
        ..step("report", "take_report", "file", ["登记居民举报", "Take down a resident's report"])
    },
    Step {
        fields: &[
            field("outcome.check.with", ["交给", "To"], Kind::OneOf(Source::Departments)),
            open("note", ["说明", "In your words"], Kind::Long),
        ],
        ..step("report", "triage", "triage", ["分派查看", "Send it to be looked at"])
    },
    Step {
        fields: &[field("outcome.merged.with", ["并入", "Goes on in"], Kind::OneOf(Source::Reports))],
        ..step("report", "merge", "triage", ["重复举报，并入", "Reported before: merge"])
    },
    Step {
        fields: &[field("indicator", ["隐患", "Hazard"], Kind::OneOf(Source::Findings)), FINDINGS, PHOTOS],
        note: Some(["会立案，按隐患办理。", "It opens a case, which goes its way as any hazard."]),
        ..step("report", "substantiate", "substantiate", ["核实属实，立案", "It is true: open a case"])
    },
    Step {
        fields: &[field("hazard", ["案件", "The case"], Kind::OneOf(Source::OpenHazards)), FINDINGS, PHOTOS],
        ..step("report", "substantiate_known", "substantiate", ["属实，已有案件", "It is true, and known"])
    },
    Step {
        fields: &[
            field(
                "why",
                ["原因", "Why"],
                Kind::One(&[
                    Code("not_found", "查看后没有发现", "Looked for and not found"),
                    Code("elsewhere", "不在这里", "It is elsewhere"),
                    Code("out_of_scope", "不属于平台办理", "Nothing the platform deals with"),
                    Code("malicious", "恶意举报", "In bad faith"),
                ]),
            ),
            field("reason", ["说明", "In your words"], Kind::Long),
        ],
        note: Some(["不影响房屋的等级。", "The grade is not touched."]),
        ..step("report", "dismiss", "dismiss", ["不成立", "Dismiss"])
    },
    Step {
        fields: &[
            field(
                "answer",
                ["答复", "The answer"],
                Kind::One(&[
                    Code("rectified", "已整改", "Put right"),
                    Code("unfixed", "属实，还没有整改好", "It is there, and not put right"),
                    Code("not_found", "没有发现", "Nothing was found"),
                ]),
            ),
            field("text", ["给举报人的话", "To the reporter"], Kind::Long),
        ],
        ..step("report", "answer", "answer", ["答复举报人", "Answer the reporter"])
    },
    Step {
        fields: &[open("text", ["举报人的话", "The reporter's words"], Kind::Long), PHOTOS],
        ..step("report", "reopen", "reopen", ["代录：没有解决", "Record: not fixed"])
    },
    Step {
        fields: &[HANDED_IN, open("text", ["举报人的话", "The reporter's words"], Kind::Long), SIGNED_PAPER],
        note: Some([
            "举报人凭编号会看到是代录的；经手过本房屋的人不能代录。",
            "The reporter sees by the number that staff recorded it; nobody does who had a hand in the house's case.",
        ]),
        sure: Some([
            "撤回后不再办理。确定举报人书面撤回了举报吗？",
            "Nothing more is done. Has the reporter taken it back in writing?",
        ]),
        ..step("report", "withdraw", "withdraw", ["代录：撤回举报", "Record: taken back"])
    },
];

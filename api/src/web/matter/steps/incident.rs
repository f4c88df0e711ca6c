//! Steps of an incident that another system tells.

use crate::web::matter::step::*;

const SOURCE: Field = field("source", ["来源系统", "The system it came from"], Kind::Short)
    .hint("例如 police、fire", "police or fire, for example");
const SOURCE_ID: Field = field("source_id", ["来源编号", "What that system calls it"], Kind::Short)
    .hint("不写个人信息", "No personal data");
const CATEGORY: Field = field(
    "category",
    ["类别", "Category"],
    Kind::One(&[
        Code("safety", "安全事故", "Safety accident"),
        Code("fire", "火灾", "Fire"),
        Code("public_order", "治安事件", "Public order"),
    ]),
);
const SEVERITY: Field = field(
    "severity",
    ["等级", "Severity"],
    Kind::One(&[
        Code("minor", "轻微", "Minor"),
        Code("general", "一般", "General"),
        Code("serious", "严重", "Serious"),
    ]),
);
const HAPPENED: Field = field("happened_at", ["发生时间", "When it happened"], Kind::Moment);

pub(super) const STEPS: &[Step] = &[
    Step {
        fields: &[
            SOURCE,
            SOURCE_ID,
            CATEGORY,
            SEVERITY,
            HAPPENED,
            open("text", ["来源原文", "In the source's words"], Kind::Long),
        ],
        note: Some([
            "主管部门确认以后才影响等级。",
            "It acts on the grade only once its department has confirmed it.",
        ]),
        starts: true,
        ..step("incident", "record", "record", ["登记事件", "Record an incident"])
    },
    Step {
        fields: &[open("note", ["核实情况", "What was found"], Kind::Long)],
        sure: Some([
            "确认后事件立即影响等级。确定属实、就在这里吗？",
            "It acts on the grade at once. Did it happen, and here?",
        ]),
        ..step("incident", "confirm", "confirm", ["确认事件", "Confirm it"])
    },
    Step {
        fields: &[
            SOURCE,
            SOURCE_ID,
            CATEGORY,
            SEVERITY,
            HAPPENED,
            field(
                "why",
                ["更正原因", "Why"],
                Kind::One(&[
                    Code("wrong_category", "类别有误", "Wrong category"),
                    Code("wrong_severity", "等级有误", "Wrong severity"),
                    Code("wrong_time", "时间有误", "Wrong time"),
                ]),
            ),
        ],
        ..step("incident", "correct", "correct", ["更正事件", "Put it right"])
    },
    Step {
        fields: &[
            field(
                "why",
                ["原因", "Why"],
                Kind::One(&[
                    Code("wrong_house", "不是这里", "Another house"),
                    Code("duplicate", "重复", "A duplicate"),
                ]),
            ),
            open("to", ["实际是哪处（房屋编号）", "Which house it was, by its id"], Kind::Short),
        ],
        ..step("incident", "unlink", "unlink", ["不是这处房屋", "It was another house"])
    },
    step("incident", "link", "link", ["确认就在这里", "Hold that it was here"]),
];

//! Steps of a task: what is no hazard and must be done.

use wuping_domain::task::DOING;

use crate::web::matter::step::*;

pub(super) const STEPS: &[Step] = &[
    Step {
        fields: &[
            field(
                "kind",
                ["什么事", "What"],
                Kind::One(&[
                    Code("visit", "上门查看", "Call at the door"),
                    Code("persuade", "劝导", "Talk to somebody"),
                    Code("register_tenants", "登记租客", "Register tenants"),
                    Code("deliver", "送达文书", "Deliver a paper"),
                    Code("other", "其他", "Something else"),
                ]),
            ),
            field("to", ["交给部门", "To the department"], Kind::OneOf(Source::Departments)),
            open("account", ["指定一个人", "To one person"], Kind::OneOf(Source::Holders(DOING)))
                .hint("只交给一个人时选择", "Where it is meant for one person"),
            open("due", ["最迟哪天", "Due on"], Kind::Day),
            open("note", ["说明", "In your words"], Kind::Long),
        ],
        starts: true,
        ..step("task", "dispatch", "dispatch", ["派任务", "Dispatch a task"])
    },
    step("task", "take", "take", ["接下任务", "Take it in hand"]),
    Step {
        fields: &[field("findings", ["办了什么", "What was done"], Kind::Long), PHOTOS],
        ..step("task", "finish", "finish", ["任务完成", "It is done"])
    },
    Step {
        fields: &[field("reason", ["为什么退回", "Why"], Kind::Long)],
        ..step("task", "return", "return", ["退回任务", "Give it back"])
    },
];

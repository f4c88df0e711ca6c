//! Steps of a survey of a building's residents. Residents answer at their own door.

use crate::web::matter::step::*;

pub(super) const STEPS: &[Step] = &[
    Step {
        fields: &[
            field("questions", ["问卷版本", "Version of the questions"], Kind::Short),
            open("until", ["截止日期", "The last day"], Kind::Day)
                .hint("含当天；不填的，到关闭为止", "That day included; without one until it is closed"),
        ],
        note: Some([
            "住户扫自家门牌上的码回答，一户一份，不记姓名。",
            "Residents answer by the code at their own door, one answer a household, without a name.",
        ]),
        starts: true,
        ..step("survey", "open_survey", "open", ["发起住户问卷", "Ask the residents"])
    },
    Step {
        fields: &[
            field("unit", ["哪一套", "Which flat"], Kind::Short)
                .hint("房屋编号；记录里不会出现", "The id of the flat; it is not recorded"),
            open("satisfied", ["满意", "Satisfied"], Kind::Tick),
            open("words", ["住户的话", "The household's words"], Kind::Long),
            HANDED_IN,
            SIGNED_PAPER,
        ],
        note: Some([
            "只补录住户交来的纸质答卷，记录会写明由谁补录。",
            "Only what a household has handed in on paper; the record says who wrote it down.",
        ]),
        adds: true,
        ..step("survey", "answer_on_paper", "answer", ["补录纸质答卷", "Record an answer on paper"])
    },
    Step {
        sure: Some(["关闭后不再收答卷。", "It takes no more answers then."]),
        ..step("survey", "close_survey", "close", ["结束问卷", "Close the survey"])
    },
];

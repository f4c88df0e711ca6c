//! Steps of a joint meeting.

use crate::web::matter::step::*;

pub(super) const STEPS: &[Step] = &[
    Step {
        fields: &[
            open("area", ["哪个街道", "Which subdistrict"], Kind::Short)
                .hint("负责全区的人才可以不填", "Only whoever works in the whole district may leave it empty"),
            field("departments", ["参加部门", "Departments that took part"], Kind::ManyOf(Source::Departments)),
            field("resolved", ["议定事项", "What was resolved"], Kind::Resolutions).hint(
                "一行一件：负责部门的名称或代码、办结日期、内容，用空格隔开",
                "One a line: the department's name or code, the due day, what is to be done, with blanks between",
            ),
            open("minutes", ["会议纪要", "Minutes"], Kind::Long),
        ],
        given: &[
            ("from", Given::SituationFrom),
            ("until", Given::SituationUntil),
            ("shown.report", Given::Code("situation")),
            ("shown.at", Given::SituationPosition),
            ("shown.sha256", Given::SituationDigest),
        ],
        note: Some([
            "会上看的是本页的形势分析；时段、账本位置和指纹一并记录，以后可以按原样重做。",
            "What was shown is the analysis on this page; its days, position and digest are recorded, and it can be made again as it was.",
        ]),
        starts: true,
        ..step("meeting", "hold", "hold", ["登记一次联席会议", "Record a joint meeting"])
    },
    Step {
        fields: &[
            field("resolution", ["哪一件", "Which resolution"], Kind::OneOf(Source::Resolutions)),
            field(
                "how",
                ["怎样办结", "How it ended"],
                Kind::One(&[
                    Code("done", "已经办好", "Done"),
                    Code("dropped", "不再需要", "Not needed any more"),
                    Code("taken_over", "转入下次会议", "Taken over by a later meeting"),
                ]),
            ),
            open("findings", ["办了什么", "What was done"], Kind::Long),
        ],
        ..step("meeting", "close", "close", ["办结一件事项", "Close a resolution"])
    },
];

//! Steps of an inspection; when each is due is computed from the credit of who answers for the premises.

use crate::web::matter::step::*;

pub(super) const STEPS: &[Step] = &[
    Step {
        fields: &[field("department", ["部门", "Department"], Kind::OneOf(Source::Departments))],
        adds: true,
        ..step("inspection", "join_inspection", "join", ["本部门参加检查", "Join it"])
    },
    Step {
        fields: &[
            field("certificate", ["您的执法证号", "Number of your certificate"], Kind::Short),
            field("second", ["另一位执法人员", "The second officer"], Kind::OneOf(Source::SecondOfficers))
                .hint("参加检查的部门的人", "Of a department that takes part"),
            field(
                "second_certificate",
                ["另一位的执法证号", "Number of the second certificate"],
                Kind::Short,
            ),
            field("findings", ["检查情况", "What was found"], Kind::Long),
            open("hazards", ["发现的隐患", "Hazards found"], Kind::Lines)
                .hint("隐患记录的路径，一行一个", "Streams of the hazards, one a line"),
            PHOTOS,
        ],
        note: Some([
            "检查由两名持证人员进行；证号不公开。检查不能代替巡查。",
            "Two officers with certificates make it; the numbers are not public. It takes the place of no round.",
        ]),
        ..step("inspection", "carry_out_inspection", "carry_out", ["检查已完成", "It was made"])
    },
];

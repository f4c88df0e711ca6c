//! Steps of a campaign. It is launched on its own page, where the filter shows the premises that it chooses.

use crate::web::matter::step::*;

pub(super) const STEPS: &[Step] = &[
    Step {
        fields: &[
            field(
                "kind",
                ["针对什么", "About what"],
                Kind::One(&[
                    Code("fire", "消防", "Fire safety"),
                    Code("ebikes", "电动自行车", "E-bikes"),
                    Code("after_storm", "台风暴雨之后", "After a storm"),
                    Code("partitions", "违规隔断", "Partitions"),
                    Code("gas", "燃气", "Gas"),
                    Code("public_order", "治安", "Public order"),
                ]),
            ),
            open("area", ["范围", "Area"], Kind::Short).hint(
                "街道或社区名；负责全区的人才可以不填",
                "A subdistrict or community; only whoever works in the whole district may leave it empty",
            ),
            field("premises", ["房屋编号", "The premises"], Kind::Lines).hint(
                "由筛选条件选出，一行一个，可以删减",
                "Chosen by the filter, one a line; lines may be taken out",
            ),
            field(
                "departments",
                ["邀请哪些部门", "Departments asked to join"],
                Kind::ManyOf(Source::Departments),
            ),
            field("from", ["从哪天", "From"], Kind::Day),
            field("until", ["到哪天", "Until"], Kind::Day),
            open("aim", ["目的", "What for"], Kind::Long),
        ],
        given: &[("criteria", Given::Criteria)],
        starts: true,
        ..step("campaign", "launch", "launch", ["启动专项行动", "Launch a campaign"])
    },
    Step {
        fields: &[
            field("department", ["部门", "Department"], Kind::OneOf(Source::Departments)),
            field("officers", ["派几个人", "How many people"], Kind::Number),
        ],
        adds: true,
        ..step("campaign", "join", "join", ["参加专项行动", "Join it"])
    },
    Step {
        fields: &[
            field("premises", ["房屋编号", "The premises"], Kind::OneOf(Source::CampaignPremises)),
            field("department", ["部门", "Department"], Kind::OneOf(Source::CampaignDepartments)),
            field(
                "ending",
                ["结果", "How it ended"],
                Kind::One(&[
                    Code("entered", "进门查看", "Went in"),
                    Code("no_answer", "没有人应门", "Nobody answered"),
                    Code("refused", "不让进", "Refused"),
                    Code("unsafe", "有危险，没有进", "Unsafe to go in"),
                ]),
            ),
            open("hazards", ["发现的隐患", "Hazards found"], Kind::Lines)
                .hint("隐患记录的路径，一行一个", "Streams of the hazards, one a line"),
            open("notes", ["说明", "In your words"], Kind::Long),
            PHOTOS,
        ],
        adds: true,
        ..step("campaign", "record_visit", "record_visit", ["登记上门", "Record a call"])
    },
    Step {
        fields: &[open("findings", ["总结", "What was learnt"], Kind::Long)],
        sure: Some([
            "结束后不能再登记上门，成果按已登记的上门计算。确定结束吗？",
            "No call is recorded afterwards; the outcome is counted from those recorded. Conclude it?",
        ]),
        ..step("campaign", "conclude", "conclude", ["结束专项行动", "Conclude it"])
    },
];

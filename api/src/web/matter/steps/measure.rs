//! Steps of a measure: proposed, decided, carried out; of an incentive; of a training.

use crate::web::matter::step::*;

const PARTY: Field = field("party", ["对谁", "To whom"], Kind::OneOf(Source::Parties));
const BASIS: Field = field("basis", ["依据", "On what basis"], Kind::Short)
    .hint("法律、法规或规范性文件的条款", "The article of a law, or of another rule");
const AUTHORITY: Field =
    field("authority", ["以哪个机关的名义", "In whose name"], Kind::OneOf(Source::Authorities));
const UNTIL: Field = open("until", ["到哪天为止", "Until"], Kind::Day);
const IN_WORDS: Field = open("reason", ["说明", "In your words"], Kind::Long);

pub(super) const STEPS: &[Step] = &[
    Step {
        fields: &[
            field("measure", ["哪项措施", "Which measure"], Kind::OneOf(Source::Measures)),
            PARTY,
            field(
                "nature",
                ["法律性质", "What it is in law"],
                Kind::One(&[
                    Code("guidance", "行政指导", "Guidance"),
                    Code("safety_notice", "风险提示", "Warning of danger"),
                    Code("joint_action", "联合行动", "Joint action of departments"),
                    Code("referral", "移送有权机关", "Referral to the competent authority"),
                ]),
            ),
            BASIS,
            AUTHORITY,
            field(
                "audience",
                ["告知范围", "Who hears of it"],
                Kind::One(&[
                    Code("party", "只告知当事人", "The party alone"),
                    Code("residents", "告知本楼住户", "Everybody who lives there"),
                    Code("owners_of_area", "在本区域业主中通报", "Owners and operators of the area"),
                    Code("departments", "在各部门间通报", "The departments"),
                ]),
            ),
            UNTIL,
            IN_WORDS,
        ],
        note: Some([
            "只能选当前管理等级适用的措施；提出以后由另一位同志决定。",
            "Only measures that go with the level in force; somebody else decides on it.",
        ]),
        starts: true,
        ..step("measure", "propose_measure", "propose", ["提出处置措施", "Propose a measure"])
    },
    Step {
        fields: &[
            field(
                "incentive",
                ["哪种激励", "Which incentive"],
                Kind::One(&[
                    Code("social_resources", "导入社会资源", "Social resources"),
                    Code("welfare", "社会福利", "Welfare"),
                    Code("honour", "表彰", "Honour"),
                    Code("training_places", "优先参加培训", "Places in trainings"),
                ]),
            ),
            PARTY,
            BASIS,
            AUTHORITY,
            UNTIL,
            IN_WORDS,
        ],
        note: Some([
            "等级不再适用激励时，激励自动结束。",
            "It ends by itself when the level no longer carries it.",
        ]),
        starts: true,
        ..step("measure", "offer_incentive", "offer", ["提供激励", "Offer an incentive"])
    },
    Step {
        fields: &[
            field("approved", ["是否同意", "Is it approved?"], Kind::YesNo),
            open("document_number", ["文号", "Number of the document"], Kind::Short)
                .hint("同意时必填", "Needed where it is approved"),
            open("reason", ["理由", "Why"], Kind::Long).hint("不同意时必填", "Needed where it is refused"),
        ],
        sure: Some([
            "决定以后当事人会受到影响。确定按以下内容记录吗？",
            "It has effects on the party. Record it?",
        ]),
        ..step("measure", "decide", "decide", ["决定是否采取", "Decide on it"])
    },
    Step {
        fields: &[
            field("findings", ["做了什么、结果怎样", "What was done, and what came of it"], Kind::Long),
            PHOTOS,
        ],
        ..step("measure", "carry_out", "carry_out", ["措施已执行", "It was carried out"])
    },
    Step { fields: &[DOCUMENT], ..step("measure", "grant", "grant", ["给予激励", "Give it"]) },
    Step {
        fields: &[field(
            "why",
            ["为什么结束", "Why it ends"],
            Kind::One(&[
                Code("given_up", "当事人放弃", "The party gives it up"),
                Code("offered_by_mistake", "给错了", "Offered by mistake"),
                Code("funds_used_up", "资源用完", "Used up"),
            ]),
        )],
        ..step("measure", "end", "end", ["提前结束激励", "End it before its time"])
    },
    Step {
        fields: &[
            field(
                "topic",
                ["培训内容", "About what"],
                Kind::One(&[
                    Code("fire_drill", "消防演练", "A fire drill"),
                    Code("real_cases", "真实案例", "Real cases"),
                    Code("fraud", "反诈骗", "Against fraud"),
                    Code("drugs", "禁毒", "Against drugs"),
                    Code("cults", "反邪教", "Against cults"),
                    Code("theft", "防盗", "Against theft"),
                ]),
            ),
            field("on", ["哪天", "On"], Kind::Day),
            field("department", ["举办部门", "Held by the department"], Kind::OneOf(Source::Departments)),
            open("parties", ["通知了哪些主体", "Parties asked to come"], Kind::Lines)
                .hint("主体编号，一行一个", "Ids of parties, one a line"),
            field("residents", ["到场居民人数", "Residents who came"], Kind::Number),
            open("notes", ["说明", "In your words"], Kind::Long),
        ],
        starts: true,
        ..step("measure", HOLD_TRAINING, "hold_training", ["登记一次培训", "Record a training"])
    },
    Step {
        fields: &[
            field("party", ["到场的主体", "The party that came"], Kind::Short),
            open("under", ["按哪项措施参加", "Sent by which measure"], Kind::Short),
        ],
        adds: true,
        ..step("measure", "attend", "attend_training", ["登记到场", "Somebody came"])
    },
];

/// The step that begins a training, which is of no one house.
pub(super) const HOLD_TRAINING: &str = "hold_training";

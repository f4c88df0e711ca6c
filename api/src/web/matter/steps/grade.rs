//! Steps about a grade: the party is heard, a named person confirms, letting is prohibited on a ground in law.

use crate::web::matter::step::*;

const PENDING: (&str, Given) = ("determination", Given::Determination);
const TO_SPEAK: (&str, Given) = ("determination", Given::ToSpeakAbout);
const REASON: Field = field("reason", ["理由", "Why"], Kind::Long);
const PROPOSER: Field = field("proposer", ["提出人", "Who proposed it"], Kind::OneOf(Source::Proposers))
    .hint(
        "依据的主管机关里提出的人；提出的人不能自己确认",
        "Whoever proposed it at the authority of the ground, who does not confirm it",
    );
const PLAQUE: Field = field(
    "plaque",
    ["哪块牌子", "Which plaque"],
    Kind::One(&[
        Code("grade_plaque", "公示牌", "Grade plaque"),
        Code("supervision_plaque", "监督牌", "Supervision plaque"),
    ]),
);

const DANGER: Field = field("waiver_reason", ["紧急危险的情况", "The imminent danger"], Kind::Long)
    .hint("只有紧急危险才可以不听取陈述", "The hearing is waived for imminent danger only");
const IMMINENT: (&str, Given) = ("waiver_ground", Given::Code("imminent_danger"));

pub(super) const STEPS: &[Step] = &[
    Step {
        fields: &[field("text", ["您的陈述", "What you have to say"], Kind::Long)],
        given: &[TO_SPEAK],
        ..step("grade", "statement", "make_statement", ["陈述申辩", "Make a statement"])
    },
    Step {
        fields: &[HANDED_IN, field("text", ["当事人的原话", "The party's own words"], Kind::Long)],
        given: &[TO_SPEAK],
        ..step("grade", "statement_counter", "make_statement", ["代录陈述", "Record a statement handed in"])
    },
    Step {
        given: &[PENDING],
        ..step("grade", "hearing", "request_hearing", ["申请听证", "Ask for a hearing"])
    },
    Step {
        fields: &[HANDED_IN],
        given: &[PENDING],
        ..step(
            "grade",
            "hearing_counter",
            "request_hearing",
            ["代录听证申请", "Record a request for a hearing"],
        )
    },
    Step {
        fields: &[
            field("adopted", ["是否采纳", "Is it adopted?"], Kind::YesNo),
            field("reasons", ["审议意见", "Reasons"], Kind::Long),
        ],
        given: &[PENDING],
        ..step("grade", "consider", "consider_statement", ["审议陈述", "Consider the statement"])
    },
    Step {
        fields: &[DOCUMENT],
        given: &[PENDING],
        sure: Some([
            "确认后低等级生效并公示。确定吗？",
            "The lower grade binds and is published. Confirm it?",
        ]),
        ..step("grade", "confirm", "confirm", ["确认低等级生效", "Confirm the lower grade"])
    },
    Step {
        fields: &[DOCUMENT, DANGER],
        given: &[PENDING, IMMINENT],
        sure: Some([
            "不听取陈述直接生效，须有紧急危险。确定吗？",
            "It binds without a hearing, for imminent danger only. Confirm it?",
        ]),
        ..step(
            "grade",
            "confirm_waived",
            "confirm",
            ["紧急危险，直接确认", "Confirm at once: imminent danger"],
        )
    },
    Step {
        fields: &[DOCUMENT],
        given: &[PENDING],
        sure: Some(["确认该房屋离开禁租级吗？", "Confirm that the premises leave the lowest grade?"]),
        ..step(
            "grade",
            "confirm_lift",
            "confirm_lift",
            ["确认离开禁租级", "Confirm leaving the lowest grade"],
        )
    },
    Step {
        fields: &[REASON],
        given: &[PENDING],
        sure: Some(["不予确认，该结果不生效。确定吗？", "It does not bind then. Refuse it?"]),
        ..step("grade", "refuse", "refuse", ["不予确认", "Refuse to confirm"])
    },
    Step {
        fields: &[
            field("ground", ["依据", "Ground in law"], Kind::OneOf(Source::Grounds)),
            field("authority", ["主管机关", "Competent authority"], Kind::OneOf(Source::Departments)),
            field("scope", ["范围", "Scope"], Kind::OneOf(Source::Scopes)),
            DOCUMENT,
            PROPOSER,
        ],
        note: Some([
            "等级低本身不是禁止租赁的依据，必须有法律依据和主管机关的决定书。",
            "A low grade alone is no ground: it takes one in law, and its authority's decision.",
        ]),
        sure: Some([
            "禁止租赁立即生效并公示。确定确认吗？",
            "The ban on letting binds at once and is published. Confirm it?",
        ]),
        ..step("grade", "prohibit", "prohibit", ["确认禁止租赁", "Confirm a ban on letting"])
    },
    Step {
        fields: &[
            field("ground", ["依据", "Ground in law"], Kind::OneOf(Source::Grounds)),
            field("authority", ["主管机关", "Competent authority"], Kind::OneOf(Source::Departments)),
            field("scope", ["范围", "Scope"], Kind::OneOf(Source::Scopes)),
            DOCUMENT,
            PROPOSER,
            DANGER,
        ],
        given: &[IMMINENT],
        sure: Some([
            "不听取陈述，禁止租赁立即生效并公示，须有紧急危险。确定吗？",
            "The ban on letting binds at once without a hearing, for imminent danger only. Confirm it?",
        ]),
        ..step(
            "grade",
            "prohibit_waived",
            "prohibit",
            ["紧急危险，直接禁止租赁", "Ban letting at once: imminent danger"],
        )
    },
    Step {
        fields: &[field("ground", ["依据", "Ground in law"], Kind::OneOf(Source::Grounds)), PROPOSER, REASON],
        ..step(
            "grade",
            "refuse_prohibition",
            "refuse_prohibition",
            ["不同意禁止租赁", "Refuse a ban on letting"],
        )
    },
    Step {
        fields: &[DOCUMENT],
        sure: Some(["确定解除禁止租赁吗？", "Lift the ban on letting?"]),
        ..step("grade", "lift_prohibition", "lift_prohibition", ["解除禁止租赁", "Lift the ban on letting"])
    },
    Step {
        fields: &[REASON],
        ..step("grade", "refuse_lift", "refuse_lift", ["不同意解除禁租", "Refuse to lift the ban"])
    },
    Step {
        fields: &[field("text", ["您的说明（会公示）", "Your reply (it is published)"], Kind::Long)],
        given: &[("determination", Given::InForce)],
        note: Some([
            "说明和等级一起公示，不改变等级，也不影响申诉。请不要写别人的姓名、任何人的电话和住址：文字会长期公开，改写后公开页只显示最新的一份，记录里仍然有。",
            "It is published beside the grade, changes no grade, and takes no appeal away. Do not write other people's names, nor anybody's telephone number or address: the words stay public. A newer reply replaces this one on the page; the record keeps both.",
        ]),
        sure: Some(["以下文字会向所有人公示。确定吗？", "These words are shown to everybody. Publish them?"]),
        ..step("grade", "reply", "reply", ["对等级作出说明", "Reply to the grade"])
    },
    Step {
        fields: &[
            PLAQUE,
            open("shows", ["牌子上几颗星", "Stars that it shows"], Kind::Number)
                .hint("公示牌必填", "Needed for a grade plaque"),
            field("place", ["挂在哪里", "Where it hangs"], Kind::Short),
            PHOTOS,
        ],
        ..step("grade", "hang_plaque", "hang_plaque", ["挂牌", "A plaque was put up"])
    },
    Step {
        fields: &[
            PLAQUE,
            field(
                "why",
                ["原因", "Why"],
                Kind::One(&[
                    Code("replaced", "更换", "Replaced"),
                    Code("level_left", "已离开该等级", "The level was left"),
                    Code("worn", "破损", "Worn"),
                ]),
            ),
        ],
        ..step("grade", "remove_plaque", "remove_plaque", ["摘牌", "A plaque was taken down"])
    },
    Step {
        fields: &[PLAQUE, PHOTOS],
        ..step("grade", "plaque_missing", "report_plaque_missing", ["牌子不见了", "A plaque is missing"])
    },
    Step {
        fields: &[field("why", ["原因", "Why"], Kind::Short)],
        given: &[("assessment", Given::InForceAssessment)],
        sure: Some([
            "撤下后公众看不到这个结果；曾经公示的记录保留。确定吗？",
            "Nobody sees the result any more; that it was public stays on record. Take it off?",
        ]),
        ..step("grade", "unpublish", "unpublish", ["撤下公示", "Take the result off the public pages"])
    },
];

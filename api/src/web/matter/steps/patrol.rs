//! Steps of a building's rounds.

use wuping_domain::patrol::WALKING;

use crate::web::matter::step::*;

pub(super) const STEPS: &[Step] = &[
    Step {
        fields: &[
            field("units_entered", ["进了几套", "Units entered"], Kind::Number),
            field("units_unanswered", ["几套没有人应门", "Units where nobody answered"], Kind::Number),
            field("units_refused", ["几套不让进", "Units where entry was refused"], Kind::Number),
            open("note", ["情况", "What was seen"], Kind::Long),
            PHOTOS,
        ],
        starts: true,
        adds: true,
        ..step("patrol", "complete", "complete", ["完成巡查", "The round was made"])
    },
    Step {
        fields: &[
            field("reason", ["原因", "Why"], Kind::OneOf(Source::Excuses)),
            field("from", ["从哪天", "From"], Kind::Day),
            field("until", ["到哪天", "Until"], Kind::Day),
            open("note", ["说明", "In your words"], Kind::Long),
        ],
        note: Some(["这几天到期的巡查不算漏巡。", "Rounds that fall due in these days are not missed."]),
        starts: true,
        adds: true,
        ..step("patrol", "excuse", "excuse", ["巡查免计", "Excuse rounds"])
    },
    Step {
        fields: &[
            field("to", ["改派给", "To whom"], Kind::OneOf(Source::Holders(WALKING))),
            open("route", ["路线编号", "Code of the route"], Kind::Short),
        ],
        given: &[("due", Given::DueRound)],
        starts: true,
        adds: true,
        ..step("patrol", "reassign", "reassign", ["改派巡查", "Give the round to somebody else"])
    },
];

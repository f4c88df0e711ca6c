//! Steps of a weather alert.

use crate::web::matter::step::*;

pub(super) const STEPS: &[Step] = &[
    Step {
        fields: &[
            field(
                "kind",
                ["种类", "Kind"],
                Kind::One(&[
                    Code("typhoon", "台风", "Typhoon"),
                    Code("rainstorm", "暴雨", "Rainstorm"),
                    Code("lightning", "雷电", "Lightning"),
                ]),
            ),
            field(
                "colour",
                ["颜色", "Colour"],
                Kind::One(&[
                    Code("blue", "蓝色", "Blue"),
                    Code("yellow", "黄色", "Yellow"),
                    Code("orange", "橙色", "Orange"),
                    Code("red", "红色", "Red"),
                ]),
            ),
            open("areas", ["范围", "Areas"], Kind::Lines).hint(
                "街道、社区或网格，一行一个；不填则全区",
                "Subdistricts, communities or grid cells, one a line; everywhere if none",
            ),
            field("issued_at", ["发布时间", "Issued at"], Kind::Moment),
            field("effective_at", ["生效时间", "Takes effect at"], Kind::Moment),
            open("until", ["预计到", "Expected until"], Kind::Moment),
            open("text", ["预警原文", "Its text"], Kind::Long),
        ],
        note: Some([
            "范围内的空置房要在来临前巡查一次。",
            "Vacant premises in the area get a round before it comes.",
        ]),
        starts: true,
        ..step("alert", "issue", "issue", ["发布预警", "Take down a warning"])
    },
    Step {
        fields: &[field("safe_on", ["从哪天起安全", "First safe day"], Kind::Day)],
        ..step("alert", "lift", "lift", ["解除预警", "It is over"])
    },
];

//! Steps of a notice board.

use crate::web::matter::step::*;

pub(super) const STEPS: &[Step] = &[
    Step {
        fields: &[
            field(
                "level",
                ["哪一级的公告栏", "Whose board"],
                Kind::One(&[
                    Code("community", "社区", "A community's"),
                    Code("subdistrict", "街道", "A subdistrict's"),
                    Code("district", "区", "The district's"),
                ]),
            ),
            open("area", ["公示哪个区域", "The area it tells of"], Kind::Short).hint(
                "街道或社区名；负责全区的人才可以不填",
                "A subdistrict or community; only whoever works in the whole district may leave it empty",
            ),
            field("place", ["设在哪里", "Where it stands"], Kind::Short),
        ],
        starts: true,
        ..step("board", "set_up", "set_up", ["设置公告栏", "Set up a board"])
    },
    Step {
        fields: &[open("until", ["张贴到哪天", "To hang until"], Kind::Day), PHOTOS],
        given: &[
            ("report", Given::Code("sheet")),
            ("at", Given::SheetPosition),
            ("sha256", Given::SheetDigest),
            ("lines", Given::SheetLines),
        ],
        note: Some([
            "先打印下面链接的名单再张贴；记录里有它的位置和摘要。",
            "Print the list linked below, then hang it; its position and digest are recorded.",
        ]),
        ..step("board", "post", "post", ["已张贴现在的名单", "The list as of now hangs"])
    },
    Step {
        fields: &[
            field(
                "finding",
                ["看到什么", "How it was found"],
                Kind::One(&[
                    Code("in_order", "完好", "In order"),
                    Code("outdated", "内容过期", "Out of date"),
                    Code("damaged", "破损", "Damaged"),
                    Code("missing", "没有张贴", "Missing"),
                ]),
            ),
            open("notes", ["说明", "In your words"], Kind::Long),
            PHOTOS,
        ],
        adds: true,
        ..step("board", "check", "check", ["看过公告栏", "Somebody looked at it"])
    },
];

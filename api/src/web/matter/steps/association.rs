//! Steps of an association of building stewards.

use wuping_domain::association::ADMINISTERING;

use crate::web::matter::step::*;

pub(super) const STEPS: &[Step] = &[
    Step {
        fields: &[
            field("name", ["名称", "Its name"], Kind::Short),
            field("area", ["哪个街道或社区", "Which subdistrict or community"], Kind::Short),
            field(
                "administrator",
                ["管理员", "Its administrator"],
                Kind::OneOf(Source::Holders(ADMINISTERING)),
            ),
        ],
        starts: true,
        ..step("association", "register", "register", ["登记联合会", "Register an association"])
    },
    Step {
        fields: &[field("account", ["成员账号", "The member's account"], Kind::Short)
            .hint("可以先登记成员，再开通账号", "It may be opened afterwards")],
        adds: true,
        ..step("association", "add_member", "add_member", ["吸收成员", "Take in a member"])
    },
    Step {
        fields: &[
            field("account", ["成员账号", "The member's account"], Kind::Short),
            field(
                "why",
                ["原因", "Why"],
                Kind::One(&[
                    Code("left", "本人退出", "Left"),
                    Code("moved", "搬走", "Moved away"),
                    Code("excluded", "除名", "Excluded"),
                ]),
            ),
        ],
        ..step("association", "remove_member", "remove_member", ["成员退出", "Let a member go"])
    },
];

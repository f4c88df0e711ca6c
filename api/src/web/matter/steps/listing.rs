//! Steps of a listing: a vacancy is submitted, shown, asked about, let or taken down.

use crate::web::matter::step::*;

pub(super) const STEPS: &[Step] = &[
    Step {
        fields: &[
            field(
                "rent",
                ["月租", "Rent a month"],
                Kind::One(&[
                    Code("under1000", "1000元以下", "Under 1000 yuan"),
                    Code("from1000", "1000至2000元", "1000 to 2000 yuan"),
                    Code("from2000", "2000至3000元", "2000 to 3000 yuan"),
                    Code("from3000", "3000至5000元", "3000 to 5000 yuan"),
                    Code("from5000", "5000元以上", "5000 yuan or more"),
                ]),
            ),
            field("from", ["哪天起可以入住", "Free from"], Kind::Day),
            field("station", ["在哪个服务站咨询", "The service station where one asks"], Kind::Short),
            open("notes", ["说明", "In your words"], Kind::Long),
        ],
        note: Some([
            "服务站核对后公开；禁止租赁的房屋不能报送。",
            "The station looks at it and shows it; nothing is taken where letting is prohibited.",
        ]),
        starts: true,
        ..step("listing", "submit_vacancy", "submit", ["报送空房", "Say that it is vacant"])
    },
    Step {
        sure: Some(["公开后人人可见。确定公开吗？", "Everybody will see it. Show it?"]),
        ..step("listing", "publish", "publish", ["公布房源", "Show it to the public"])
    },
    Step {
        fields: &[
            field("words", ["问什么", "What is asked"], Kind::Long),
            open("name", ["姓名", "Name"], Kind::Short),
            open("phone", ["电话", "Telephone"], Kind::Telephone),
        ],
        adds: true,
        ..step("listing", "inquire", "inquire", ["记下询问", "Take an inquiry down"])
    },
    Step {
        fields: &[
            field("from", ["哪天起租", "Let from"], Kind::Day),
            open("tenants", ["谁入住", "Who moves in"], Kind::Short),
        ],
        ..step("listing", "let", "let", ["已经租出", "It is let"])
    },
    Step {
        fields: &[field(
            "why",
            ["为什么撤下", "Why"],
            Kind::One(&[
                Code("no_longer_vacant", "不再空置", "It is vacant no more"),
                Code("owner_asks", "业主要求", "The owner asks for it"),
                Code("mistake", "报错了", "A mistake"),
            ]),
        )],
        ..step("listing", "withdraw", "withdraw", ["撤下房源", "Take it down"])
    },
];

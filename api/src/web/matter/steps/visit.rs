//! Steps at the door.

use crate::web::matter::step::*;

const KIND: Field = field(
    "kind",
    ["为什么上门", "Why somebody calls"],
    Kind::One(&[
        Code("patrol", "巡查", "A round"),
        Code("assessment", "等级评定", "Assessment"),
        Code("acceptance", "验收整改", "Acceptance of a repair"),
        Code("inspection", "部门检查", "Inspection"),
    ]),
);

pub(super) const STEPS: &[Step] = &[
    Step {
        fields: &[
            KIND,
            field("persons_present", ["在场人数", "Persons present"], Kind::Number)
                .hint("不算上门人员", "Besides the visitors"),
            open(
                "entry_agreed_by",
                ["谁同意进门", "Who agreed to entry"],
                Kind::One(&[
                    Code("owner", "业主", "Owner"),
                    Code("operator", "管理人", "Operator"),
                    Code("tenant", "租客", "Tenant"),
                    Code("household_adult", "同住成年人", "Adult of the household"),
                    Code("steward", "楼栋长", "Steward"),
                ]),
            ),
            open("agreed_by", ["其姓名", "Their name"], Kind::Short),
            open("record_signed", ["当事人已在记录上签字", "The party signed the record"], Kind::Tick),
            open("signature_refused", ["当事人拒绝签字", "The party refused to sign"], Kind::Tick),
            open("second_officer", ["另一位在场人员的账号", "Account of the second officer"], Kind::Short)
                .hint("部门检查须两人", "An inspection takes two"),
            open("note", ["情况", "What was seen"], Kind::Long),
            PHOTOS,
        ],
        starts: true,
        adds: true,
        ..step("visit", "make", "make", ["记录上门", "Record a visit"])
    },
    Step {
        fields: &[
            KIND,
            field(
                "why",
                ["结果", "What happened"],
                Kind::One(&[
                    Code("no_answer", "没有人应门", "Nobody answered"),
                    Code("refused", "不让进门", "Entry was refused"),
                    Code("unsafe", "有危险，没有进", "Unsafe to enter"),
                ]),
            ),
            open("note_left", ["已留条", "A note was left"], Kind::Tick),
            open("note", ["情况", "What was seen"], Kind::Long),
        ],
        note: Some(["进不去不等于不合格，不会算成低等级。", "A door that stays shut is never a bad grade."]),
        starts: true,
        adds: true,
        ..step("visit", "fail", "fail", ["没有进门", "Could not get in"])
    },
    Step {
        fields: &[
            KIND,
            field("on", ["哪天上门", "The day"], Kind::Day),
            open("served", ["已把约定时间书面送达", "The appointment was served in writing"], Kind::Tick),
        ],
        starts: true,
        adds: true,
        ..step("visit", "announce", "announce", ["约定上门", "Announce a visit"])
    },
];

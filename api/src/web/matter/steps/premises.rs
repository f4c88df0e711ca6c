//! Steps about premises themselves: who answers for them, who looks after them, what is registered.

use wuping_domain::premises::{ASSESSING, LOOKING_AFTER};

use crate::web::matter::step::*;

const ASSESSOR: Field = field("account", ["交给谁", "To whom"], Kind::OneOf(Source::Holders(ASSESSING)));
const STEWARD: Field = field("account", ["委任谁", "Whom"], Kind::OneOf(Source::Holders(LOOKING_AFTER)));
const WHY: Field = field("why", ["原因", "Why"], Kind::Short);
const ROLE: Field = field(
    "role",
    ["是什么人", "As what"],
    Kind::One(&[
        Code("owner", "业主", "Owner"),
        Code("operator", "管理人", "Operator"),
        Code("steward", "楼栋长", "Steward"),
    ]),
);
const FROM: Field = open("from", ["从哪天", "From"], Kind::Day);
const UNTIL: Field = open("until", ["到哪天", "Until"], Kind::Day);
const CLAIM: Field = field("party", ["哪个主体", "Which party"], Kind::OneOf(Source::Claims));
const ADDRESS: Field = open("changes.address", ["正确的地址", "The right address"], Kind::Short);
const STOREYS: Field = open("changes.storeys", ["正确的层数", "The right number of storeys"], Kind::Number);
const UNITS: Field = open("changes.units", ["正确的套数", "The right number of units"], Kind::Number);
const YEAR: Field =
    open("changes.year_built", ["正确的建成年份", "The right year of building"], Kind::Number);

const BASIS: Field = field(
    "basis",
    ["依据", "What it rests on"],
    Kind::One(&[
        Code("property_certificate", "不动产权证书", "Property certificate"),
        Code("lease", "租赁合同", "Lease"),
        Code("management_contract", "委托管理合同", "Contract of management"),
        Code("statement", "当事人说明", "The party's own statement"),
        Code("other_office", "其他部门的登记", "Another office's register"),
        Code("office_list", "本单位原有台账", "The office's own earlier list"),
    ]),
);

pub(super) const STEPS: &[Step] = &[
    Step {
        fields: &[
            field("on", ["哪天看的", "The day"], Kind::Day),
            open(
                "looked_at",
                ["看了什么", "What was looked at"],
                Kind::Many(&[
                    Code("escape_route", "疏散通道", "Escape route"),
                    Code("smoke_alarm", "烟感报警器", "Smoke alarms"),
                    Code("extinguisher", "灭火器", "Extinguishers"),
                    Code("wiring", "电线", "Wiring"),
                    Code("charging", "电动车充电", "Charging of e-bikes"),
                ]),
            ),
            open("note", ["看到什么", "What was seen"], Kind::Long),
        ],
        adds: true,
        ..step("premises", "steward_check", "record_steward_check", ["记录日常查看", "Record a look round"])
    },
    Step {
        fields: &[
            field("vacant", ["现在没有人住吗", "Does nobody live there?"], Kind::YesNo),
            open(
                "residents_band",
                ["住多少人", "How many live there"],
                Kind::One(&[
                    Code("1-2", "一至二人", "1 or 2"),
                    Code("3-5", "三至五人", "3 to 5"),
                    Code("6+", "六人以上", "6 or more"),
                ]),
            ),
        ],
        adds: true,
        ..step("premises", "occupancy", "record_occupancy", ["记录居住情况", "Say who lives there"])
    },
    Step {
        fields: &[
            ADDRESS,
            STOREYS,
            UNITS,
            YEAR,
            open("reason", ["说明", "In your words"], Kind::Long),
            open("evidence", ["证明材料", "Papers"], Kind::Photos),
        ],
        note: Some([
            "由数据管理员核对后决定；只填有错的项。",
            "The data clerk decides. Fill in only what is wrong.",
        ]),
        adds: true,
        ..step("premises", "propose", "propose_amendment", ["登记信息有误", "The register is wrong"])
    },
    Step {
        fields: &[
            field("number", ["哪一件", "Which"], Kind::OneOf(Source::Proposals)),
            field("accepted", ["是否采纳", "Is it taken over?"], Kind::YesNo),
            ADDRESS,
            STOREYS,
            UNITS,
            YEAR,
            open("reason", ["理由", "Why"], Kind::Long),
        ],
        note: Some([
            "采纳时把正确的内容再写一遍，写下的会公开。",
            "Where it is taken over, state what is right again: that is public.",
        ]),
        ..step("premises", "decide_amendment", "decide_amendment", ["决定更正申请", "Decide on a correction"])
    },
    Step {
        fields: &[
            field("party", ["哪个主体", "Which party"], Kind::OneOf(Source::PartiesOfMine)),
            ROLE,
            BASIS,
            open("note", ["说明", "In your words"], Kind::Long),
            open("evidence", ["证明材料", "Papers"], Kind::Photos),
        ],
        adds: true,
        ..step("premises", "claim", "claim", ["这处房屋由我方负责", "We answer for these premises"])
    },
    Step {
        fields: &[CLAIM, ROLE],
        ..step("premises", "confirm_claim", "confirm_claim", ["确认责任人", "Confirm a claim"])
    },
    Step {
        fields: &[CLAIM, ROLE, open("reason", ["理由", "Why"], Kind::Long)],
        ..step("premises", "refuse_claim", "refuse_claim", ["不确认责任人", "Refuse a claim"])
    },
    Step {
        fields: &[
            field("party", ["主体编号", "Id of the party"], Kind::Short),
            ROLE,
            FROM,
            UNTIL,
            BASIS,
            open("evidence", ["证明材料", "Papers"], Kind::Photos),
        ],
        ..step("premises", "name_party", "name_party", ["登记责任人", "Name who answers"])
    },
    Step {
        fields: &[field("party", ["哪个主体", "Which party"], Kind::OneOf(Source::Parties)), ROLE, WHY],
        sure: Some(["确定该主体不再负责这处房屋吗？", "Does this party answer for the premises no more?"]),
        ..step("premises", "end_party", "end_party", ["结束责任", "End a party's answering"])
    },
    Step {
        fields: &[
            ASSESSOR,
            open("department", ["部门", "Department"], Kind::OneOf(Source::Departments)),
            FROM,
            UNTIL,
        ],
        ..step("premises", "assign_assessor", "assign_assessor", ["指派评定人", "Assign an assessor"])
    },
    Step {
        fields: &[
            field("from", ["原来是谁的", "Whose they were"], Kind::OneOf(Source::Assessors)),
            field("to", ["交给谁", "Whose they are"], Kind::OneOf(Source::Holders(ASSESSING))),
            field(
                "why",
                ["原因", "Why"],
                Kind::One(&[
                    Code("transferred", "调动", "Transferred"),
                    Code("leave", "休假", "On leave"),
                    Code("left_service", "离职", "Left the service"),
                ]),
            ),
        ],
        ..step("premises", "hand_over", "hand_over_assignments", ["移交评定工作", "Hand assignments over"])
    },
    Step {
        fields: &[field("account", ["哪个账号", "Which account"], Kind::OneOf(Source::Assessors)), WHY],
        ..step("premises", "release_assessor", "release_assessor", ["解除评定人", "Release an assessor"])
    },
    Step {
        fields: &[STEWARD, FROM, UNTIL],
        ..step("premises", "appoint_steward", "appoint_steward", ["委任楼栋长", "Appoint a steward"])
    },
    Step {
        fields: &[field("account", ["哪个账号", "Which account"], Kind::OneOf(Source::Stewards)), WHY],
        ..step("premises", "release_steward", "release_steward", ["解除楼栋长", "Release a steward"])
    },
    Step {
        fields: &[
            field(
                "tag",
                ["标记", "The mark"],
                Kind::One(&[
                    Code("key_building", "重点楼栋", "Key building"),
                    Code("historic", "历史建筑", "Historic"),
                ]),
            ),
            WHY,
        ],
        ..step("premises", "tag", "tag", ["打标", "Mark them"])
    },
    Step {
        fields: &[field("tag", ["标记", "The mark"], Kind::OneOf(Source::Tags)), WHY],
        ..step("premises", "untag", "untag", ["取消标记", "Take a mark off"])
    },
    Step {
        fields: &[field(
            "why",
            ["原因", "Why"],
            Kind::One(&[
                Code("demolished", "拆除", "Demolished"),
                Code("split", "分户", "Split"),
                Code("merged", "合并", "Merged"),
                Code("recoded", "重新编码", "Re-coded"),
                Code("created_in_error", "误登记", "Created in error"),
            ]),
        )],
        sure: Some(["注销后不能再记录任何内容。确定吗？", "Nothing more can be recorded there. Close them?"]),
        ..step("premises", "close", "close", ["注销房屋", "Close the premises"])
    },
];

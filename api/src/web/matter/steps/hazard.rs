//! Steps of a hazard's case, from its finding to its closing.

use crate::web::matter::step::*;

const FINDINGS: Field = field("findings", ["查看情况", "What was found"], Kind::Long);
const DONE: Field = field("text", ["整改情况", "What was done"], Kind::Long)
    .hint("做了什么、谁做的、哪天做完", "What was done, by whom, and when");
const REPAIR_PHOTOS: Field = field("photos", ["整改后的照片", "Photos of the repair"], Kind::Photos)
    .hint("至少一张，拍清楚整改的地方", "One at least, of the place that was put right");
const GROUND: Field = field(
    "ground",
    ["异议", "The objection"],
    Kind::One(&[
        Code("not_mine", "不归我方负责", "Not ours to put right"),
        Code("not_there", "没有这个隐患", "There is no such hazard"),
        Code("tenants", "应由租客整改", "A tenant's to put right"),
    ]),
);
const WORDS: Field = field("text", ["情况说明", "In your words"], Kind::Long);
const UNTIL: Field = field("until", ["延长到", "Until"], Kind::Day);
const DAYS: Field = field("days", ["总天数", "Days in all"], Kind::Number)
    .hint("自整改通知送达之日起共多少天", "Counted from the service of the order");
const PLAN: Field = field("text", ["方案内容", "The plan"], Kind::Long)
    .hint("怎样整改、分几步、期间的临时措施", "How, in which steps, and what keeps people safe meanwhile");
const PLAN_PAGES: Field = open("photos", ["方案和图纸的照片", "Pages of the plan"], Kind::Photos);
const REASON: Field = field("reason", ["理由", "Why"], Kind::Long);
const NOTE: Field = open("note", ["情况说明", "In your words"], Kind::Long);

pub(super) const STEPS: &[Step] = &[
    Step {
        fields: &[
            field("indicator", ["隐患", "Hazard"], Kind::Hazard),
            field(
                "source",
                ["怎样发现", "How it was found"],
                Kind::One(&[Code("patrol", "巡查", "On a round"), Code("check", "检查", "On a check")]),
            ),
            field("note", ["现场情况", "What was seen"], Kind::Long),
            field("photos", ["照片", "Photos"], Kind::Photos),
        ],
        note: Some([
            "送主管部门审核；发现的人不能自己审核。",
            "It goes to its department for review, which whoever found it does not make.",
        ]),
        starts: true,
        ..step("hazard", "find", "find", ["登记发现的隐患", "Record a hazard found"])
    },
    Step {
        fields: &[
            field("case", ["原来的案件", "The closed case"], Kind::OneOf(Source::ClosedHazards)),
            field(
                "why",
                ["为什么", "Why"],
                Kind::One(&[
                    Code("not_fixed", "没有整改", "It is not put right"),
                    Code("came_back", "整改后又出现", "It came back"),
                    Code("found_false", "整改不实", "The repair was false"),
                ]),
            ),
            NOTE,
            PHOTOS,
        ],
        starts: true,
        ..step("hazard", "reopen", "reopen", ["已办结的隐患还在", "A closed hazard is still there"])
    },
    Step {
        fields: &[open("reason", ["核实情况", "What was found"], Kind::Long)],
        given: &[("outcome", Given::Code("confirmed"))],
        note: Some([
            "核实后计入等级，接着下达整改通知。",
            "It counts towards the grade from then on; an order to rectify comes next.",
        ]),
        ..step("hazard", "review_confirm", "review", ["核实：属实", "Review: it is a hazard"])
    },
    Step {
        fields: &[REASON],
        given: &[("outcome", Given::Code("dismissed"))],
        ..step("hazard", "review_dismiss", "review", ["核实：不属实", "Review: it is none"])
    },
    Step {
        fields: &[field("outcome.passed_on.to", ["转给", "To"], Kind::OneOf(Source::Departments)), REASON],
        note: Some(["期限不重新计算。", "The clock goes on."]),
        ..step("hazard", "review_pass_on", "review", ["转其他部门", "Pass it on"])
    },
    Step {
        fields: &[
            field("major", ["是否属于重大隐患", "Is it major?"], Kind::YesNo),
            DOCUMENT,
            open(
                "method",
                ["认定方法", "How it was determined"],
                Kind::One(&[
                    Code("direct", "直接判定", "Directly"),
                    Code("comprehensive", "综合判定", "By all elements together"),
                    Code("appraisal", "鉴定报告", "By an appraisal report"),
                ]),
            ),
            open("officers", ["认定人员", "Who examined it"], Kind::ManyOf(Source::Officers)),
        ],
        sure: Some([
            "认定为重大隐患会一票否决该房屋的等级。确定按以下内容记录吗？",
            "A major hazard is a veto on the grade. Record this determination?",
        ]),
        ..step("hazard", "determine", "determine", ["认定是否重大", "Determine whether it is major"])
    },
    Step {
        fields: &[
            field("what", ["整改要求", "What is to be done"], Kind::Long),
            field("parties", ["责任人", "Responsible parties"], Kind::ManyOf(Source::Parties)),
            DOCUMENT,
        ],
        note: Some([
            "期限按规则确定，自整改通知送达之日起算。请接着发出并送达通知书。",
            "The term is the rulebook's and runs from service. Issue and serve the notice next.",
        ]),
        sure: Some([
            "责令整改对责任人有约束力。确定下达吗？",
            "The order binds the responsible parties. Issue it?",
        ]),
        ..step("hazard", "order", "order", ["责令整改", "Order to rectify"])
    },
    Step { fields: &[GROUND, WORDS], ..step("hazard", "contest", "contest", ["提出异议", "Object"]) },
    Step {
        fields: &[HANDED_IN, GROUND, WORDS],
        ..step("hazard", "contest_counter", "contest", ["代录异议", "Record an objection handed in"])
    },
    Step {
        fields: &[
            field("upheld", ["异议是否成立", "Is the party right?"], Kind::YesNo),
            field("reasons", ["理由", "Why"], Kind::Long),
        ],
        ..step("hazard", "answer_contest", "answer_contest", ["答复异议", "Answer the objection"])
    },
    Step {
        fields: &[DONE, REPAIR_PHOTOS],
        note: Some([
            "部门会来验收；在期限内交，等候验收的时间不算您逾期。",
            "The department comes to look. Handed in in time, waiting for it does not count against you.",
        ]),
        ..step("hazard", "submit", "submit_rectification", ["报告整改完成", "Report that it is put right"])
    },
    Step {
        fields: &[HANDED_IN, DONE, REPAIR_PHOTOS],
        ..step(
            "hazard",
            "submit_counter",
            "submit_rectification",
            ["代录整改完成", "Record a repair handed in"],
        )
    },
    Step {
        fields: &[UNTIL, WORDS],
        ..step("hazard", "request_extension", "request_extension", ["申请延期", "Ask for more time"])
    },
    Step {
        fields: &[HANDED_IN, UNTIL, WORDS],
        ..step(
            "hazard",
            "request_extension_counter",
            "request_extension",
            ["代录延期申请", "Record a request for more time"],
        )
    },
    Step {
        fields: &[DAYS, PLAN, PLAN_PAGES],
        ..step("hazard", "plan", "submit_works_plan", ["提交整改方案", "Hand in a works plan"])
    },
    Step {
        fields: &[HANDED_IN, DAYS, PLAN, PLAN_PAGES],
        ..step(
            "hazard",
            "plan_counter",
            "submit_works_plan",
            ["代录整改方案", "Record a works plan handed in"],
        )
    },
    Step {
        fields: &[NOTE],
        ..step("hazard", "approve_plan", "approve_works_plan", ["同意整改方案", "Approve the works plan"])
    },
    Step {
        fields: &[REASON],
        sure: Some(["确定不同意整改方案吗？", "Refuse the works plan?"]),
        ..step("hazard", "refuse_plan", "refuse_works_plan", ["不同意整改方案", "Refuse the works plan"])
    },
    Step {
        fields: &[open("findings", ["现场情况", "What was seen"], Kind::Long), PHOTOS],
        ..step(
            "hazard",
            "interim",
            "confirm_interim_measures",
            ["确认临时措施到位", "Confirm interim measures"],
        )
    },
    Step {
        fields: &[UNTIL, open("reason", ["理由", "Why"], Kind::Long)],
        ..step("hazard", "extend", "extend", ["同意延期", "Grant more time"])
    },
    Step {
        fields: &[REASON],
        sure: Some(["确定不同意延期吗？原期限继续有效。", "Refuse more time? The term stands as it is."]),
        ..step("hazard", "refuse_extension", "refuse_extension", ["不同意延期", "Refuse more time"])
    },
    Step {
        fields: &[FINDINGS, PHOTOS],
        ..step("hazard", "accept", "accept", ["验收合格", "Accept the repair"])
    },
    Step {
        fields: &[
            field("findings", ["还差什么", "What is still missing"], Kind::Long),
            open("due", ["新的期限", "New due day"], Kind::Day)
                .hint("不填则原期限不变", "Left open, the term stands as it is"),
            PHOTOS,
        ],
        sure: Some(["确定验收不合格吗？责任人要继续整改。", "Refuse the repair? The party has to go on."]),
        ..step("hazard", "refuse", "refuse", ["验收不合格", "Refuse the repair"])
    },
    Step {
        fields: &[FINDINGS, PHOTOS],
        sure: Some([
            "认定整改不实会影响责任人的信用。确定吗？",
            "A false repair enters the party's credit. Record it?",
        ]),
        ..step("hazard", "find_false", "find_false", ["查明整改不实", "The repair was false"])
    },
    Step {
        given: &[("how", Given::Code("rectified"))],
        ..step("hazard", "close_rectified", "close", ["办结：已整改", "Close: put right"])
    },
    Step {
        given: &[("how", Given::Code("dismissed"))],
        ..step("hazard", "close_dismissed", "close", ["办结：不属实", "Close: it was none"])
    },
    Step {
        given: &[("how", Given::Code("put_right"))],
        note: Some([
            "发现这项隐患的评定结果已经更正。隐患本身确实存在的，不要在这里办结。",
            "The result that opened this case was put right. Where the hazard is there all the same, do not close it here.",
        ]),
        sure: Some([
            "办结以后等级会按更正后的结果重新计算。确定吗？",
            "The grade is then reckoned anew on the results as they were put right. Close it?",
        ]),
        ..step(
            "hazard",
            "close_put_right",
            "close",
            ["办结：评定结果已更正", "Close: its result was put right"],
        )
    },
    Step {
        fields: &[field("into", ["并入", "Goes on in"], Kind::OneOf(Source::OpenHazards))],
        given: &[("how", Given::Code("merged"))],
        ..step("hazard", "close_merged", "close", ["同一隐患，并案", "Found twice: merge"])
    },
    Step {
        fields: &[
            field("until", ["督办到", "Until"], Kind::Day),
            DOCUMENT,
            open("reason", ["理由", "Why"], Kind::Long),
        ],
        sure: Some(["确定挂牌督办吗？", "Take it under supervision?"]),
        ..step("hazard", "supervise", "order_supervision", ["挂牌督办", "Order supervision"])
    },
    Step {
        fields: &[open("reason", ["理由", "Why"], Kind::Long)],
        ..step("hazard", "end_supervision", "end_supervision", ["结束督办", "End supervision"])
    },
];

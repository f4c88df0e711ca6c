//! The tables behind `terms`: code, Chinese word, English word.

use super::Term;

/// Every table, for the tests of `words`.
#[cfg(test)]
pub(super) const TABLES: &[&[Term]] = &[
    LAYERS,
    GRADES,
    LEVELS,
    GRADE_STATES,
    ROLES,
    CHANNELS,
    DEPARTMENTS,
    TRIGGERS,
    ASSESSMENT_REASONS,
    COLLECT,
    ASPECTS,
    OUTCOMES,
    SEVERITIES,
    SIDES,
    WORKS,
    CASE_STATES,
    DIRECTIONS,
    PATROL_RULES,
    VISITS,
    MEASURES,
    DEADLINES,
    NOTICES,
    PROHIBITIONS,
    CREDIT,
    INCIDENTS,
    INCIDENT_SEVERITIES,
    MATTER_KINDS,
    MATTER_STAGES,
    UNDERTAKINGS,
    MATTERS,
    LETTING,
    CAUSES,
];

pub(super) const LAYERS: &[Term] = &[
    Term("unit", "房屋套间", "Unit"),
    Term("building", "楼栋", "Building"),
    Term("estate", "小区", "Estate"),
];

pub(super) const GRADES: &[Term] = &[
    Term("five_star", "五星级", "Five stars"),
    Term("four_star", "四星级", "Four stars"),
    Term("three_star", "三星级", "Three stars"),
    Term("two_star", "二星级", "Two stars"),
    Term("one_star", "一星级", "One star"),
    Term("letting_prohibited", "禁租级", "Letting-prohibited grade"),
    Term("not_assessed", "未评定", "Not assessed"),
];

pub(super) const LEVELS: &[Term] = &[
    Term("lenient", "宽管级", "Lenient"),
    Term("attention", "关注级", "Attention"),
    Term("strict", "严管级", "Strict"),
    Term("prohibited", "禁止级", "Prohibited"),
];

pub(super) const GRADE_STATES: &[Term] = &[
    Term("in_force", "现在有效", "In force"),
    Term("under_appeal", "有效，正在申诉", "In force, under appeal"),
    Term("awaiting_confirmation", "等待确认，还没有生效", "Awaiting confirmation, not yet in force"),
    Term("void", "已撤销，不再有效", "Void: set aside"),
    Term("not_assessed", "未评定", "Not assessed"),
];

pub(super) const ROLES: &[Term] = &[
    Term("administrator", "系统管理员", "Administrator"),
    Term("assessor", "评定人", "Assessor"),
    Term("association_admin", "楼栋长联合会管理员", "Stewards' association administrator"),
    Term("auditor", "审计人员", "Auditor"),
    Term("collector", "采集人", "Collector"),
    Term("commission_admin", "区委政法委管理员", "Commission administrator"),
    Term("community_lead", "社区负责人", "Community lead"),
    Term("competent_authority", "主管机关人员", "Competent authority"),
    Term("confirmer", "确认人", "Confirmer"),
    Term("credit_officer", "信用管理人员", "Credit officer"),
    Term("data_clerk", "数据管理员", "Data clerk"),
    Term("department_officer", "部门工作人员", "Department officer"),
    Term("dispatcher", "街道调度员", "Dispatcher"),
    Term("grid_worker", "网格员", "Grid worker"),
    Term("intake", "平台接收", "Platform intake"),
    Term("legal_officer", "法务人员", "Legal officer"),
    Term("log", "账本签名", "Ledger signature"),
    // an enrolled key says no more: owners and residents sign with their own too
    Term("officer", "个人密钥", "a person's key"),
    Term("operator", "管理人（二房东）", "Operator"),
    Term("owner", "业主", "Owner"),
    Term("registrar", "密钥登记员", "Key registrar"),
    Term("resident", "居民", "Resident"),
    Term("reviewer", "复核人", "Reviewer"),
    Term("root", "根密钥持有人", "Root key holder"),
    Term("service", "平台按规则算出", "Platform, by rule"),
    Term("steward", "楼栋长", "Building steward"),
    Term("street_lead", "街道负责人", "Subdistrict lead"),
    Term("tenant", "租客", "Tenant"),
];

pub(super) const CHANNELS: &[Term] = &[
    Term("counter", "窗口", "the counter"),
    Term("public", "公开网页", "the public pages"),
    Term("resident", "居民网页", "the residents' page"),
    Term("shipped", "随程序提供", "shipped with the program"),
];

pub(super) const DEPARTMENTS: &[Term] = &[
    Term("district_commission", "区委政法委", "District commission"),
    Term("ecology", "生态环境部门", "Ecology and environment"),
    Term("emergency", "应急管理部门", "Emergency management"),
    Term("fire", "消防救援机构", "Fire and rescue"),
    Term("grid", "网格管理部门", "Grid management"),
    Term("health", "卫生健康部门", "Health"),
    Term("housing", "住房建设部门", "Housing and construction"),
    Term("market", "市场监管部门", "Market supervision"),
    Term("natural_resources", "规划和自然资源部门", "Planning and natural resources"),
    Term("police", "公安部门", "Police"),
    Term("subdistrict", "街道办事处", "Subdistrict office"),
    Term("urban_management", "城管部门", "Urban management"),
    Term("water", "水务部门", "Water"),
];

pub(super) const TRIGGERS: &[Term] = &[
    Term("appeal_upheld", "申诉成立", "Appeal upheld"),
    Term("confirmed", "确认人确认生效", "Confirmed by a named person"),
    Term("fact_corrected", "更正记录后重算", "Computed again after a correction"),
    Term("first", "首次分级", "First grading"),
    Term("hazard_confirmed", "隐患已确认", "Hazard confirmed"),
    Term("hazard_overdue", "隐患逾期未整改", "Hazard overdue"),
    Term("incident_confirmed", "事件已确认", "Incident confirmed"),
    Term("lift_confirmed", "确认解除禁租级", "Leaving star zero confirmed"),
    Term("major_hazard_determined", "认定重大隐患", "Major hazard determined"),
    Term("no_longer_in_force", "没有等级生效", "No grade in force any more"),
    Term("prohibited", "禁止出租", "Letting prohibited"),
    Term("prohibition_confirmed", "禁止租赁已确认", "Ban on letting confirmed"),
    Term("prohibition_lifted", "解除禁租", "Prohibition lifted"),
    Term("published", "重新公布", "Published again"),
    Term("rectification_accepted", "整改验收合格", "Rectification accepted"),
    Term("refused", "不予确认", "Not confirmed"),
    Term("scheduled", "按期复评", "Scheduled re-evaluation"),
    Term("unpublished", "撤下公布", "Taken off the public pages"),
];

pub(super) const ASSESSMENT_REASONS: &[Term] = &[
    Term("after_rectification", "整改后复评", "After rectification"),
    Term("appeal", "申诉后复评", "After an appeal"),
    Term("campaign", "专项行动", "Campaign"),
    Term("first", "首次分级", "First grading"),
    Term("incident", "发生事件后", "After an incident"),
    Term("owner_request", "业主申请", "At the owner's request"),
    Term("periodic", "到期复评", "Periodic"),
    Term("report", "举报核实后", "After a substantiated report"),
];

pub(super) const COLLECT: &[Term] = &[
    Term("department", "部门上门采集", "Department, on the spot"),
    Term("feed", "部门系统共享", "Shared by a department's system"),
    Term("grid", "网格员上门采集", "Grid worker, on the spot"),
    Term("ledger", "由平台记录得出", "From the platform's own record"),
];

pub(super) const ASPECTS: &[Term] = &[
    Term("building_environment", "楼栋环境", "Building environment"),
    Term("building_management", "管理服务", "Management and service"),
    Term("building_safety", "楼栋安全", "Building safety"),
    Term("estate_environment", "小区环境", "Estate environment"),
    Term("estate_facilities", "小区设施", "Estate facilities"),
    Term("estate_safety", "小区安全", "Estate safety"),
    Term("resident_satisfaction", "住户满意度", "Residents' satisfaction"),
    Term("unit_facilities", "房屋设施", "Unit facilities"),
    Term("unit_management", "管理服务", "Management and service"),
    Term("unit_safety", "房屋安全", "Unit safety"),
];

pub(super) const OUTCOMES: &[Term] = &[
    Term("met", "合格", "Met"),
    Term("not_applicable", "不适用", "Not applicable"),
    Term("unmet", "不合格", "Not met"),
];

pub(super) const SIDES: &[Term] =
    &[Term("office", "机关", "The office"), Term("party", "当事人", "The party")];

pub(super) const SEVERITIES: &[Term] = &[
    Term("general", "一般隐患", "General hazard"),
    Term("major", "重大隐患", "Major hazard"),
    Term("serious", "较大隐患", "Serious hazard"),
    Term("suspected", "疑似重大隐患", "Suspected major hazard"),
];

pub(super) const WORKS: &[Term] = &[
    Term("at_once", "立即整改", "At once"),
    Term("build", "工程", "Building works"),
    Term("buy", "购置", "Purchase"),
    Term("procedure", "手续", "Paperwork"),
    Term("repair", "维修", "Repair"),
];

pub(super) const CASE_STATES: &[Term] = &[
    Term("accepted", "验收合格", "Accepted"),
    Term("admitted", "已受理", "Admitted"),
    Term("answered", "已答复", "Answered"),
    Term("assigned", "已分给复核人", "Assigned to a reviewer"),
    Term("closed", "已办结", "Closed"),
    Term("closed_unfixed", "已办结，问题没有解决", "Closed unfixed"),
    Term("confirmed", "已确认", "Confirmed"),
    Term("decided", "已决定", "Decided"),
    Term("dismissed", "不成立", "Dismissed"),
    Term("dispatched", "已派出", "Dispatched"),
    Term("done", "已完成", "Done"),
    Term("excused", "有正当原因，不算漏", "Excused"),
    Term("filed", "已提出", "Filed"),
    Term("granted", "已同意", "Granted"),
    Term("merged", "已并入", "Merged"),
    Term("missed", "漏巡", "Missed"),
    Term("not_admitted", "不予受理", "Not admitted"),
    Term("open", "办理中", "Open"),
    Term("overdue", "逾期", "Overdue"),
    Term("pending_review", "等待部门审核", "Awaiting the department's review"),
    Term("received", "已收到", "Received"),
    Term("rectifying", "整改中", "Being rectified"),
    Term("refused", "不同意", "Refused"),
    Term("rejected", "申诉不成立", "Rejected"),
    Term("returned", "已退回", "Returned"),
    Term("served", "已送达", "Served"),
    Term("submitted", "已交整改结果，等待验收", "Repair reported, awaiting acceptance"),
    Term("substantiated", "已核实", "Substantiated"),
    Term("taken", "已接下", "Taken"),
    Term("triaged", "已分派", "Triaged"),
    Term("turned", "转为另一程序办理", "Goes on as the other procedure"),
    Term("upheld", "申诉成立", "Upheld"),
    Term("varied", "部分变更", "Varied"),
    Term("withdrawn", "已撤回", "Withdrawn"),
];

pub(super) const DIRECTIONS: &[Term] = &[
    Term("down", "降级", "Down"),
    Term("ended", "不再有效", "Ended"),
    Term("first", "首次分级", "First grading"),
    Term("same", "不变", "Unchanged"),
    Term("up", "升级", "Up"),
];

pub(super) const PATROL_RULES: &[Term] = &[
    Term("day", "每天不少于一次", "at least daily"),
    Term("half_month", "每半月不少于一次", "at least every half-month"),
    Term("month", "每月不少于一次", "at least monthly"),
    Term("week", "每周不少于一次", "at least weekly"),
];

pub(super) const VISITS: &[Term] = &[
    Term("acceptance", "验收", "Acceptance"),
    Term("assessment", "等级评定", "Assessment"),
    Term("entered", "已进门", "Entered"),
    Term("evacuation", "人员疏散", "Evacuation"),
    Term("inspection", "检查", "Inspection"),
    Term("no_answer", "没有人应门", "No answer"),
    Term("patrol", "巡查", "Patrol"),
    Term("red_warning", "红色预警", "Red weather warning"),
    Term("refused", "不让进门", "Refused"),
    Term("road_closed", "道路封闭", "Road closed"),
    Term("site_sealed", "现场已封", "Site sealed"),
    Term("unsafe", "有危险，不能进", "Unsafe to enter"),
];

pub(super) const MEASURES: &[Term] = &[
    Term("circulated_warning", "通报警示", "Circulated warning"),
    Term("criticism_education", "批评教育", "Admonition on the spot"),
    Term("incentive", "激励", "Incentive"),
    Term("joint_rectification", "联合整治", "Joint rectification"),
    Term("penalty_referral", "移送有权机关依法处罚", "Referral for penalty"),
    Term("prohibit_letting", "依法禁止租赁", "Ban on letting"),
    Term("regulatory_interview", "约谈", "Regulatory interview"),
    Term("risk_notice", "提示风险", "Risk notice"),
    Term("training", "业务培训", "Training"),
];

pub(super) const DEADLINES: &[Term] = &[
    Term("acceptance", "整改验收", "Acceptance of the repair"),
    Term("administrative_reconsideration", "申请行政复议", "Administrative reconsideration"),
    Term("announcement_service", "公告送达", "Service by announcement"),
    Term("appeal_admit", "决定是否受理申诉", "Admission of the appeal"),
    Term("appeal_decide", "申诉答复", "Answer to the appeal"),
    Term("appeal_file", "提出申诉", "Filing an appeal"),
    Term("assessment", "完成评定", "Assessment"),
    Term("assessment_lapse", "评定失效前提交", "Submission before it lapses"),
    Term("credit_objection_check", "信用异议核查", "Check of a credit objection"),
    Term("credit_objection_decide", "信用异议处理", "Decision on a credit objection"),
    Term("credit_repair", "信用修复办理", "Credit repair"),
    Term("dispute_reply", "向复议机关或法院答复", "Reply to the organ or court"),
    Term("extension", "答复延期申请", "Answer to a request for more time"),
    Term("hazard_review", "部门审核隐患", "Review of the hazard"),
    Term("rectification_order", "责令整改", "Order to put it right"),
    Term("risk_notice", "提示风险", "Notice of the risk to those who live there"),
    Term("litigation", "提起行政诉讼", "Suit in court"),
    Term("litigation_after_reconsideration", "不服复议决定，提起诉讼", "Suit after reconsideration"),
    Term("plaque_post", "张贴公示牌", "Posting the grade plaque"),
    Term("plaque_put_up", "挂监督牌", "Putting up the supervision plaque"),
    Term("plaque_take_down", "摘监督牌", "Taking down the supervision plaque"),
    Term("rectification", "完成整改", "Rectification"),
    Term("reevaluation", "完成复评", "Re-evaluation"),
    Term("result_notice", "书面告知评定结果", "Written notice of the result"),
    Term("statement", "陈述申辩", "Statement"),
    Term("task", "完成任务", "Task"),
    Term("works_plan", "审批整改方案", "Decision on the works plan"),
];

pub(super) const NOTICES: &[Term] = &[
    Term("agent", "交代理人", "to an agent"),
    Term("announcement", "公告送达", "by announcement"),
    Term("appeal_decision", "申诉决定书", "Decision on the appeal"),
    Term("credit", "信用告知书", "Credit notice"),
    Term("credit_repair_information", "信用修复告知书", "Notice of credit repair"),
    Term("direct", "当面送达", "in person"),
    Term("downgrade", "降级告知书", "Notice of a lower grade"),
    Term("electronic", "电子送达", "electronically"),
    Term("hearing", "听证通知书", "Notice of a hearing"),
    Term("household_adult", "交同住成年家属", "to an adult of the household"),
    Term("left_in_place", "留置送达", "left in place"),
    Term("post", "邮寄送达", "by post"),
    Term("prohibition", "禁止租赁决定书", "Decision banning letting"),
    Term("proposal", "事先告知书", "Notice of what is proposed"),
    Term("rectification", "责令整改通知书", "Order to rectify"),
    Term("result_notice", "评定结果告知书", "Notice of the grade"),
    Term("risk_notice", "风险提示", "Risk notice"),
];

pub(super) const PROHIBITIONS: &[Term] = &[
    Term("below_safety_standard", "不符合安全、防灾等工程建设强制性标准", "Below mandatory safety standards"),
    Term("dangerous_building", "危险房屋停止使用", "Dangerous building, use stopped"),
    Term("fire_sealing", "重大火灾隐患临时查封", "Sealed for a major fire hazard"),
    Term("fire_stop_use", "责令停止使用（消防）", "Use stopped (fire law)"),
    Term("geological_danger", "地质灾害危险区撤离", "Evacuation for geological danger"),
    Term("illegal_construction", "违法建筑不得出租", "Illegal construction"),
    Term("major_accident_hazard", "重大事故隐患责令停止使用", "Use stopped for a major accident hazard"),
    Term("no_new_letting", "不得再出租给新租客", "No new letting"),
    Term("non_living_space", "非居住空间单独出租用于居住", "Non-living space let for living"),
    Term("vacate", "限期搬离", "To be vacated"),
];

pub(super) const CREDIT: &[Term] = &[
    Term("A", "信用优良", "Excellent"),
    Term("B", "信用良好", "Good"),
    Term("C", "信用一般", "Fair"),
    Term("D", "信用较差", "Poor"),
    Term("commitment_breached", "违反信用承诺", "Breach of a commitment"),
    Term("defies_prohibition", "禁止租赁期间仍出租", "Letting during a ban"),
    Term("false_materials", "提供虚假材料", "False papers"),
    Term("general", "一般", "General"),
    Term("major_hazard_not_rectified", "重大隐患拒不整改", "Refusal to rectify a major hazard"),
    Term("minor", "轻微", "Minor"),
    Term("refuses_inspection", "拒不配合检查", "Refusal of an inspection"),
    Term("serious", "严重", "Serious"),
    Term("serious_hazard_overdue", "较大隐患逾期未整改", "Serious hazard overdue"),
];

pub(super) const INCIDENTS: &[Term] = &[
    Term("blue", "蓝色", "blue"),
    Term("fire", "火灾", "fire"),
    Term("lightning", "雷电", "lightning"),
    Term("orange", "橙色", "orange"),
    Term("public_order", "治安事件", "public-order incident"),
    Term("rainstorm", "暴雨", "rainstorm"),
    Term("red", "红色", "red"),
    Term("safety", "安全事故", "safety accident"),
    Term("typhoon", "台风", "typhoon"),
    Term("yellow", "黄色", "yellow"),
];

pub(super) const INCIDENT_SEVERITIES: &[Term] =
    &[Term("general", "一般", "general"), Term("minor", "轻微", "minor"), Term("serious", "严重", "serious")];

pub(super) const LETTING: &[Term] = &[
    Term("let", "已出租", "Let"),
    Term("not_to_let", "现在不能出租", "Not to be let now"),
    Term("occupied", "有人居住", "Occupied"),
    Term("to_let", "可以出租", "May be let"),
    Term("vacant", "无人居住", "Vacant"),
];

pub(super) const CAUSES: &[Term] = &[
    Term("building_prohibited", "所在楼栋为禁止级", "the building's level is prohibited"),
    Term("dangerous_structure", "结构危房", "dangerous structure"),
    Term("fire_accident", "发生火灾事故", "a fire"),
    Term("hazard:general_overdue", "一般隐患逾期未整改", "general hazard overdue"),
    Term("hazard:major_determined", "经认定的重大隐患", "major hazard, determined"),
    Term("hazard:major_suspected", "疑似重大隐患，等待认定", "suspected major hazard, to be determined"),
    Term("hazard:serious_open", "较大隐患还没有整改好", "serious hazard still open"),
    Term("hazard:serious_overdue", "较大隐患逾期未整改", "serious hazard overdue"),
    Term("major_fire_hazard", "重大消防安全隐患", "major fire hazard"),
    Term("major_hazard_determined", "经认定的其他重大隐患", "other major hazard, determined"),
    Term("production_safety_accident", "发生生产安全事故", "production-safety accident"),
    Term("prohibition_in_force", "依法禁止租赁期间", "ban on letting in force"),
    Term(
        "rule:seven_ones_incomplete",
        "消防“七个一”缺三项及以上",
        "three or more of the fire “seven ones” missing",
    ),
];

pub(super) const MATTER_KINDS: &[Term] = &[
    Term("alert", "天气预警", "Weather alert"),
    Term("appeal", "申诉", "Appeal"),
    Term("assessment", "等级评定", "Assessment"),
    Term("dispute", "复议或诉讼", "Reconsideration or suit"),
    Term("duty", "机关应办", "Owed by the office"),
    Term("grade", "等级确认", "Confirmation of a grade"),
    Term("hazard", "隐患", "Hazard"),
    Term("incident", "事件", "Incident"),
    Term("notice", "文书", "Notice"),
    Term("reevaluation", "复评申请", "Request for re-evaluation"),
    Term("report", "居民举报", "Resident's report"),
    Term("task", "任务", "Task"),
];

/// Stages that are of matters alone; those of cases stand with the cases.
pub(super) const MATTER_STAGES: &[Term] = &[
    Term("awaiting_owner", "等业主本人确认", "Awaiting the owner's own word"),
    Term("calendar", "等假期安排公布", "Awaiting the calendar"),
    Term("carried_out", "已执行", "Carried out"),
    Term("confirmation", "等确认人确认", "Awaiting the confirmer"),
    Term("consideration", "等审议陈述", "The statement is to be considered"),
    Term("declined", "不予复评", "Declined"),
    Term("fell_away", "不再需要", "No longer called for"),
    Term("invitation", "等通知陈述申辩", "The invitation is to be served"),
    Term("issued", "已制作，待送达", "Issued, to be served"),
    Term("lapsed", "逾期失效", "Lapsed"),
    Term("lifted", "已解除", "Lifted"),
    Term("not_admitted", "不予受理", "Not admitted"),
    Term("notified", "待答复", "To be replied to"),
    Term("open", "进行中", "Under way"),
    Term("owed", "待办理", "To be done"),
    Term("own_motion", "依职权复核", "Reviewed on the authority's own motion"),
    Term("recorded", "待核实", "To be confirmed"),
    Term("replied", "已答复，等结果", "Replied, awaiting the outcome"),
    Term("requested", "已申请", "Requested"),
    Term("served", "已送达", "Served"),
    Term("service_failed", "送达未成", "Service failed"),
    Term("statement", "当事人可以陈述", "The party may speak"),
    Term("unlinked", "不在此处", "Of another house"),
];

/// How far it is what the office does besides grading: measures, inspections, listings, boards, campaigns, meetings.
pub(super) const UNDERTAKINGS: &[Term] = &[
    Term("approved", "已同意，等待执行", "Approved, to be carried out"),
    Term("carried_out", "已执行", "Carried out"),
    Term("closed", "事项都已办结", "All resolutions closed"),
    Term("concluded", "已结束", "Concluded"),
    Term("damaged", "破损，要重新张贴", "Damaged: to be hung anew"),
    Term("empty", "还没有张贴", "Nothing hangs yet"),
    Term("ended", "已结束", "Ended"),
    Term("granted", "已给予", "Granted"),
    Term("held", "已举办", "Held"),
    Term("in_order", "张贴完好", "In order"),
    Term("let", "已租出", "Let"),
    Term("missing", "没有张贴，要补贴", "Missing: to be hung"),
    Term("offered", "已提供，等待给予", "Offered, to be granted"),
    Term("open", "有事项没有办结", "Resolutions are open"),
    Term("outdated", "内容过期，要更换", "Out of date: to be replaced"),
    Term("planned", "已安排，等待检查", "Planned, to be made"),
    Term("posted", "已张贴", "Hangs"),
    Term("proposed", "已提出，等待决定", "Proposed, to be decided"),
    Term("published", "已公布", "Shown to the public"),
    Term("refused", "不同意", "Refused"),
    Term("registered", "已登记", "Registered"),
    Term("running", "进行中", "Under way"),
    Term("submitted", "已报送，等待公布", "Submitted, to be shown"),
    Term("withdrawn", "已撤下", "Taken down"),
];

/// What matters are about, where no other table says it.
pub(super) const MATTERS: &[Term] = &[
    Term("electricity", "用电", "Electricity"),
    Term("fire", "消防", "Fire safety"),
    Term("gas", "燃气", "Gas"),
    Term("grade", "不服等级", "Against the grade"),
    Term("prohibition", "不服禁止租赁", "Against the prohibition of letting"),
    Term("hazard", "不服隐患处理", "Against a hazard"),
    Term("litigation", "行政诉讼", "Suit in court"),
    Term("persuade", "劝导", "Persuade"),
    Term("reconsideration", "行政复议", "Reconsideration"),
    Term("reevaluation", "请求重新评定", "Asks to be graded again"),
    Term("register_tenants", "登记租客", "Register tenants"),
    Term("structure", "房屋结构", "Structure"),
    Term("visit", "上门查看", "Visit"),
];

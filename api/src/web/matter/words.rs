//! Words of a record: its members and codes as sentences, and a refusal beside the field that it is about.

use serde_json::Value;
use wuping_domain::event::aggregate_type;
use wuping_domain::rejection::{Rejection, needs_in_chinese};

use super::filling::parameter;
use super::reading::Matter;
use super::stage;
use super::step::{Code, Field, Kind, Step};
use super::steps;
use crate::look::parts::FieldError;
use crate::look::words::Lang;

/// A member's name in words; the member itself where it has none.
pub(crate) fn member(lang: Lang, name: &str) -> &str {
    MEMBERS.iter().find(|known| known.0 == name).map_or(name, |known| lang.pick(known.1, known.2))
}

/// What a record says, each member that has words as a sentence.
pub(crate) fn sentences(matter: &Matter, said: &Value) -> Vec<String> {
    let mut told = Vec::new();
    collect(matter, said, &mut told);
    let order = |name: &str| MEMBERS.iter().position(|known| known.0 == name);
    told.sort_by_key(|(name, _)| order(name));
    let colon = matter.lang.pick("：", ": ");
    let named = |name: &str| match (matter.concept(), name) {
        // premises are called by a name, and have none as people do
        ("party" | "premises", "name") => matter.lang.say("名称", "Name"),
        // of a campaign it is how many
        ("hazard", "officers") => matter.lang.say("认定人员", "Examined by"),
        ("record", "fields") => matter.lang.say("哪些内容", "Which contents"),
        _ => member(matter.lang, name).to_owned(),
    };
    told.iter().map(|(name, value)| format!("{}{colon}{value}", named(name))).collect()
}

fn collect(matter: &Matter, said: &Value, told: &mut Vec<(String, String)>) {
    for (name, value) in said.as_object().into_iter().flatten() {
        if SILENT.contains(&name.as_str()) || value.is_null() {
            continue;
        }
        let known = MEMBERS.iter().any(|known| known.0 == name);
        match value {
            Value::Object(members)
                if name == "outcome" || name == "passed_on" || name == "check" || name == "merged" =>
            {
                // what is decided names where it goes
                for (way, inner) in members {
                    told.push(("outcome".to_owned(), word(matter, "outcome", way)));
                    collect(matter, inner, told);
                }
            }
            Value::Object(_) => collect(matter, value, told),
            _ if known => {
                let text = text(matter, name, value);
                if !text.is_empty() {
                    told.push((name.clone(), text));
                }
            }
            _ => {}
        }
    }
}

fn text(matter: &Matter, name: &str, value: &Value) -> String {
    let lang = matter.lang;
    match value {
        Value::Bool(true) => lang.say("是", "yes"),
        Value::Bool(false) => lang.say("否", "no"),
        Value::Number(number) => number.to_string(),
        Value::String(code) => word(matter, name, code),
        Value::Array(all) => {
            let all: Vec<String> =
                all.iter().map(|one| text(matter, name, one)).filter(|text| !text.is_empty()).collect();
            lang.list(&all)
        }
        // why an inspection is planned: whose credit asks for it, and how often
        Value::Object(members) if name == "also" => {
            let of =
                |name: &str| members.get(name).map(|value| text(matter, name, value)).unwrap_or_default();
            // the class is told to those who may read the file
            if !members.contains_key("class") {
                return of("party");
            }
            lang.pick(
                format!("{}（{}，每 {} 个月一次）", of("party"), of("class"), of("months")),
                format!("{} ({}, every {} months)", of("party"), of("class"), of("months")),
            )
        }
        // a remedy says itself in words
        Value::Object(members) => {
            let words = members.get(lang.code()).or_else(|| members.get("zh"));
            words.and_then(Value::as_str).unwrap_or_default().to_owned()
        }
        Value::Null => String::new(),
    }
}

/// A code in the words that the forms use for it, else in those of the terms; a day with its weekday; a text as it is.
fn word(matter: &Matter, name: &str, code: &str) -> String {
    let lang = matter.lang;
    let ruled = matter.ruled();
    if let Ok(day) = code.parse::<chrono::NaiveDate>() {
        return lang.day(day);
    }
    if let Ok(at) = code.parse::<chrono::DateTime<chrono::Utc>>() {
        return lang.moment(at);
    }
    let lasts = |field: &&Field| field.name == name || field.name.ends_with(&format!(".{name}"));
    // an invitation follows from the service of a notice, and says how that was
    let of_notices = steps::of("notice").filter(|_| name == "method");
    let steps = steps::of(matter.concept()).chain(of_notices);
    let fields = steps.flat_map(|step| step.fields).filter(lasts);
    let of_form = |field: &Field| match field.kind {
        Kind::One(codes) | Kind::Many(codes) => codes.iter().find(|Code(known, ..)| *known == code),
        _ => None,
    };
    if let Some(Code(_, zh, en)) = fields.into_iter().find_map(of_form) {
        return lang.say(zh, en);
    }
    if let Some(known) = OUTCOMES.iter().find(|known| known.0 == code && name == "outcome") {
        return lang.say(known.1, known.2);
    }
    match name {
        "authority" | "competent" | "department" | "to" | "whose" | "with" => {
            let department = ruled.department(code);
            if department == code { lang.role(code).to_owned() } else { department }
        }
        "category" | "indicator" => matter.found(code),
        "indicators" => matter.indicator(code),
        "parties" | "party" => matter.parties.say(lang, code),
        "into" if matter.concept() == "party" => code.to_owned(),
        "case" | "hazard" | "into" => matter.hazard(code),
        "deadline" | "remedies" => lang.deadline(code).to_owned(),
        "class" | "conduct" | "degree" | "proposed" | "shown" => lang.credit(code).to_owned(),
        "ground" | "scope" => ruled.ground(code),
        "how" => match code {
            "rectified" => lang.say("已整改", "put right"),
            "dismissed" => lang.say("不属实", "it was none"),
            "merged" => lang.say("并入另一件", "merged into another"),
            "set_aside" => lang.say("经申诉或诉讼撤销", "set aside on appeal or in court"),
            "put_right" => lang.say("评定结果已更正", "the result that opened it was put right"),
            other => other.to_owned(),
        },
        "level" => match code {
            "community" => lang.say("社区", "the community"),
            "subdistrict" => lang.say("街道", "the subdistrict"),
            "commission" => lang.say("区委政法委", "the district's commission"),
            other => ruled.level(other),
        },
        "measure" => matter.measure(code),
        "departments" => ruled.department(code),
        "of" => match code {
            "building" => lang.say("所在楼栋", "the building"),
            _ => lang.say("本套房屋", "the unit"),
        },
        "why" => match code {
            "letting_prohibited" => lang.say("禁止租赁", "letting is prohibited"),
            "level_lost" => lang.say("管理等级变化，不再适用激励", "the level carries it no more"),
            "premises_closed" => lang.say("房屋已注销", "the premises were closed"),
            "time_over" => lang.say("期限已满", "its time was over"),
            other => of_credit(lang, other).unwrap_or_else(|| other.to_owned()),
        },
        "management_level" => ruled.level(code),
        "reason" => lang.visit(code).to_owned(),
        "severity" if matter.concept() == "incident" => lang.incident_severity(code).to_owned(),
        "severity" => ruled.severity(code),
        "side" if code == "office" => lang.say("办案机关", "the office"),
        "side" => lang.say("当事人", "the party"),
        "fields" => member(lang, code).to_owned(),
        "streams" => stage::kind(lang, aggregate_type(code)).to_owned(),
        name if ACCOUNTS.contains(&name) => matter.people.say(lang, code),
        "trigger" => lang.trigger(code).to_owned(),
        "vetoes" => ruled.cause(code),
        "works" => ruled.works(code),
        "kind" | "what" => of_credit(lang, code).unwrap_or_else(|| code.to_owned()),
        _ => code.to_owned(),
    }
}

/// A code of a credit file: what of it, of whom, and why something is public no more.
fn of_credit(lang: Lang, code: &str) -> Option<String> {
    let known = [
        ("basis_set_aside", "依据已被撤销", "what it rests on was set aside"),
        ("class", "信用等级", "the class"),
        ("conduct", "一条失信记录", "a record of conduct"),
        ("enterprise", "企业", "an enterprise"),
        ("merged", "已并入另一主体", "merged into another party"),
        ("objection_upheld", "异议成立", "an objection was upheld"),
        ("person", "自然人", "a natural person"),
        ("repaired", "已经修复", "it was repaired"),
        ("span_over", "公示期满", "its span is over"),
        ("superseded", "等级已经变化", "another class since"),
    ];
    known.iter().find(|(known, ..)| *known == code).map(|(_, zh, en)| lang.say(zh, en))
}

/// A refusal, beside the field that it is about where it is about one, else at the head of the form.
pub(crate) fn beside(lang: Lang, step: &Step, rejection: &Rejection) -> FieldError {
    let said = lang.pick(rejection.zh(), rejection.en());
    let of = |name: &str| {
        let last = |field: &&Field| {
            field.name == name
                || field.name.split('.').next_back() == Some(name)
                || field.name.split('.').next() == Some(name)
        };
        step.fields.iter().find(last)
    };
    let (field, text) = match rejection {
        Rejection::Malformed { field, needs } => match of(field) {
            Some(named) => (Some(named), malformed(lang, named, needs)),
            None => (None, said),
        },
        Rejection::PhotoMissing { .. } => (
            of("photos"),
            lang.say("至少要一张照片，拍好再提交。", "One photo at least: take it, then send it again."),
        ),
        Rejection::NotFound { what } => {
            (NAMED.iter().find(|(account, _)| account == what).and_then(|(_, name)| of(name)), said)
        }
        Rejection::Rule { code, .. } => {
            let mut fields = RULES_OF_FIELDS.iter().filter(|(rule, _)| rule == code);
            (fields.find_map(|(_, name)| of(name)), said)
        }
        _ => (None, said),
    };
    let name = field.map_or_else(|| step.id.to_owned(), |field| parameter(step, field));
    FieldError { name, text }
}

/// Whether a refusal of a sample is only about what was filled in for it.
pub(crate) fn is_about_a_field(step: &Step, rejection: &Rejection) -> bool {
    let of = |name: &str| step.fields.iter().any(|field| field.name.split('.').any(|part| part == name));
    match rejection {
        Rejection::Malformed { field, .. } => of(field),
        Rejection::PhotoMissing { .. } | Rejection::ReasonMissing { .. } => true,
        // whom an account names is looked up once it is named
        Rejection::NotFound { what } => NAMED.iter().any(|(account, field)| account == what && of(field)),
        Rejection::Rule { code, .. } => !BARRING.contains(&code.as_str()),
        _ => false,
    }
}

fn malformed(lang: Lang, field: &Field, needs: &str) -> String {
    let label = lang.pick(field.label[0], field.label[1]);
    let zh = match (needs_in_chinese(needs), field.hint) {
        (Some(needs), _) => format!("{needs}。"),
        (None, Some(hint)) => hint[0].to_owned(),
        (None, None) => "请按这一项的说明修改。".to_owned(),
    };
    lang.pick(format!("“{label}”：{zh}"), format!("“{label}” needs {needs}."))
}

/// Members that name an account, and are told.
pub(super) const ACCOUNTS: [&str; 8] =
    ["account", "handling_officers", "officers", "proposer", "recorded_by", "reviewer", "second", "taken_by"];

/// Accounts that a step names, each with its field.
const NAMED: &[(&str, &str)] = &[
    ("account of a reviewer", "reviewer"),
    ("account of the second officer", "second"),
    ("account of whoever proposed it", "proposer"),
    ("party that it is merged into", "into"),
];

/// Rules that bar a step whatever is filled in: the page says so instead of offering it.
const BARRING: &[&str] = &[
    "announcement_too_soon",
    "appeal_late",
    "ban_has_its_own_decision",
    "ban_without_hearing",
    "campaign_over",
    "campaign_past",
    "carrying_out_suspended",
    "confirmed_before_statement",
    "confirmer_is_assessor",
    "confirmer_is_proposer",
    "confirmer_recorded_it",
    "counter_had_a_hand",
    "deadline_over",
    "estate_not_let",
    "extended_already",
    "extension_too_late",
    "hearing_late",
    "interim_measures_missing",
    "letting_prohibited",
    "lifter_confirmed_ban",
    "measure_decided_by_proposer",
    "measure_does_not_fit",
    "measure_over",
    "measure_waits",
    "no_commitment",
    "no_level",
    "no_lowest_class_waits",
    "no_rating",
    "not_in_rulebook",
    "not_overdue",
    "only_the_reviewer",
    "order_not_served",
    "order_without_party",
    "party_merged",
    "person_not_published",
    "plan_not_allowed",
    "recusal_by_reviewer",
    "recusal_open",
    "reviewer_dealt_with_hazard",
    "reviewer_filed_it",
    "reviewer_is_assessor",
    "reviewer_is_confirmer",
    "reviewer_is_related",
    "reviewer_of_case_is_finder",
    "reviewer_proposed_ban",
    "reviewer_recused",
    "statement_adopted",
];

/// The field that a rule is about.
const RULES_OF_FIELDS: &[(&str, &str)] = &[
    ("decision_without_remedy", "remedies"),
    ("remedy_of_another_decision", "remedies"),
    ("result_in_force", "assessment"),
    ("unknown_colleague", "account"),
    ("unknown_colleague", "administrator"),
    ("unknown_colleague", "to"),
    ("second_officer_not_joined", "second"),
    ("address_not_confirmed", "method"),
    ("answer_not_so", "answer"),
    ("area_not_yours", "area"),
    ("campaign_not_joined", "department"),
    ("campaign_without_premises", "premises"),
    ("department_not_asked", "department"),
    ("appeal_in_time", "why"),
    ("check_before_naming", "on"),
    ("check_of_nothing", "looked_at"),
    ("check_recorded_already", "on"),
    ("check_too_long_ago", "on"),
    ("confirmer_is_proposer", "proposer"),
    ("counter_without_paper", "photos"),
    ("due_too_early", "due"),
    ("extension_too_long", "until"),
    ("naming_without_basis", "basis"),
    ("no_case_to_merge_into", "into"),
    ("no_document", "document_number"),
    ("no_open_case", "hazard"),
    ("no_report_to_merge_with", "with"),
    ("not_in_campaign", "premises"),
    ("published_too_soon", "item"),
    ("unknown_party", "party"),
    ("unknown_premises", "premises"),
    ("not_longer", "until"),
    ("notice_without_authority", "authority"),
    ("notice_of_no_credit", "about"),
    ("notice_of_no_decision", "about"),
    ("notice_of_no_downgrade", "about"),
    ("notice_of_no_order", "about"),
    ("notice_of_no_prohibition", "about"),
    ("notice_of_no_result", "about"),
    ("notice_without_basis", "legal_basis"),
    ("notice_without_document", "document_number"),
    ("notice_without_officers", "handling_officers"),
    ("notice_without_remedy", "remedies"),
    ("nothing_varied", "corrected"),
    ("officers_of_another_department", "handling_officers"),
    ("order_without_party", "parties"),
    ("passed_on_to_itself", "to"),
    ("penalty_is_referred", "nature"),
    ("plan_not_longer", "days"),
    ("plan_too_long", "days"),
    ("plaque_not_due", "plaque"),
    ("plaque_shows_other", "shows"),
    ("plaque_still_due", "plaque"),
    ("proposer_of_another_authority", "proposer"),
    ("reviewer_is_assessor", "reviewer"),
    ("reviewer_is_confirmer", "reviewer"),
    ("reviewer_is_related", "reviewer"),
    ("reviewer_of_case_is_finder", "reviewer"),
    ("reviewer_recused", "reviewer"),
    ("reviewer_without_role", "reviewer"),
    ("unknown_authority", "authority"),
    ("unknown_department", "to"),
    ("unknown_excuse", "reason"),
    ("unknown_ground", "ground"),
    ("unknown_incident", "severity"),
    ("unknown_officers", "handling_officers"),
    ("unknown_scope", "scope"),
    ("witness_needed", "witnesses"),
    ("wrong_authority", "authority"),
];

/// What is nobody's to read on a page of the matter.
const SILENT: &[&str] = &[
    "type",
    "_sd",
    "again",
    "received",
    "derivation",
    "scheme",
    "previous",
    "photos",
    "document",
    "receipt",
    "evidence",
    "power_of_attorney",
    "sha256",
];

/// A decision's ways.
const OUTCOMES: &[(&str, &str, &str)] = &[
    ("check", "分派查看", "to be looked at"),
    ("confirmed", "属实", "confirmed"),
    ("dismissed", "不属实", "dismissed"),
    ("merged", "并入另一举报", "merged"),
    ("passed_on", "转其他部门", "passed on"),
    ("rejected", "不成立", "rejected"),
    ("upheld", "成立", "upheld"),
    ("varied", "变更", "varied"),
];

/// Members with words, in the order in which they are told.
const MEMBERS: &[(&str, &str, &str)] = &[
    ("conduct", "失信行为", "Conduct"),
    ("degree", "程度", "Degree"),
    ("attributed_to", "责任归属", "Put down to"),
    ("class", "信用等级", "Class"),
    ("shown", "现在的等级", "Class shown"),
    ("proposed", "应定等级", "Class proposed"),
    ("inspection_months", "几个月检查一次", "Months between inspections"),
    ("months", "几个月检查一次", "Months between inspections"),
    ("also", "同时要求检查的", "Also asked for by"),
    ("template", "承诺书版本", "Version of the letter"),
    ("corrected", "已改正", "Corrected"),
    ("channels", "公布在", "Published on"),
    ("indicator", "事项", "What"),
    ("measure", "措施", "Measure"),
    ("incentive", "激励", "Incentive"),
    ("topic", "培训内容", "Topic"),
    ("nature", "法律性质", "In law"),
    ("audience", "告知范围", "Audience"),
    ("approved", "是否同意", "Approved"),
    ("rent", "月租", "Rent a month"),
    ("station", "服务站", "Service station"),
    ("of", "禁止的是", "Prohibited in"),
    ("area", "范围", "Area"),
    ("ending", "结果", "Ended"),
    ("resolution", "第几件", "Resolution"),
    ("residents", "居民人数", "Residents"),
    ("department", "部门", "Department"),
    ("departments", "部门", "Departments"),
    ("officers", "人数", "People"),
    ("premises", "房屋", "Premises"),
    ("lines", "名单行数", "Lines"),
    ("at", "账本位置", "Ledger entry"),
    ("entered", "进门查看", "Entered"),
    ("not_entered", "没有进门", "Not entered"),
    ("not_visited", "没有上门", "Not visited"),
    ("hazards_found", "发现隐患", "Hazards found"),
    ("administrator", "管理员", "Administrator"),
    ("category", "类别", "Category"),
    ("kind", "种类", "Kind"),
    ("colour", "颜色", "Colour"),
    ("severity", "严重程度", "Severity"),
    ("works", "整改类别", "Works"),
    ("competent", "主管部门", "Department"),
    ("suspected", "疑似重大", "Suspected of being major"),
    ("major", "是否重大", "Major"),
    ("outcome", "结果", "Result"),
    ("finding", "结果", "Result"),
    ("result", "结果", "Result"),
    ("answer", "答复", "Answer"),
    ("upheld", "异议成立", "Objection upheld"),
    ("adopted", "采纳", "Adopted"),
    ("accepted", "采纳", "Taken over"),
    ("granted", "同意", "Granted"),
    ("how", "办结方式", "How"),
    ("why", "原因", "Why"),
    ("ground", "依据", "Ground"),
    ("scope", "范围", "Scope"),
    ("method", "方式", "How"),
    ("place", "地点", "Place"),
    ("plaque", "牌子", "Plaque"),
    ("shows", "几颗星", "Stars"),
    ("attempt", "第几次", "Attempt"),
    ("star", "星级", "Stars"),
    ("score", "得分", "Score"),
    ("management_level", "管理等级", "Level"),
    ("trigger", "起因", "Given rise to by"),
    ("vetoes", "一票否决", "Vetoes"),
    ("days", "天数", "Days"),
    ("on", "日期", "On"),
    ("served_on", "送达日期", "Served on"),
    ("handed_in_on", "窗口收到", "Handed in on"),
    ("turned_from", "原先误提的事项", "First asked for as"),
    ("due", "期限", "Due"),
    ("until", "到", "Until"),
    ("from", "从", "From"),
    ("statement_by", "陈述期限", "Statement by"),
    ("decide_by", "答复期限", "To be decided by"),
    ("reply_by", "答复期限", "Reply by"),
    ("received_on", "收到日期", "Received on"),
    ("safe_on", "安全日期", "Safe from"),
    ("issued_at", "发布时间", "Issued at"),
    ("effective_at", "生效时间", "Takes effect at"),
    ("happened_at", "发生时间", "Happened at"),
    ("days_late", "迟了几天", "Days late"),
    ("level", "上报级别", "Level"),
    ("reached_on", "到级日期", "Reached on"),
    ("to", "交给", "To"),
    ("with", "交给", "With"),
    ("whose", "责任方", "Whose"),
    ("account", "账号", "Account"),
    ("proposer", "提出人", "Proposed by"),
    ("reviewer", "复核人", "Reviewer"),
    ("side", "哪一方", "Side"),
    ("parties", "责任人", "Parties"),
    ("party", "主体", "Party"),
    ("into", "并入", "Merged into"),
    ("matches", "与登记一致", "It is who it says"),
    ("uscc", "统一社会信用代码", "Unified social credit code"),
    ("role", "身份", "As"),
    ("authority", "机关", "Authority"),
    ("outside_authority", "外部机关", "Organ elsewhere"),
    ("handling_officers", "经办人", "Handled by"),
    ("second", "另一位执法人员", "The second officer"),
    ("body", "机关", "Organ"),
    ("document_number", "文号", "Document"),
    ("legal_basis", "法律依据", "Legal basis"),
    ("remedies", "救济途径", "Remedies"),
    ("missing", "还缺", "Missing"),
    ("streams", "在哪些事项里", "In which matters"),
    ("basis", "依据", "Basis"),
    ("recorded_by", "谁记的", "Recorded by"),
    ("taken_by", "窗口代录", "Recorded at the counter by"),
    ("reason_codes", "理由类别", "Why"),
    ("units_entered", "进门套数", "Units entered"),
    ("units_unanswered", "没有人应门", "Units unanswered"),
    ("units_refused", "不让进", "Units refused"),
    ("repeat", "重复巡查", "A repeat"),
    ("persons_present", "在场人数", "Persons present"),
    ("record_signed", "记录已签字", "Record signed"),
    ("note_left", "已留条", "A note was left"),
    ("witnesses", "见证人", "Witnesses"),
    ("vacant", "没有人住", "Vacant"),
    ("address", "地址", "Address"),
    ("storeys", "层数", "Storeys"),
    ("units", "套数", "Units"),
    ("year_built", "建成年份", "Year built"),
    ("looked_at", "看了", "Looked at"),
    ("fields", "要更正的项", "To be put right"),
    ("tag", "标记", "Mark"),
    ("source_id", "来源编号", "Source's number"),
    ("what", "内容", "What"),
    ("text", "原话", "In words"),
    ("grounds", "理由", "Grounds"),
    ("reasons", "理由", "Reasons"),
    ("reason", "理由", "Why"),
    ("findings", "查看情况", "Findings"),
    ("note", "说明", "Note"),
    ("claims", "请求", "Claims"),
    ("minutes", "笔录", "Minutes"),
    ("words", "原话", "In words"),
    ("aim", "目的", "What for"),
    ("tenants", "谁入住", "Who moves in"),
    ("notes", "说明", "Notes"),
    ("recipient", "签收人", "Taken by"),
    ("witness_names", "见证人姓名", "Names of the witnesses"),
    ("relation", "关系", "Relation"),
    ("agreed_by", "同意进门的人", "Entry agreed by"),
    ("waiver_reason", "紧急危险", "Imminent danger"),
    ("contact", "联系方式", "Contact"),
    ("name", "姓名", "Name"),
    ("phone", "电话", "Telephone"),
    ("photos", "照片", "Photos"),
];

//! Why a hazard's commands are refused, in words.

use serde_json::Value;

use crate::rejection::Rejection;

/// A rule of this concept, by its code.
pub(super) fn refused(code: &str) -> Rejection {
    refused_by(code, Value::Null)
}

/// A rule of this concept, with the day or number that it names.
pub(super) fn refused_by(code: &str, detail: Value) -> Rejection {
    Rejection::Rule { code: code.to_owned(), detail }
}

/// What a refusal of this concept says and what to do, in Chinese and in English.
pub(crate) fn told(code: &str, detail: &Value) -> Option<[String; 2]> {
    let [zh, en] = match code {
        "days_not_of_policy" => [
            "整改期限由规则规定，应为送达之日起{days}天。需要更长时间，请办理整改方案或延期。",
            "The term is the rulebook's: {days} days from service. For more time use a works plan or an extension.",
        ],
        "deadline_over" => [
            "整改期限{due}已过，不能再申请延期；请尽快整改，或提交整改方案。",
            "The term ended on {due}, so no extension can be asked for. Put it right, or hand in a works plan.",
        ],
        "due_too_early" => [
            "新的整改期限不得早于{due}，请另选日期。",
            "A new due day cannot be before {due}. Choose a later one.",
        ],
        "extension_too_long" => [
            "延期最晚到{due}(规则规定的最长期限),请选更早的日期。",
            "The rulebook's longest term ends on {due}. Choose an earlier day.",
        ],
        "finding_stands" => [
            "发现这项隐患的评定结果没有更正，不能这样办结。结果确有错误的，请先更正结果；隐患不存在的，请按异议或验收办理。",
            "The result that opened this case was not put right, so it cannot be closed for that. Correct the result first if it is wrong; a hazard that is not there is answered on the party's objection or by an acceptance.",
        ],
        "interim_measures_missing" => [
            "整改方案须先在现场落实临时措施，请确认后再办。",
            "A works plan needs interim measures confirmed on the spot. Confirm them first.",
        ],
        "no_case_to_merge_into" => [
            "合并须指明同一房屋、同一指标、仍在办理的另一案件，请重新选择。",
            "There is no such case to merge it into. Name another open one of the same indicator in these premises.",
        ],
        "not_longer" => [
            "延期须晚于现在的期限{due}，请选更晚的日期。",
            "An extension must end after {due}, the day that runs now. Choose a later one.",
        ],
        "not_overdue" => [
            "只有已逾期的隐患可以挂牌督办，请等期限届满后再办。",
            "Only an overdue hazard is taken under supervision. Wait until its term has ended.",
        ],
        "order_not_served" => [
            "整改通知尚未送达，期限还没有开始；请先送达。",
            "The order has not been served, so no term runs yet. Serve it first.",
        ],
        "order_without_party" => [
            "整改通知须写明本房屋现有的责任人；请先登记责任人。",
            "An order is addressed to parties that answer for these premises now. Name them in the register first.",
        ],
        "passed_on_to_itself" => [
            "不能转给现在的主管部门自己，请选其他部门。",
            "The case is with that department already. Choose another one.",
        ],
        "plan_not_allowed" => [
            "必须立即整改的隐患不能延长期限，请立即整改。",
            "What must be put right at once gets no longer term. Put it right, and hand in the result.",
        ],
        "plan_not_longer" => [
            "整改方案只能延长期限，请填多于{days}天。",
            "A works plan only lengthens the term. Ask for more than {days} days.",
        ],
        "plan_too_long" => [
            "整改方案自送达之日起最长{days}天，请缩短。",
            "A works plan is {days} days from service at most. Shorten it.",
        ],
        "unknown_department" => [
            "规则中没有这个部门，请从部门清单中选择。",
            "The rulebook has no such department. Choose one of its list.",
        ],
        "unknown_severity" => [
            "规则中没有这个隐患等级，请从清单中选择。",
            "The rulebook has no such severity. Choose one of its list.",
        ],
        "unknown_works" => [
            "规则中没有这个整改类别，请从清单中选择。",
            "The rulebook has no such class of work. Choose one of its list.",
        ],
        _ => return None,
    };
    let named = |text: &str| {
        let day = detail["due"].as_str().unwrap_or_default();
        let days = detail["days"].as_u64().map(|days| days.to_string()).unwrap_or_default();
        text.replace("{due}", day).replace("{days}", &days)
    };
    Some([named(zh), named(en)])
}

//! Why a command is refused: which rule, and what to do. A refusal leaves no event.

use chrono::NaiveDate;
use serde_json::{Value, json};

use crate::facts::Role;
use crate::permission::Within;
use crate::refusal_nouns::in_chinese;
use crate::refusal_words;
use crate::refused::Refused;

/// A refusal by the rules. What could not be done for another reason (a full disk, a lost connection) is not here.
#[derive(Clone, Debug, PartialEq)]
pub enum Rejection {
    /// The stream begins only once.
    AlreadyExists {
        /// What is there already.
        what: &'static str,
    },
    /// What is stated on behalf of a body must be that body's.
    DepartmentNeeded {
        /// The department that answers for it.
        department: String,
    },
    /// The assessor, finder or proposer may not also confirm or review.
    DutiesSeparated {
        /// `confirmer_is_assessor`, `reviewer_is_finder`, `confirmer_is_proposer`.
        rule: &'static str,
    },
    /// Indicators without a result, with who collects each.
    Incomplete {
        /// Every missing one.
        missing: Vec<Missing>,
    },
    /// A field does not have the form it needs.
    Malformed {
        /// Which one.
        field: &'static str,
        /// What it must look like.
        needs: &'static str,
    },
    /// There is nothing to act on.
    NotFound {
        /// What was looked for.
        what: &'static str,
    },
    /// Somebody else collects these indicators.
    NotYours {
        /// Each, with who collects it.
        indicators: Vec<Missing>,
    },
    /// The actor's role does not reach so far.
    OutOfReach {
        /// How far it reaches.
        within: Within,
    },
    /// A photo is required with these results before submission.
    PhotoMissing {
        /// The indicators, sorted.
        indicators: Vec<String>,
    },
    /// Closed premises take no more facts.
    PremisesClosed {
        /// Since when.
        on: NaiveDate,
    },
    /// `not_applicable` needs a reason.
    ReasonMissing {
        /// The indicators, sorted.
        indicators: Vec<String>,
    },
    /// The actor holds none of the roles that may do this.
    RoleNeeded {
        /// Any one of these would do.
        roles: Vec<Role>,
    },
    /// A rule of the rulebook, by its code, with what it names.
    Rule {
        /// `bad_result`, `confirmed_before_statement` …
        code: String,
        /// Whatever the rule says besides.
        detail: Value,
    },
    /// No published rulebook goes by that name.
    RulebookUnknown,
    /// The case is not in the state that this needs.
    WrongState {
        /// Where it is.
        is: &'static str,
        /// Where it must be.
        needs: &'static str,
    },
}

/// An indicator, and who collects it.
#[derive(Clone, Debug, PartialEq)]
pub struct Missing {
    /// `grid`, `department`, `feed` or `ledger`.
    pub collect: String,
    /// The competent department's id.
    pub competent: String,
    /// Its name in Chinese.
    pub competent_zh: String,
    /// The indicator's id.
    pub indicator: String,
    /// Its names.
    pub zh: String,
    /// Its English name.
    pub en: String,
}

impl Missing {
    /// Whose it is, in Chinese: somebody on the spot, a department, a system.
    pub fn whose_zh(&self) -> String {
        match self.collect.as_str() {
            "department" => format!("{}采集", self.competent_zh),
            "feed" => format!("{}系统提供", self.competent_zh),
            "grid" => "网格员采集".to_owned(),
            _ => "平台统计".to_owned(),
        }
    }

    /// Whose it is, in English.
    pub fn whose_en(&self) -> String {
        match self.collect.as_str() {
            "department" => format!("collected by the department “{}”", self.competent),
            "feed" => format!("shared by the system of “{}”", self.competent),
            "grid" => "collected by the grid worker".to_owned(),
            _ => "counted by the platform".to_owned(),
        }
    }
}

impl std::error::Error for Rejection {}

impl From<Refused> for Rejection {
    fn from(refused: Refused) -> Self {
        let detail = json!({ "ids": refused.ids.unwrap_or_default(), "year": refused.year });
        Self::Rule { code: refused.error, detail }
    }
}

impl std::fmt::Display for Rejection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.en())
    }
}

impl Rejection {
    /// A stable code, the last part of the problem's `type`.
    pub fn code(&self) -> &str {
        match self {
            Self::AlreadyExists { .. } => "already_exists",
            Self::DepartmentNeeded { .. } => "department_needed",
            Self::DutiesSeparated { rule } => rule,
            Self::Incomplete { .. } => "incomplete",
            Self::Malformed { .. } => "malformed",
            Self::NotFound { .. } => "not_found",
            Self::NotYours { .. } => "not_yours",
            Self::OutOfReach { within: Within::Premises } => "not_your_premises",
            Self::OutOfReach { within: Within::Beat } => "not_assigned",
            Self::OutOfReach { .. } => "not_your_area",
            Self::PhotoMissing { .. } => "photo_missing",
            Self::PremisesClosed { .. } => "premises_closed",
            Self::ReasonMissing { .. } => "reason_missing",
            Self::RoleNeeded { .. } => "role_needed",
            Self::Rule { code, .. } => code,
            Self::RulebookUnknown => "rulebook_unknown",
            Self::WrongState { .. } => "wrong_state",
        }
    }

    /// What the refusal names, for machines.
    pub fn detail(&self) -> Value {
        match self {
            Self::Incomplete { missing } | Self::NotYours { indicators: missing } => json!({
                "indicators": missing.iter().map(|m| json!({
                    "indicator": m.indicator, "collect": m.collect, "competent": m.competent,
                })).collect::<Vec<_>>()
            }),
            Self::PhotoMissing { indicators } | Self::ReasonMissing { indicators } => {
                json!({ "indicators": indicators })
            }
            Self::Rule { detail, .. } => detail.clone(),
            Self::WrongState { is, needs } => json!({ "is": is, "needs": needs }),
            _ => json!({}),
        }
    }

    /// The indicators it names, together where one hand collects them, with one of them to say whose they are.
    pub fn by_collector(&self) -> Vec<(&Missing, Vec<&Missing>)> {
        let (Self::Incomplete { missing } | Self::NotYours { indicators: missing }) = self else {
            return vec![];
        };
        let mut grouped: Vec<(&Missing, Vec<&Missing>)> = Vec::new();
        for m in missing {
            match grouped.iter_mut().find(|(first, _)| first.whose_en() == m.whose_en()) {
                Some((_, names)) => names.push(m),
                None => grouped.push((m, vec![m])),
            }
        }
        grouped
    }

    /// What happened and what to do, in English.
    pub fn en(&self) -> String {
        match self {
            Self::AlreadyExists { what } => {
                format!("There is already such a {what}. Open it instead of making it again.")
            }
            Self::DepartmentNeeded { department } => {
                format!("This belongs to the department “{department}”. Ask it, or pass the case on to it.")
            }
            Self::DutiesSeparated { rule } => match *rule {
                "reviewer_is_finder" => {
                    "Whoever found a hazard does not review it. Ask another officer of the department.".into()
                }
                "confirmer_is_proposer" => {
                    "Whoever proposed a prohibition does not confirm it. Another confirmer must decide."
                        .into()
                }
                "decider_is_proposer" => {
                    "Whoever proposed or claimed it does not decide on it. Another data clerk must.".into()
                }
                "publisher_is_drafter" => {
                    "Whoever drafted a rulebook does not publish it. Another administrator of the commission must.".into()
                }
                "only_the_lead_submits" => {
                    "Only whoever leads the assessment does this. Ask the lead, or have it handed over to you."
                        .into()
                }
                _ => "Whoever assessed the house does not confirm its grade. Another confirmer must decide."
                    .into(),
            },
            Self::Incomplete { missing } => {
                format!(
                    "{} indicator(s) missing: {}. Enter your own, ask whoever has the others, then submit.",
                    missing.len(),
                    join(missing, |m| &m.en)
                )
            }
            Self::Malformed { field, needs } => {
                format!("“{field}” does not have the right form: it needs {needs}. Correct it and send it again.")
            }
            Self::NotFound { what } => {
                format!("There is no such {what}. Check what you named; what is not recorded yet is recorded first.")
            }
            Self::NotYours { indicators } => {
                format!(
                    "Somebody else collects: {}. Nothing was saved: leave these out and send your own again.",
                    join(indicators, |m| &m.en)
                )
            }
            Self::OutOfReach { within: Within::Premises } => {
                "Your party is not named as answering for these premises, nor are you their steward. Claim them, or ask the data clerk.".into()
            }
            Self::OutOfReach { within: Within::Beat } => {
                "These premises are not assigned to you. Ask the lead of the subdistrict to assign you.".into()
            }
            Self::OutOfReach { .. } => {
                "These premises lie outside the area you work in. Ask whoever leads the subdistrict they lie in."
                    .into()
            }
            Self::PhotoMissing { indicators } => {
                format!(
                    "A photo is still needed with: {}. Take it and add it, then submit.",
                    indicators.join(", ")
                )
            }
            Self::PremisesClosed { on } => {
                format!(
                    "These premises were closed on {on}, and nothing more is recorded there. Look up what they are called \
                     now, or ask the data clerk if they were closed by mistake."
                )
            }
            Self::ReasonMissing { indicators } => {
                format!("“Not applicable” needs a reason with: {}. Write it, then save again.", indicators.join(", "))
            }
            Self::RoleNeeded { roles } if roles.is_empty() => {
                "Another system sends this in; nobody enters it by hand. If it is missing, ask the department whose system it is."
                    .into()
            }
            Self::RoleNeeded { roles } => format!(
                "This needs the role of {}. Ask your administrator if it is part of your work.",
                roles.iter().map(|role| role.en()).collect::<Vec<_>>().join(" or ")
            ),
            Self::Rule { code, detail } => rule_en(code, detail),
            Self::RulebookUnknown => {
                "No rulebook of that name is published. Publish it first, or choose another.".into()
            }
            Self::WrongState { is, needs } => {
                format!("It is “{is}” now; this needs “{needs}”. Reload to see what changed, and choose a step that fits.")
            }
        }
    }

    /// What happened and what to do, in Chinese.
    pub fn zh(&self) -> String {
        match self {
            Self::AlreadyExists { what } => match in_chinese(what) {
                Some(what) => format!("已经有{what}，请打开原来的，不要重复新建。"),
                None => "已经有这一条记录，请打开原记录，不要重复新建。".into(),
            },
            Self::DepartmentNeeded { department } => {
                format!("此项由主管部门（{department}）负责，请转给该部门办理。")
            }
            Self::DutiesSeparated { rule } => match *rule {
                "reviewer_is_finder" => "发现隐患的人不能审核同一隐患，请本部门另一位同志审核。".into(),
                "confirmer_is_proposer" => "提出禁止租赁的人不能自己确认，请另一位确认人决定。".into(),
                "decider_is_proposer" => "提出申请的人不能自己答复，请另一位数据管理员办理。".into(),
                "publisher_is_drafter" => "起草规则的人不能自己发布，请政法委另一位管理员发布。".into(),
                "only_the_lead_submits" => "只有评定负责人可以办理，请联系负责人，或先移交给您。".into(),
                _ => "评定人不能确认自己评定的等级，请另一位确认人决定。".into(),
            },
            Self::Incomplete { missing } => {
                format!(
                    "还有{}项指标没有结果：{}。请补齐自己采集的，其余请联系采集人或推送系统的部门，再提交。",
                    missing.len(),
                    join_zh(missing)
                )
            }
            Self::Malformed { field, needs } => match in_chinese(needs) {
                Some(needs) => format!("“{field}”填写得不对：{needs}。请改正后再提交。"),
                None => format!("“{field}”填写的格式不对，请按提示修改后再提交。"),
            },
            Self::NotFound { what } => match in_chinese(what) {
                Some(what) => format!("没有找到{what}。请核对所填的内容；还没有登记的，请先登记。"),
                None => "没有找到。请核对编码，或先登记。".into(),
            },
            Self::NotYours { indicators } => {
                format!(
                    "以下指标由其他人采集：{}。本次没有保存，请去掉这些再提交自己的。",
                    join_zh(indicators)
                )
            }
            Self::OutOfReach { within: Within::Premises } => {
                "没有登记您方为该房屋的责任人，您也不是该楼的楼栋长。请先申报责任关系，或联系数据管理员。"
                    .into()
            }
            Self::OutOfReach { within: Within::Beat } => "该房屋没有指派给您，请联系街道负责人指派。".into(),
            Self::OutOfReach { .. } => "该房屋不在您的工作辖区内，请联系所在街道的负责人。".into(),
            Self::PhotoMissing { indicators } => {
                format!("以下指标还缺照片：{}。请补拍后再提交。", indicators.join("、"))
            }
            Self::PremisesClosed { on } => {
                format!("该房屋已于{on}注销，不能再记录。请查找它现在的编码；如属误注销，请联系数据管理员。")
            }
            Self::ReasonMissing { indicators } => {
                format!("“不适用”要写明原因：{}。请写明后再保存。", indicators.join("、"))
            }
            Self::RoleNeeded { roles } if roles.is_empty() => {
                "此项由其他系统推送，不能手工填写。如果缺少，请联系推送系统的部门。".into()
            }
            Self::RoleNeeded { roles } => format!(
                "此操作需要{}权限。如属您的职责，请联系管理员。",
                roles.iter().map(|role| role.zh()).collect::<Vec<_>>().join("或")
            ),
            Self::Rule { code, detail } => rule_zh(code, detail),
            Self::RulebookUnknown => "没有已发布的这一版规则，请先发布或另选一版。".into(),
            Self::WrongState { is, needs } => match (in_chinese(is), in_chinese(needs)) {
                (Some(is), Some(needs)) => {
                    format!(
                        "事项的状态已经变化：现在是“{is}”，这一步要求“{needs}”。请刷新页面后选择合适的操作。"
                    )
                }
                _ => "事项的状态已经变化，请刷新页面后再操作。".into(),
            },
        }
    }
}

/// What a field needs, in Chinese, by what [`Rejection::Malformed`] says of it; none where it is not known here.
pub fn needs_in_chinese(needs: &str) -> Option<&'static str> {
    in_chinese(needs)
}

fn join<'a>(missing: &'a [Missing], name: impl Fn(&'a Missing) -> &'a String) -> String {
    missing.iter().map(|m| format!("{} ({})", name(m), m.whose_en())).collect::<Vec<_>>().join(", ")
}

fn join_zh(missing: &[Missing]) -> String {
    missing.iter().map(|m| format!("{}({})", m.zh, m.whose_zh())).collect::<Vec<_>>().join("、")
}

fn rule_en(code: &str, detail: &Value) -> String {
    let ids = ids(detail).join(", ");
    match code {
        "bad_result" => format!("The result does not fit the indicator: {ids}. Choose one of the answers shown."),
        "carried_failed" => format!("A failed result is never carried over: {ids}. Check it again."),
        "carried_out_of_range" => format!("The rulebook carries no result over for so long: {ids}. Check it again."),
        "confirmed_before_statement" => {
            "The party has not been heard yet. Confirm after the statement was considered or its period has ended.".into()
        }
        "no_document" => "A decision needs its document number. Write the number on the document, then send it again.".into(),
        "unknown_excuse" => "That obstacle excuses no round. Choose one of the policy's list.".into(),
        "unknown_incident" => "The policy's table has no such category and severity of an incident. Check both with the department that sent it.".into(),
        "unknown_ground" => "That ground is not in the policy's list. Choose one of those shown.".into(),
        "unknown_indicator" => format!("The rulebook has no such indicator: {ids}. Check the ids against the rulebook of this assessment."),
        "waiver_not_allowed" => "The hearing can be waived for imminent danger only. Invite the party to speak.".into(),
        "waiver_without_reason" => "Waiving the hearing needs a written reason. Write what the danger is.".into(),
        "wrong_authority" => "Only the ground's competent authority may prohibit letting. Ask that authority to decide, or choose the ground that is yours."
                .into(),
        other => {
            let own = crate::hazard::told(other, detail).or_else(|| crate::report::told(other));
            own.map(|[_, en]| en).or_else(|| refusal_words::in_english(other, detail)).unwrap_or_else(|| {
                format!(
                    "The rulebook refuses it: {other}{}{ids}. Look it up in the rulebook, or ask your administrator about this word.",
                    if ids.is_empty() { "" } else { ": " }
                )
            })
        }
    }
}

fn rule_zh(code: &str, detail: &Value) -> String {
    let ids = ids(detail).join("、");
    match code {
        "bad_result" => format!("结果与指标不符：{ids}。请从给出的选项中选择。"),
        "carried_failed" => format!("不合格的结果不能沿用：{ids}。请重新检查。"),
        "carried_out_of_range" => format!("超过了规则允许沿用结果的天数：{ids}。请重新检查。"),
        "confirmed_before_statement" => "当事人的陈述申辩尚未听取完毕，请在审议后或期限届满后再确认。".into(),
        "no_document" => "决定必须写明文号。请填写决定文书的文号后再提交。".into(),
        "unknown_excuse" => "这种情况不能免计巡查，请从政策清单中选择。".into(),
        "unknown_incident" => "政策表中没有这一类别和等级的事件，请核对。".into(),
        "unknown_ground" => "所选依据不在政策清单内，请从给出的选项中选择。".into(),
        "unknown_indicator" => format!("规则中没有这些指标：{ids}。请对照本次评定所用的规则核对指标编号。"),
        "waiver_not_allowed" => "只有紧急危险才可以免除陈述申辩，请先通知当事人陈述申辩。".into(),
        "waiver_without_reason" => "免除陈述申辩必须写明理由，请写明是什么危险。".into(),
        "wrong_authority" => {
            "只有该依据的主管机关可以禁止租赁，请由该机关决定，或选择属于本机关的依据。".into()
        }
        other => {
            let own = crate::hazard::told(other, detail).or_else(|| crate::report::told(other));
            own.map(|[zh, _]| zh).or_else(|| refusal_words::in_chinese(other, detail)).unwrap_or_else(|| {
                format!("不符合规则（{code}）{ids}。请对照规则核对，或者把这个代码告诉管理员。")
            })
        }
    }
}

fn ids(detail: &Value) -> Vec<&str> {
    detail["ids"].as_array().map(|ids| ids.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
}

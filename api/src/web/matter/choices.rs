//! What a field offers to choose from, out of the rulebook and out of these premises.

use serde_json::{Value, json};
use wuping_domain::appeal;

use super::reading::Matter;
use super::step::{Code, Field, Kind, Source};

/// The choices of a field; none for one that is written.
pub(crate) fn choices(matter: &Matter, field: &Field) -> Vec<(String, String)> {
    let lang = matter.lang;
    match field.kind {
        Kind::Case { .. } => cases(matter),
        Kind::Corrected => corrections(matter),
        Kind::Hazard => indicators(matter),
        Kind::Many(codes) | Kind::One(codes) => {
            codes.iter().map(|Code(code, zh, en)| ((*code).to_owned(), lang.say(zh, en))).collect()
        }
        Kind::ManyOf(source) | Kind::OneOf(source) => from(matter, source),
        Kind::YesNo => vec![("yes".into(), lang.say("是", "Yes")), ("no".into(), lang.say("否", "No"))],
        _ => vec![],
    }
}

/// What a choice says that was made.
pub(crate) fn told(matter: &Matter, field: &Field, value: &str) -> String {
    let offered = choices(matter, field).into_iter().find(|(code, _)| code == value);
    offered.map_or_else(|| value.to_owned(), |(_, label)| label)
}

fn from(matter: &Matter, source: Source) -> Vec<(String, String)> {
    let lang = matter.lang;
    let policy = matter.rulebook().map(|rulebook| &rulebook.policy);
    let subject = matter.subject();
    let same = |text: &String| (text.clone(), text.clone());
    let hazards = |open: bool| {
        let all = subject.map(|subject| &subject.hazards).into_iter().flatten();
        let fit = all.filter(move |(key, of)| of.state.is_open() == open && key.as_str() != matter.key());
        fit.map(|(key, _)| (key.clone(), matter.hazard(key))).collect()
    };
    let premises = subject.map(|subject| &subject.premises);
    match source {
        Source::Assessments => {
            let all = subject.map(|subject| &subject.assessments).into_iter().flatten();
            let named = |(key, of): (&String, &wuping_domain::subject::AssessmentOf)| {
                let on = of.opened_on.map(|on| on.to_string()).unwrap_or_default();
                (key.clone(), format!("{on} {}", of.state.reason.map_or("", |reason| reason.trigger())))
            };
            let mut found: Vec<(String, String)> = all.map(named).collect();
            found.sort_by(|a, b| b.1.cmp(&a.1));
            found
        }
        Source::Assessors => {
            premises.into_iter().flat_map(|p| &p.assessors).map(|one| same(&one.account)).collect()
        }
        Source::Claims => premises.into_iter().flat_map(|p| &p.claims).map(|one| same(&one.party)).collect(),
        Source::ClosedHazards => hazards(false),
        Source::Departments => policy
            .into_iter()
            .flat_map(|policy| &policy.departments)
            .map(|one| (one.id.clone(), lang.department(&one.id).to_owned()))
            .collect(),
        Source::Excuses => policy
            .and_then(|policy| policy.patrol.as_ref())
            .into_iter()
            .flat_map(|patrol| &patrol.excused_reasons)
            .map(|code| (code.clone(), lang.visit(code).to_owned()))
            .collect(),
        Source::Grounds => policy
            .into_iter()
            .flat_map(|policy| &policy.prohibition_grounds)
            .map(|one| {
                let of = lang.department(&one.competent);
                (
                    one.id.clone(),
                    format!(
                        "{}{}{of}{}",
                        lang.prohibition(&one.id),
                        lang.pick("（", " ("),
                        lang.pick("）", ")")
                    ),
                )
            })
            .collect(),
        Source::Indicators => indicators(matter),
        Source::OpenHazards => hazards(true),
        Source::Parties => premises
            .into_iter()
            .flat_map(|p| &p.parties)
            .filter(|one| one.span.holds_on(matter.today()))
            .map(|one| (one.party.clone(), format!("{} {}", one.party, lang.role(&one.role))))
            .collect(),
        Source::PartiesOfMine => {
            matter.actor().grants.iter().filter_map(|grant| grant.party.as_ref()).map(same).collect()
        }
        Source::Proposals => premises
            .into_iter()
            .flat_map(|p| &p.proposals)
            .map(|(number, of)| {
                let named: Vec<&str> =
                    of.fields.iter().map(|field| super::words::member(lang, field)).collect();
                (number.to_string(), format!("{number}{}{}", lang.pick("：", ": "), lang.list(&named)))
            })
            .collect(),
        Source::Remedies => policy
            .into_iter()
            .flat_map(|policy| &policy.deadlines)
            .filter(|rule| REMEDIES.contains(&rule.id.as_str()))
            .map(|rule| (rule.id.clone(), lang.deadline(&rule.id).to_owned()))
            .collect(),
        Source::Reports => {
            let all = subject.map(|subject| &subject.reports).into_iter().flatten();
            let others = all.filter(|(key, _)| key.as_str() != matter.key());
            others
                .map(|(key, of)| (key.clone(), format!("{} {}", matter.indicator(&of.category), short(key))))
                .collect()
        }
        Source::Reviewers => matter.reviewers.iter().map(same).collect(),
        Source::Scopes => policy
            .and_then(|policy| policy.prohibition.as_ref())
            .into_iter()
            .flat_map(|rule| &rule.scopes)
            .map(|code| (code.clone(), lang.prohibition(code).to_owned()))
            .collect(),
        Source::Stewards => {
            premises.into_iter().flat_map(|p| &p.stewards).map(|one| same(&one.account)).collect()
        }
        Source::Tags => premises.into_iter().flat_map(|p| &p.tags).map(same).collect(),
    }
}

/// The indicators whose failing opens a hazard; a resident's report may be about something else.
pub(crate) fn indicators(matter: &Matter) -> Vec<(String, String)> {
    let all = matter.rulebook().into_iter().flat_map(|rulebook| &rulebook.scheme.indicators);
    let opening = all.filter(|indicator| indicator.hazard.is_some());
    opening.map(|indicator| (indicator.id.clone(), matter.indicator(&indicator.id))).collect()
}

/// What can be contested or written about: each determination, newest first, and each hazard.
fn cases(matter: &Matter) -> Vec<(String, String)> {
    let (lang, Some(subject), Some(premises)) = (matter.lang, matter.subject(), matter.premises()) else {
        return vec![];
    };
    let mut offers = Vec::new();
    for number in subject.grade.determined.keys().rev() {
        let latest = subject.grade.latest.as_ref().filter(|latest| latest.number == *number);
        let stars = latest.map(|latest| lang.stars(latest.star)).unwrap_or_default();
        offers.push((
            format!("premises/{premises}/grade#{number}"),
            lang.pick(format!("第 {number} 次等级结果 {stars}"), format!("Grade no. {number} {stars}")),
        ));
    }
    for (key, of) in subject.hazards.iter().rev().filter(|(_, of)| of.state.is_open()) {
        offers
            .push((of.stream.clone(), format!("{}{}", lang.pick("隐患：", "Hazard: "), matter.hazard(key))));
    }
    let running = subject.appeals.keys().map(|key| {
        (
            format!("premises/{premises}/appeal/{key}"),
            lang.pick(format!("申诉 {}", short(key)), format!("Appeal {}", short(key))),
        )
    });
    offers.extend(running);
    offers
}

/// Every outcome of every indicator that is chosen from a list.
fn corrections(matter: &Matter) -> Vec<(String, String)> {
    let rulebook = matter.rulebook();
    let mut offers = Vec::new();
    for indicator in rulebook.into_iter().flat_map(|rulebook| &rulebook.scheme.indicators) {
        for row in &indicator.rows {
            let value = row.from.map_or_else(|| json!(row.id), |from| json!(from));
            let words = if row.en.is_empty() { &row.zh } else { matter.lang.pick(&row.zh, &row.en) };
            let label = format!("{}{}{words}", matter.indicator(&indicator.id), matter.lang.pick("：", ": "));
            offers.push((json!([indicator.id, value]).to_string(), label));
        }
    }
    offers
}

/// What a choice of a case stands for: the stream, and of a grade the determination.
pub(crate) fn case_of(chosen: &str) -> appeal::Against {
    let (stream, number) =
        chosen.split_once('#').map_or((chosen, None), |(stream, number)| (stream, number.parse().ok()));
    appeal::Against { stream: stream.to_owned(), determination: number }
}

/// What a hazard's class says beside its indicator.
pub(crate) fn class_of(matter: &Matter, indicator: &str) -> Option<Value> {
    let known = matter.rulebook()?.indicator(indicator)?;
    let class = known.hazard.as_ref()?;
    Some(json!({
        "indicator": known.id, "severity": class.severity, "works": class.works, "competent": known.competent,
        "suspected": known.veto == Some(wuping_domain::rulebook::scheme::Veto::AfterDetermination),
    }))
}

/// The end of a key, enough to tell it from its neighbours.
pub(crate) fn short(key: &str) -> &str {
    key.get(key.len().saturating_sub(6)..).unwrap_or(key)
}

/// Deadlines of the policy that a party has against a decision.
const REMEDIES: [&str; 4] =
    ["appeal_file", "administrative_reconsideration", "litigation", "litigation_after_reconsideration"];

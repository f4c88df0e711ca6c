//! What a field offers to choose from, out of the rulebook and out of these premises.

use serde_json::{Value, json};
use wuping_domain::appeal;
use wuping_domain::campaign::Campaign;
use wuping_domain::event::aggregate_type;
use wuping_domain::hazard::Stage as HazardStage;
use wuping_domain::meeting::{Meeting, Resolution};
use wuping_domain::reevaluation::Answer;
use wuping_domain::subject::{AssessmentOf, HazardOf};

use super::doubt::Doubtful;
use super::reading::{Matter, Sight};
use super::stage;
use super::step::{Code, Field, Kind, Source};
use super::words::member;
use super::{credit_choices, naming};
use crate::look::words::Lang;

/// The choices of a field; none for one that is written.
pub(crate) fn choices(matter: &Matter, field: &Field) -> Vec<(String, String)> {
    let lang = matter.lang;
    match field.kind {
        Kind::Case { .. } => cases(matter),
        Kind::Corrected => corrections(matter),
        Kind::Doubtful => doubtful(matter),
        Kind::Hazard => findings(matter),
        Kind::Many(codes) | Kind::One(codes) => {
            codes.iter().map(|Code(code, zh, en)| ((*code).to_owned(), lang.say(zh, en))).collect()
        }
        Kind::ManyOf(source) | Kind::OneOf(source) => from(matter, source),
        Kind::Part => credit_choices::parts(matter),
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
    match source {
        Source::Departments | Source::Excuses | Source::Grounds | Source::Remedies | Source::Scopes => {
            of_policy(matter, source)
        }
        Source::Assessments => assessments(matter),
        Source::Authorities => naming::authorities(matter),
        Source::CampaignPremises => {
            let launched = matter.trial.state::<Campaign>().launched;
            launched.into_iter().flat_map(|launch| launch.premises).map(|id| (id.clone(), id)).collect()
        }
        Source::CampaignDepartments => {
            let actor = &matter.trial.facts.actor;
            let joined = matter.trial.state::<Campaign>().joined.into_iter();
            let own = joined.filter(|department| actor.is_of(department));
            own.map(|id| (id.clone(), matter.lang.department(&id).to_owned())).collect()
        }
        Source::Measures => measures(matter),
        Source::Resolutions => resolutions(matter),
        Source::ClosedHazards => hazards(matter, false),
        Source::Findings => findings(matter),
        Source::Holders(roles) => naming::holders(matter, roles),
        Source::Indicators => indicators(matter),
        Source::CreditConduct
        | Source::CreditKinds
        | Source::CreditObjections
        | Source::CreditRepairs
        | Source::CreditReports => credit_choices::from(matter, source),
        Source::Officers => naming::officers(matter),
        Source::OpenHazards => hazards(matter, true),
        Source::OwnAppeals => own_appeals(matter),
        Source::OwnRequests => own_requests(matter),
        Source::Proposals => proposals(matter),
        Source::Proposers => naming::proposers(matter),
        Source::Reports => reports(matter),
        Source::SecondOfficers => naming::second_officers(matter),
        Source::Streams => streams(matter),
        _ => of_people(matter, source),
    }
}

/// The measures that go with the level in force; an incentive is offered, and not proposed.
fn measures(matter: &Matter) -> Vec<(String, String)> {
    let (Some(rulebook), Some(subject)) = (matter.rulebook(), matter.subject()) else { return vec![] };
    let level = subject.grade.in_force().and_then(|binding| binding.determination.management_level.as_ref());
    let Some(level) = level.and_then(|level| rulebook.level(level)) else { return vec![] };
    let fit = rulebook.policy.measures.iter().filter(|known| level.measures.contains(&known.id));
    let proposed = fit.filter(|known| known.id != "incentive");
    proposed.map(|known| (known.id.clone(), matter.measure(&known.id))).collect()
}

/// The meeting's open resolutions: whose each is, and until when.
fn resolutions(matter: &Matter) -> Vec<(String, String)> {
    let (lang, meeting) = (matter.lang, matter.trial.state::<Meeting>());
    let told = |of: &Resolution| {
        let owner = lang.department(&of.owner);
        (of.number.to_string(), format!("{}{}{owner} {}", of.number, lang.pick("：", ": "), lang.day(of.due)))
    };
    meeting.open().map(told).collect()
}

/// What the policy lists.
fn of_policy(matter: &Matter, source: Source) -> Vec<(String, String)> {
    let (lang, Some(rulebook)) = (matter.lang, matter.rulebook()) else { return vec![] };
    let policy = &rulebook.policy;
    let named = |code: &String, words: &str| (code.clone(), words.to_owned());
    match source {
        Source::Departments => {
            policy.departments.iter().map(|one| named(&one.id, lang.department(&one.id))).collect()
        }
        Source::Excuses => {
            let reasons = policy.patrol.iter().flat_map(|patrol| &patrol.excused_reasons);
            reasons.map(|code| named(code, lang.visit(code))).collect()
        }
        Source::Grounds => {
            let told = |id: &str, of: &str| match lang {
                Lang::Zh => format!("{}（{}）", lang.prohibition(id), lang.department(of)),
                Lang::En => format!("{} ({})", lang.prohibition(id), lang.department(of)),
            };
            policy
                .prohibition_grounds
                .iter()
                .map(|one| named(&one.id, &told(&one.id, &one.competent)))
                .collect()
        }
        Source::Remedies => {
            let remedies = policy.deadlines.iter().filter(|rule| REMEDIES.contains(&rule.id.as_str()));
            remedies.map(|rule| named(&rule.id, lang.deadline(&rule.id))).collect()
        }
        _ => {
            let scopes = policy.prohibition.iter().flat_map(|rule| &rule.scopes);
            scopes.map(|code| named(code, lang.prohibition(code))).collect()
        }
    }
}

/// Who answers for the premises, assesses, looks after or reviews; and the marks that they carry.
fn of_people(matter: &Matter, source: Source) -> Vec<(String, String)> {
    let Some(premises) = matter.subject().map(|subject| &subject.premises) else { return vec![] };
    let people = |accounts: Vec<&String>| {
        let told = accounts.into_iter().map(|one| (one.clone(), matter.people.say(matter.lang, one)));
        told.collect::<Vec<_>>()
    };
    let named: Vec<&String> = match source {
        Source::Assessors => return people(premises.assessors.iter().map(|one| &one.account).collect()),
        Source::Claims => {
            let claims = premises.claims.iter().map(|one| &one.party);
            return claims.map(|id| (id.clone(), matter.parties.say(matter.lang, id))).collect();
        }
        Source::Parties => {
            let now = premises.parties.iter().filter(|one| one.span.holds_on(matter.today()));
            return now
                .map(|one| {
                    let name = matter.parties.say(matter.lang, &one.party);
                    (one.party.clone(), format!("{name} {}", matter.lang.role(&one.role)))
                })
                .collect();
        }
        Source::PartiesOfMine => {
            matter.actor().grants.iter().filter_map(|grant| grant.party.as_ref()).collect()
        }
        Source::Reviewers => return people(matter.colleagues.iter().map(|(account, _)| account).collect()),
        Source::Stewards => return people(premises.stewards.iter().map(|one| &one.account).collect()),
        Source::Tags => premises.tags.iter().collect(),
        _ => vec![],
    };
    named.into_iter().map(|name| (name.clone(), name.clone())).collect()
}

/// Assessments of these premises, the newest first.
fn assessments(matter: &Matter) -> Vec<(String, String)> {
    let all = matter.subject().map(|subject| &subject.assessments).into_iter().flatten();
    let named = |(key, of): (&String, &AssessmentOf)| {
        let on = of.opened_on.map(|on| on.to_string()).unwrap_or_default();
        (
            key.clone(),
            format!("{on} {}", of.state.reason.map_or("", |reason| matter.lang.trigger(reason.trigger()))),
        )
    };
    let mut found: Vec<(String, String)> = all.map(named).collect();
    found.sort_by(|a, b| b.1.cmp(&a.1));
    found
}

/// What the person asked for through the wrong door, by its first day.
fn own_appeals(matter: &Matter) -> Vec<(String, String)> {
    let all = matter.subject().map(|subject| &subject.appeals).into_iter().flatten();
    let own =
        all.filter(|(_, of)| of.state.decision.is_none() && of.state.filed_by == matter.actor().account);
    own.filter_map(|(key, of)| Some((key.clone(), of.state.filed_on?.to_string()))).collect()
}

fn own_requests(matter: &Matter) -> Vec<(String, String)> {
    let all = matter.subject().map(|subject| &subject.reevaluations).into_iter().flatten();
    let own = all.filter(|(_, of)| {
        let granted = matches!(of.state.answer, Some(Answer::Granted { .. }));
        !granted && of.state.requested_by == matter.actor().account
    });
    own.filter_map(|(key, of)| Some((key.clone(), of.state.requested_on?.to_string()))).collect()
}

/// The other cases of these premises that are open, or those that are not.
fn hazards(matter: &Matter, open: bool) -> Vec<(String, String)> {
    let all = matter.subject().map(|subject| &subject.hazards).into_iter().flatten();
    let fit = all.filter(|(key, of)| of.state.is_open() == open && key.as_str() != matter.key());
    fit.map(|(key, _)| (key.clone(), matter.hazard(key))).collect()
}

fn proposals(matter: &Matter) -> Vec<(String, String)> {
    let lang = matter.lang;
    let all = matter.subject().map(|subject| &subject.premises.proposals).into_iter().flatten();
    all.map(|(number, of)| {
        let named: Vec<&str> = of.fields.iter().map(|field| member(lang, field)).collect();
        (number.to_string(), format!("{number}{}{}", lang.pick("：", ": "), lang.list(&named)))
    })
    .collect()
}

fn reports(matter: &Matter) -> Vec<(String, String)> {
    let all = matter.subject().map(|subject| &subject.reports).into_iter().flatten();
    let others = all.filter(|(key, _)| key.as_str() != matter.key());
    let stream = |key: &str| format!("premises/{}/report/{key}", matter.premises().unwrap_or_default());
    others
        .map(|(key, of)| (key.clone(), told_apart(matter, &stream(key), &matter.found(&of.category), key)))
        .collect()
}

/// A matter of these premises in words, with the day on which it began and its whole key.
fn told_apart(matter: &Matter, stream: &str, words: &str, key: &str) -> String {
    let lang = matter.lang;
    let day = matter.began.get(stream).map(|on| lang.pick(format!("，{on}"), format!(", {on}")));
    let day = day.unwrap_or_default();
    lang.pick(format!("{words}{day}（{key}）"), format!("{words}{day} ({key})"))
}

/// Records under doubt: what happened, when it is said to have happened, and who recorded it.
fn doubtful(matter: &Matter) -> Vec<(String, String)> {
    let lang = matter.lang;
    let told = |of: &Doubtful| {
        let at = of.entry.occurred_at.parse().map(|at| lang.moment(at)).unwrap_or_default();
        let what = lang.event(&of.entry.event_type);
        let code = format!("{} {} {}", of.entry.event_id, of.entry.stream, of.recorded_by);
        (code, format!("{what} {at} {}", matter.people.say(lang, &of.recorded_by)))
    };
    matter.doubtful.iter().map(told).collect()
}

/// Matters of these premises in which people are named or speak.
fn streams(matter: &Matter) -> Vec<(String, String)> {
    let (lang, Some(subject), Some(premises)) = (matter.lang, matter.subject(), matter.premises()) else {
        return vec![];
    };
    let of = |concept: &str, key: &str, about: String| {
        let kind = stage::kind(lang, concept);
        let stream = format!("premises/{premises}/{concept}/{key}");
        let words = if about.is_empty() {
            kind.to_owned()
        } else {
            format!("{kind}{}{about}", lang.pick("：", ": "))
        };
        let label = told_apart(matter, &stream, &words, key);
        (stream, label)
    };
    let grade = (format!("premises/{premises}/grade"), stage::kind(lang, "grade").to_owned());
    let mut offers = vec![grade];
    let found = |category: &str| matter.found(category);
    offers.extend(subject.reports.iter().map(|(key, one)| of("report", key, found(&one.category))));
    offers.extend(subject.appeals.iter().map(|(key, one)| {
        let against = one.state.against.as_ref().map(|against| aggregate_type(&against.stream));
        of("appeal", key, against.map_or("", |concept| stage::kind(lang, concept)).to_owned())
    }));
    offers.extend(subject.reevaluations.keys().map(|key| of("reevaluation", key, String::new())));
    offers.extend(subject.notices.iter().map(|(key, one)| {
        let issued = one.state.issued.as_ref();
        let about = issued.map(|of| format!("{} {}", lang.notice(of.kind.code()), of.document_number));
        of("notice", key, about.unwrap_or_default())
    }));
    offers.extend(subject.hazards.iter().map(|(key, one)| {
        of("hazard", key, one.state.found.as_ref().map(|of| matter.found(&of.indicator)).unwrap_or_default())
    }));
    offers
}

/// The indicators whose failing opens a hazard.
pub(crate) fn indicators(matter: &Matter) -> Vec<(String, String)> {
    opening(matter).map(|id| (id.clone(), matter.indicator(id))).collect()
}

/// The same as what can be found: that one of them is not met.
fn findings(matter: &Matter) -> Vec<(String, String)> {
    opening(matter).map(|id| (id.clone(), matter.found(id))).collect()
}

fn opening(matter: &Matter) -> impl Iterator<Item = &String> {
    let all = matter.rulebook().into_iter().flat_map(|rulebook| &rulebook.scheme.indicators);
    all.filter(|indicator| indicator.hazard.is_some()).map(|indicator| &indicator.id)
}

/// What can be contested or written about: each determination, newest first, each hazard, and each appeal.
fn cases(matter: &Matter) -> Vec<(String, String)> {
    let (lang, Some(subject), Some(premises)) = (matter.lang, matter.subject(), matter.premises()) else {
        return vec![];
    };
    let mut offers = contested(matter);
    let running = subject.appeals.keys().filter(|_| matter.sight != Sight::Public).map(|key| {
        (
            format!("premises/{premises}/appeal/{key}"),
            told_apart(
                matter,
                &format!("premises/{premises}/appeal/{key}"),
                stage::kind(lang, "appeal"),
                key,
            ),
        )
    });
    offers.extend(running);
    offers
}

/// What can be appealed against: each determination, newest first, each prohibition of letting, that of the building too where it
/// binds a flat, and each open hazard.
pub(super) fn contested(matter: &Matter) -> Vec<(String, String)> {
    let (lang, Some(subject), Some(premises)) = (matter.lang, matter.subject(), matter.premises()) else {
        return vec![];
    };
    let mut offers = Vec::new();
    // to who only claims to act for somebody here nothing is offered that is not public
    let outside = matter.sight == Sight::Public;
    let in_force = subject.grade.in_force().map(|binding| binding.determination.number);
    let shown = |number: &&u64| !outside || in_force == Some(**number);
    for number in subject.grade.determined.keys().rev().filter(shown) {
        offers.push((format!("premises/{premises}/grade#{number}"), matter.determination(*number)));
    }
    let banned = subject.grade.prohibition.is_some();
    for (number, ban) in subject.grade.bans.iter().rev().filter(|_| !outside || banned) {
        offers.push((
            format!("premises/{premises}/grade#{BAN}{number}"),
            lang.pick(
                format!("禁止租赁决定 {}", ban.document_number),
                format!("Prohibition of letting {}", ban.document_number),
            ),
        ));
    }
    if let Some(ban) = &matter.building_ban {
        let (stream, number, document) = (&ban.stream, ban.number, &ban.document_number);
        offers.push((
            format!("{stream}#{BAN}{number}"),
            lang.pick(
                format!("所在楼栋的禁止租赁决定 {document}"),
                format!("Prohibition of letting of the whole building {document}"),
            ),
        ));
    }
    let confirmed = |of: &HazardOf| of.state.is_open() && of.state.stage != HazardStage::PendingReview;
    for (key, of) in subject.hazards.iter().rev().filter(|(_, of)| match outside {
        true => confirmed(of),
        false => of.state.is_open(),
    }) {
        offers
            .push((of.stream.clone(), format!("{}{}", lang.pick("隐患：", "Hazard: "), matter.hazard(key))));
    }
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

/// What a choice of a case stands for: the stream, and of a grade the determination or the prohibition.
pub(crate) fn case_of(chosen: &str) -> appeal::Against {
    let (stream, what) = chosen.split_once('#').unwrap_or((chosen, ""));
    appeal::Against {
        stream: stream.to_owned(),
        determination: what.parse().ok(),
        prohibition: what.strip_prefix(BAN).and_then(|number| number.parse().ok()),
    }
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

/// Before the number of a prohibition, in the name of a choice.
const BAN: &str = "ban-";
/// Deadlines of the policy that a party has against a decision.
const REMEDIES: [&str; 3] = ["appeal_file", "administrative_reconsideration", "litigation"];

//! What follows from a report that was found true: the hazard through which it acts.

use super::{Event, Substantiated};
use crate::derivation::SchemeRef;
use crate::event::Event as Any;
use crate::hazard::{Found, Reopened, ReopenedWhy, Stage};
use crate::reaction::{Due, Rulebooks};
use crate::recorded::Recorded;
use crate::rulebook::Rulebook;
use crate::rulebook::scheme::Veto;
use crate::subject::{HazardOf, Subject};

/// The case to be opened, unless one was named.
pub(crate) fn follow(cause: &Recorded<Any>, subject: &Subject, rulebooks: &dyn Rulebooks) -> Option<Due> {
    let Any::Report(Event::ReportSubstantiated(substantiated)) = &cause.event else { return None };
    substantiated.indicator.as_ref()?;
    let scheme = subject.scheme()?;
    rulebooks.rulebook(&scheme).filter(|rulebook| rulebook.policy.operating)?;
    Some(Due {
        reaction: "hazard_reported",
        stream: format!("{}/hazard/{}", cause.subject(), substantiated.hazard),
        event_type: "HazardFound",
        scheme,
        subjects: vec![cause.subject().to_owned()],
    })
}

/// The hazard of a stream that a report opened.
pub(crate) fn found(rulebook: &Rulebook, subject: &Subject, key: &str) -> Option<Found> {
    let opens = |of: &&Substantiated| of.hazard == key && of.indicator.is_some();
    let mut reports = subject.reports.iter();
    let (report, of) =
        reports.find_map(|(report, of)| Some((report, of.substantiated.as_ref().filter(opens)?)))?;
    let indicator = rulebook.indicator(of.indicator.as_ref()?)?;
    let class = indicator.hazard.as_ref()?;
    Some(Found {
        indicator: indicator.id.clone(),
        severity: class.severity.clone(),
        works: class.works.clone(),
        competent: indicator.competent.clone(),
        source: "report".to_owned(),
        suspected: indicator.veto == Some(Veto::AfterDetermination),
        caused_by: Some(format!("report/{report}")),
        points: None,
        by: Some(of.by.clone()),
        scheme: None,
    })
}

/// A name for the case that a report opens; another one where it was opened before and the report came again.
pub(super) fn key_of(report: &str, subject: &Subject) -> String {
    let again = subject.reports.get(report).map_or(0, |of| of.reopened);
    if again == 0 { format!("report-{report}") } else { format!("report-{report}-{again}") }
}

/// Of a report that is not fixed, the case that goes on from its closed one.
pub(crate) fn reopened_due(
    cause: &Recorded<Any>,
    subject: &Subject,
    rulebooks: &dyn Rulebooks,
) -> Option<Due> {
    let report = cause.last_segment();
    let of = subject.reports.get(report)?;
    let (closed, _) = case_of(of.substantiated.as_ref()?, subject)?;
    let scheme: SchemeRef = subject.hazard_scheme(closed)?;
    let rulebook = rulebooks.rulebook(&scheme).filter(|rulebook| rulebook.policy.operating)?;
    let key = format!("{REOPENED}{}-{report}", of.reopened);
    reopened(&rulebook, subject, &key)?;
    Some(Due {
        reaction: "report_not_fixed",
        stream: format!("{}/hazard/{key}", cause.subject()),
        event_type: "HazardReopened",
        scheme,
        subjects: vec![cause.subject().to_owned()],
    })
}

/// The case of a stream that a report opens again: the same kind of hazard as the closed case, for the department that had it.
/// None while that case, or one that goes on from it, is open.
pub(crate) fn reopened(rulebook: &Rulebook, subject: &Subject, key: &str) -> Option<Reopened> {
    let (time, report) = key.strip_prefix(REOPENED)?.split_once('-')?;
    let of = subject.reports.get(report).filter(|of| of.reopened.to_string() == time)?;
    let (closed, last) = case_of(of.substantiated.as_ref()?, subject)?;
    if last.state.stage != Stage::Closed || subject.hazards.contains_key(key) {
        return None;
    }
    let found = Found {
        source: "report".to_owned(),
        caused_by: Some(format!("report/{report}")),
        scheme: subject.hazard_scheme(closed),
        ..last.state.found_again(Some(rulebook))?
    };
    Some(Reopened { reopens: closed.to_owned(), why: ReopenedWhy::NotFixed, found })
}

/// The case through which a report acts by now: that which was found true, or the last one that goes on from it.
pub fn case_of<'a>(
    substantiated: &'a Substantiated,
    subject: &'a Subject,
) -> Option<(&'a str, &'a HazardOf)> {
    let (mut key, mut of) = subject.hazards.get_key_value(&substantiated.hazard)?;
    // a case goes on in one that was opened since, so that there are no more steps than cases
    for _ in 0..subject.hazards.len() {
        let merged = of.state.course.merged_into.as_ref();
        let goes_on = |(_, other): &(&String, &HazardOf)| other.state.course.reopens.as_ref() == Some(key);
        let next = merged.and_then(|into| subject.hazards.get_key_value(into));
        match next.or_else(|| subject.hazards.iter().rfind(goes_on)) {
            Some(next) => (key, of) = next,
            None => break,
        }
    }
    Some((key.as_str(), of))
}

/// Before the number of times and the report, in the key of a case that goes on because it is not fixed.
const REOPENED: &str = "not-fixed-";

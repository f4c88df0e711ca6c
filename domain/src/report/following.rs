//! What follows from a report that was found true: the hazard through which it acts.

use super::{Event, Substantiated};
use crate::event::Event as Any;
use crate::hazard::Found;
use crate::reaction::{Due, Rulebooks};
use crate::recorded::Recorded;
use crate::rulebook::Rulebook;
use crate::rulebook::scheme::Veto;
use crate::subject::Subject;

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

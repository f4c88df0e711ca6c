//! Remedies: what appeals, disputes, notices and requests of premises leave in their state, and what they cause.

use chrono::NaiveDate;

use super::{Cause, HazardOf, Subject};
use crate::aggregate::Concept;
use crate::appeal;
use crate::derivation::SchemeRef;
use crate::grade::{Determination, Origin, SetAside};
use crate::recorded::subject_of;
use crate::rejection::Rejection;
use crate::{dispute, notice, reevaluation};

impl Subject {
    /// The rulebook that governs these premises' procedures: that of the assessment the newest determination came from,
    /// else of the newest assessment; that of a meeting, where the subject is one. Premises that were never assessed go by the one by
    /// which letting was prohibited in them, and a flat of such a building, while that is contested, by the building's.
    pub fn scheme(&self) -> Option<SchemeRef> {
        let latest = self.grade.latest.as_ref();
        let of = latest.and_then(|latest| self.assessments.get(&latest.assessment)?.state.scheme.clone());
        let meeting = || self.meeting.state.held.as_ref().map(|held| held.scheme.clone());
        let banned = || self.grade.banned_under.clone();
        let mut appeals = self.appeals.values().filter(|of| of.state.is_open());
        let appealed = || appeals.find_map(|of| of.state.scheme.clone());
        let mut disputes = self.disputes.values().filter(|of| of.state.outcome.is_none());
        let contested = || disputes.find_map(|of| of.state.scheme.clone());
        of.or_else(|| self.newest_scheme())
            .or_else(meeting)
            .or_else(banned)
            .or_else(appealed)
            .or_else(contested)
    }

    /// The rulebook by which a flat that was never assessed contested a ban of its building, be that decided or not.
    pub(crate) fn scheme_of_remedies(&self) -> Option<SchemeRef> {
        let appealed = self.appeals.values().find_map(|of| of.state.scheme.clone());
        appealed.or_else(|| self.disputes.values().find_map(|of| of.state.scheme.clone()))
    }

    /// The rulebook of the assessment opened last: the newest that these premises know, and so the newest calendar.
    pub fn newest_scheme(&self) -> Option<SchemeRef> {
        let opened = self.assessments.iter().filter(|(_, of)| of.state.scheme.is_some());
        let newest = opened.max_by_key(|(key, of)| (of.opened_on, key.len(), key.as_str()));
        newest.and_then(|(_, of)| of.state.scheme.clone())
    }

    /// The day on which the party was served with the result that it could appeal against; of several owners' notices the
    /// last one, so that nobody's time has run who was told later.
    pub fn result_served(&self, against: &appeal::Against) -> Option<NaiveDate> {
        self.result_told(against).map(|(served, _)| served)
    }

    /// That day with the notice that was served on it.
    pub(crate) fn result_told(&self, against: &appeal::Against) -> Option<(NaiveDate, &notice::Notice)> {
        let notices = self.notices.values().map(|of| &of.state);
        let about = |notice: &&notice::Notice| {
            notice.issued.as_ref().is_some_and(|issued| {
                // a flat's notice of the building's ban tells of the building's number, whatever stream it is about
                if against.prohibition.is_some() {
                    let building = issued.prohibition_of.as_deref();
                    let of = building.unwrap_or_else(|| subject_of(&issued.about));
                    return issued.kind == notice::Kind::Prohibition
                        && issued.prohibition == against.prohibition
                        && against.is_of(of);
                }
                let same = issued.determination.is_none() || issued.determination == against.determination;
                issued.about == against.stream && issued.kind.decides() && same
            })
        };
        let served = notices.filter(about).filter_map(|notice| Some((notice.served?.0, notice)));
        served.max_by_key(|(on, _)| *on)
    }

    /// The notice whose service completed the invitation to make a statement: everybody who answers for the premises was told by one
    /// that invites about the determination that waits. Of several services the last, so that nobody's time has run who was told later.
    pub(crate) fn last_invited(&self) -> Option<(&str, &notice::Notice)> {
        let number = self.grade.waits_for_invitation()?;
        let told = self.notices.iter().filter_map(|(key, of)| {
            let issued = of.state.issued.as_ref()?;
            let invites = issued.determination == Some(number) && issued.kind.invites();
            let (on, _) = of.state.served.filter(|_| invites)?;
            Some(((on, of.since), key.as_str(), &of.state, issued.to.as_deref()))
        });
        let told: Vec<_> = told.collect();
        let first = |party: Option<&str>| {
            let of_party = told.iter().filter(|(.., to)| to.is_none() || party.is_none() || *to == party);
            of_party.min_by_key(|(served, ..)| *served)
        };
        let newest = told.iter().map(|((on, _), ..)| *on).max()?;
        let mut answering = self.premises.parties.iter().filter(|party| party.answers_on(newest)).peekable();
        let last = match answering.peek() {
            None => first(None),
            Some(_) => {
                let each: Option<Vec<_>> = answering.map(|party| first(Some(&party.party))).collect();
                each?.into_iter().max_by_key(|(served, ..)| *served)
            }
        };
        last.map(|(_, key, notice, _)| (*key, *notice))
    }

    /// Refuse while an organ or court that the result was brought before has suspended it.
    ///
    /// # Errors
    /// `carrying_out_suspended`, with the dispute's notice.
    pub(crate) fn must_not_be_suspended(&self, today: NaiveDate) -> Result<(), Rejection> {
        let suspends = |of: &&dispute::Dispute| {
            let about_grade = of.notified.as_ref().is_some_and(|of| of.against.stream.ends_with("/grade"));
            about_grade && of.suspended.is_some_and(|until| until.is_none_or(|until| until >= today))
        };
        match self.disputes.iter().find(|(_, of)| suspends(&&of.state)) {
            Some((key, _)) => Err(self.suspended_in(key)),
            None => Ok(()),
        }
    }

    /// The appeal under review against the determination that binds; none where none is.
    pub(crate) fn grade_under_review(&self) -> Option<&appeal::Appeal> {
        let binds = self.grade.in_force()?.determination.number;
        let contests = |appeal: &&appeal::Appeal| {
            let against = appeal.against.as_ref().and_then(|against| against.determination);
            appeal.is_running() && against == Some(binds)
        };
        self.appeals.values().map(|of| &of.state).find(contests)
    }

    /// The refusal of what would carry out a decision that is suspended in this dispute.
    pub(crate) fn suspended_in(&self, dispute: &str) -> Rejection {
        let notified = self.disputes.get(dispute).and_then(|of| of.state.notified.as_ref());
        let document = notified.map(|of| of.document_number.clone());
        Rejection::because("carrying_out_suspended", serde_json::json!({ "document": document }))
    }

    /// The cases whose putting right is how a contested decision is carried out: the case itself; of a determination those that
    /// its assessment found.
    fn cases_against(&mut self, against: &appeal::Against) -> impl Iterator<Item = &mut HazardOf> {
        let determined = against.determination.and_then(|number| self.grade.determined.get(&number));
        let assessment = determined.map(|of| of.assessment.clone());
        let stream = against.stream.clone();
        self.hazards.values_mut().filter(move |of| match &assessment {
            Some(assessment) => of.found_by() == Some(assessment) && of.state.course.reopens.is_none(),
            None => of.stream == stream,
        })
    }

    pub(super) fn apply_appeal(&mut self, key: &str, event: &appeal::Event, position: u64) {
        let of = self.appeals.entry(key.to_owned()).or_default();
        of.state.evolve(event);
        match event {
            appeal::Event::AppealAdmitted { .. }
            | appeal::Event::AppealExtended { .. }
            | appeal::Event::AppealRefusedAdmission { .. } => of.since = position,
            appeal::Event::AppealFiled { turned_from, .. } => {
                of.since = position;
                let request = turned_from.as_ref().and_then(|key| self.reevaluations.get_mut(key));
                if let Some(request) = request {
                    request.state.answer.get_or_insert(reevaluation::Answer::Turned);
                }
            }
            appeal::Event::AppealDecided(decision) => {
                let Some(assessment) = self.assessment_against(&decision.against).cloned() else { return };
                self.put_right(&assessment, decision);
                let changes = decision.outcome != appeal::Outcome::Rejected;
                if decision.against.determination.is_none() && changes {
                    self.caused_by_hazard(&decision.against.stream, decision.on);
                } else if decision.outcome == appeal::Outcome::Varied {
                    let (on, trigger) = (decision.on, "appeal_upheld");
                    self.cause = Some(Cause { assessment, on, submitted: false, trigger });
                }
            }
            _ => {}
        }
    }

    pub(super) fn apply_dispute(&mut self, key: &str, event: &dispute::Event, on: NaiveDate, position: u64) {
        let of = self.disputes.entry(key.to_owned()).or_default();
        of.state.evolve(event);
        let against = of.state.notified.as_ref().map(|notified| notified.against.clone());
        match (event, against) {
            (dispute::Event::DisputeNotified { .. }, _) => of.since = position,
            (dispute::Event::SuspensionOrdered { until, .. }, Some(against)) => {
                self.cases_against(&against).for_each(|case| case.rest(key, on, *until));
                if let Some(number) = against.determination {
                    self.duties.rests(number).begin(key, on, *until);
                }
            }
            (dispute::Event::OutcomeRecorded { .. }, Some(against)) => {
                let lost = of.state.lost().map(|(_, decided_on)| decided_on);
                self.cases_against(&against).for_each(|case| case.end_rest(key, on));
                if let Some(number) = against.determination {
                    self.duties.rests(number).end(key, on);
                }
                if let Some(decided_on) = lost.filter(|_| against.determination.is_none()) {
                    self.caused_by_hazard(&against.stream, decided_on);
                }
            }
            _ => {}
        }
    }

    pub(super) fn apply_notice(&mut self, key: &str, event: &notice::Event, position: u64) {
        let of = self.notices.entry(key.to_owned()).or_default();
        of.state.evolve(event);
        match event {
            notice::Event::NoticeServed { on, .. } | notice::Event::ServedByAnnouncement { on, .. } => {
                of.since = position;
                if let Some(issued) = &of.state.issued {
                    self.served.entry(issued.about.clone()).or_default().insert(*on);
                }
            }
            notice::Event::NoticeReissued { issued, .. } => {
                // what was wrong was not served: only another notice about the same can have been
                let others = self
                    .notices
                    .values()
                    .filter(|of| of.state.issued.as_ref().is_some_and(|other| other.about == issued.about));
                let served = others.filter_map(|of| of.state.served).map(|(on, _)| on).collect();
                self.served.insert(issued.about.clone(), served);
            }
            _ => {}
        }
    }

    pub(super) fn apply_reevaluation(&mut self, key: &str, event: &reevaluation::Event, position: u64) {
        let of = self.reevaluations.entry(key.to_owned()).or_default();
        of.state.evolve(event);
        if let reevaluation::Event::ReevaluationRequested(requested) = event {
            of.since = position;
            let appeal = requested.facts().turned_from.as_ref().and_then(|key| self.appeals.get_mut(key));
            if let Some(appeal) = appeal.filter(|appeal| appeal.state.is_open()) {
                appeal.state.stage = appeal::Stage::Turned;
            }
        }
    }

    /// What was set aside gives rise to a new computation: on the results that were put right, else on those that hold
    /// meanwhile, so that what is open now counts there too; to none where nothing holds.
    pub(super) fn caused_by_setting_aside(&mut self, set_aside: &SetAside) {
        let key = set_aside.decided_in.rsplit('/').next().unwrap_or_default();
        let decision = self.appeals.get(key).filter(|_| set_aside.origin != Origin::Dispute);
        let decision = decision.and_then(|of| of.state.decision.as_ref());
        let corrected = decision.is_some_and(|decision| !decision.corrected.is_empty());
        let of = if corrected {
            self.grade.determined.get(&set_aside.determination).map(|of| of.assessment.clone())
        } else {
            self.grade.in_force().map(|binding| binding.determination.assessment.clone())
        };
        self.cause = of.map(|assessment| Cause {
            assessment,
            on: set_aside.on,
            submitted: false,
            trigger: "appeal_upheld",
        });
    }

    /// The assessment that what is contested came from: that of a determination, or of the check that found a hazard, else the
    /// newest.
    pub(crate) fn assessment_against(&self, against: &appeal::Against) -> Option<&String> {
        if let Some(number) = against.determination {
            return Some(&self.grade.determined.get(&number)?.assessment);
        }
        if against.prohibition.is_some() {
            return self.last_submitted().map(|(key, _)| key);
        }
        let found = self.hazards.get(against.stream.rsplit('/').next()?)?.state.found.as_ref()?;
        let caused = found.caused_by.as_deref().and_then(|by| by.rsplit('/').next());
        let caused = caused.and_then(|key| self.assessments.get_key_value(key));
        caused.or_else(|| self.last_submitted()).map(|(key, _)| key)
    }

    /// Whether an appeal against this case was upheld, or a dispute about it lost.
    pub(crate) fn is_hazard_set_aside(&self, stream: &str) -> bool {
        let against = |against: &appeal::Against| against.determination.is_none() && against.stream == stream;
        let upheld = self
            .appeals
            .values()
            .filter_map(|of| of.state.decision.as_ref())
            .any(|decision| decision.outcome == appeal::Outcome::Upheld && against(&decision.against));
        upheld
            || self
                .disputes
                .values()
                .any(|of| of.state.lost().is_some_and(|(contested, _)| against(contested)))
    }

    /// Whether the result that opened a case is still held against the premises: what stands of its assessment says that it failed.
    /// It says so no longer where that result was put right, on appeal or as a corrected fact, nor where nothing of the assessment stands.
    /// A case that no result opened stands by itself.
    pub(crate) fn is_finding_held(&self, of: &HazardOf) -> bool {
        let stands = |(number, _): &(&u64, &bool)| !self.grade.set_aside.contains(number);
        of.said_failed.is_empty() || of.said_failed.iter().rfind(stands).is_some_and(|(_, failed)| *failed)
    }

    /// Whether the result that opened a case was put right since, as a corrected fact or on appeal: what stands of its assessment says that
    /// it did not fail, and no later one says that it does.
    pub fn is_finding_put_right(&self, of: &HazardOf) -> bool {
        let stands = |(number, _): &(&u64, &bool)| !self.grade.set_aside.contains(number);
        let said = of.said_failed.iter().rfind(stands).map(|(_, failed)| *failed);
        let fails_now = self.grade.latest.as_ref().zip(of.state.found.as_ref());
        let fails_now = fails_now.is_some_and(|(latest, found)| latest.failed.contains(&found.indicator));
        said == Some(false) && !fails_now
    }

    /// A new determination says of each case that its assessment opened whether the result still fails.
    pub(super) fn say_what_failed(&mut self, determined: &Determination) {
        for of in self.hazards.values_mut().filter(|of| !of.said_failed.is_empty()) {
            let Some(found) = &of.state.found else { continue };
            if found.caused_by.as_ref() == Some(&determined.assessment) {
                of.said_failed.insert(determined.number, determined.failed.contains(&found.indicator));
            }
        }
    }

    /// What was found is not held against the premises any more: they are graded anew without it.
    fn caused_by_hazard(&mut self, stream: &str, on: NaiveDate) {
        let Some(of) = self.hazards.get(stream.rsplit('/').next().unwrap_or_default()) else { return };
        let found = of.state.found.as_ref().filter(|found| found.points.is_some());
        match found.and_then(|found| found.caused_by.clone()) {
            Some(assessment) => {
                self.cause = Some(Cause { assessment, on, submitted: false, trigger: "appeal_upheld" });
            }
            None => self.caused("appeal_upheld", on),
        }
    }

    fn put_right(&mut self, assessment: &str, decision: &appeal::Decision) {
        let Some(of) = self.assessments.get_mut(assessment) else { return };
        for (indicator, outcome) in &decision.corrected {
            if let Some(checked) = of.state.results.get_mut(indicator) {
                checked.outcome = outcome.clone();
            }
        }
    }
}

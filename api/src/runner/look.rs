//! One look at premises: they and their neighbours are read, what has come is told, and what is recorded is taken in without
//! reading all again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::NaiveDate;
use serde_json::json;
use wuping_domain::calendar::add_days;
use wuping_domain::event::aggregate_type;
use wuping_domain::passing::{HORIZON_DAYS, Passed, came_on, comes_on, passed};
use wuping_domain::reaction::{Rulebooks, compute};
use wuping_domain::recorded::{local_date, subject_of};
use wuping_domain::subject::Subject;
use wuping_ledger::append::{AppendRequest, Author, NewEvent, Receipt};
use wuping_ledger::entry::derived_event_id;
use wuping_ledger::jcs::canonical_str;
use wuping_ledger::reader::Reader;
use wuping_ledger::stream::StreamPath;
use wuping_ledger::timestamp::Timestamp;
use wuping_projections::ledger_rulebooks::all_were_read;
use wuping_projections::recording::recorded;

use super::RunError;
use crate::shelf::Shelf;

/// What tells one thing that came from another: what its event's id is made of.
pub(super) type Key = String;

/// A look at premises that is to be taken.
pub(super) struct Look {
    pub(super) reader: Reader,
    pub(super) shelf: Arc<Shelf>,
    pub(super) own: String,
    /// Subjects of the neighbours.
    pub(super) others: Vec<String>,
    pub(super) now: Timestamp,
}

/// Premises and their neighbours as they stand.
pub(super) struct Held {
    look: Look,
    subjects: BTreeMap<String, Subject>,
    /// The last position read of each.
    bases: BTreeMap<String, u64>,
    settled: BTreeSet<Key>,
}

impl Look {
    /// The day on which something came to these premises first, else the one on which something comes next.
    pub(super) fn day(self) -> Result<NaiveDate, RunError> {
        let held = Held::read(self)?;
        let Look { own, now, shelf, .. } = &held.look;
        let unread = shelf.unread();
        let came = came_on(own, &held.subjects, local_date(now.datetime()), shelf.as_ref());
        all_were_read(shelf.as_ref(), unread)?;
        came.map_or_else(|| held.comes_on(), Ok)
    }
}

impl Held {
    /// Reads all that a look needs.
    pub(super) fn read(look: Look) -> Result<Self, RunError> {
        let (subjects, bases) = (BTreeMap::new(), BTreeMap::new());
        let mut held = Self { look, subjects, bases, settled: BTreeSet::new() };
        held.read_all()?;
        Ok(held)
    }

    fn read_all(&mut self) -> Result<(), RunError> {
        for key in std::iter::once(&self.look.own).chain(&self.look.others) {
            let (mut subject, mut base) = (Subject::default(), None);
            self.look.reader.each_of_subject(key, None, |row| {
                base = Some(row.position);
                subject.apply(&recorded(&row)?);
                Ok::<_, RunError>(())
            })?;
            // one that has no entry is no input
            if let Some(base) = base {
                self.subjects.insert(key.clone(), subject);
                self.bases.insert(key.clone(), base);
            }
        }
        Ok(())
    }

    /// As it stands in the ledger now.
    pub(super) fn anew(mut self) -> Result<Self, RunError> {
        self.read_all()?;
        Ok(self)
    }

    /// As it stands with what was recorded.
    pub(super) fn absorb(mut self, key: Key, receipt: &Receipt) -> Result<Self, RunError> {
        self.settled.insert(key);
        if receipt.repeated {
            return self.anew();
        }
        let reader = self.look.reader.clone();
        reader.rows(receipt.position, receipt.last_position + 1, |row| {
            let key = subject_of(row.stream);
            if let (Some(subject), Some(base)) = (self.subjects.get_mut(key), self.bases.get_mut(key))
                && row.position > *base
            {
                subject.apply(&recorded(&row)?);
                *base = row.position;
            }
            Ok::<_, RunError>(())
        })?;
        Ok(self)
    }

    /// The day on which something comes to these premises next, or on which they are looked at to be sure.
    pub(super) fn comes_on(&self) -> Result<NaiveDate, RunError> {
        let Look { own, now, shelf, .. } = &self.look;
        let today = local_date(now.datetime());
        let horizon = add_days(today, u32::try_from(HORIZON_DAYS).unwrap_or(u32::MAX));
        let unread = shelf.unread();
        let day = comes_on(own, &self.subjects, today, shelf.as_ref());
        all_were_read(shelf.as_ref(), unread)?;
        Ok(day.unwrap_or(horizon))
    }

    /// The first thing that has come and is not settled, as it is to be recorded.
    pub(super) fn next(mut self, origin: &str) -> (Result<Option<(Key, AppendRequest)>, RunError>, Self) {
        let come = match self.come() {
            Ok(come) => come,
            Err(error) => return (Err(error), self),
        };
        for passed in come {
            let key = passed.cause();
            if self.settled.contains(&key) {
                continue;
            }
            match self.request(&passed, origin) {
                Ok(None) => {}
                Ok(Some(request)) => return (Ok(Some((key, request))), self),
                Err(error) => return (Err(error), self),
            }
        }
        (Ok(None), self)
    }

    fn come(&self) -> Result<Vec<Passed>, RunError> {
        let Look { own, now, shelf, .. } = &self.look;
        let unread = shelf.unread();
        let come = passed(own, &self.subjects, now.datetime(), shelf.as_ref());
        all_were_read(shelf.as_ref(), unread)?;
        Ok(come)
    }

    /// The entry that says what has come; none where nothing is to be said after all.
    fn request(&mut self, passed: &Passed, origin: &str) -> Result<Option<AppendRequest>, RunError> {
        let due = &passed.due;
        let rulebook = self.look.shelf.rulebook(&due.scheme);
        let rulebook = rulebook.ok_or_else(|| RunError::Rulebook { id: due.scheme.id.clone() })?;
        let now = self.look.now;
        // it is computed from the subjects that it names, and from no others
        let of_due = due.subjects.iter().filter_map(|key| self.subjects.remove_entry(key));
        let named: BTreeMap<String, Subject> = of_due.collect();
        let keys: Vec<&String> = named.keys().collect();
        let bases = keys.iter().filter_map(|key| Some(((*key).clone(), *self.bases.get(*key)?))).collect();
        let derivation = json!({ "scheme": due.scheme, "subjects": keys });
        let result = compute(&rulebook, &named, due.event_type, &due.stream, now.datetime());
        self.subjects.extend(named);
        let Some(result) = result? else { return Ok(None) };
        let data = json!({ "derivation": derivation, "result": result, "type": due.event_type });
        let stream = StreamPath::new(&due.stream)?;
        let schema = format!("{}/1", aggregate_type(&due.stream));
        let event = NewEvent { stream, schema, data: canonical_str(&data)? };
        let event_id = derived_event_id(origin, &passed.cause(), 1);
        let single = AppendRequest::single(event_id, Author::Service, now, event);
        Ok(Some(AppendRequest { bases, ..single }))
    }
}

//! The domain's reactions inside the ledger's writer: what follows from an entry for its own premises is computed on
//! the folded state of those premises, in the transaction of its cause.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use wuping_domain::event::{Event, Written, read};
use wuping_domain::reaction::{Due, Rulebooks, compute, follow};
use wuping_domain::recorded::Recorded;
use wuping_domain::subject::Subject;
use wuping_ledger::reactor::{Consequence, NotFollowed, ReactionFailed, Reactor, SubjectReader};
use wuping_ledger::recorded::RecordedRow;
use wuping_ledger::store::StoreError;
use wuping_ledger::stream::StreamPath;
use wuping_ledger::timestamp::Timestamp;

use wuping_projections::ledger_rulebooks::all_were_read;
use wuping_projections::recording::recorded;

/// Folded premises, as many as fit, and the rules to compute from them.
pub struct Reactions {
    awaited: VecDeque<(String, &'static str)>,
    folded: HashMap<String, Folded>,
    rulebooks: Arc<dyn Rulebooks + Send + Sync>,
    uses: u64,
}

struct Folded {
    subject: Subject,
    used: u64,
}

impl Reactions {
    /// Reactions by these rulebooks.
    pub fn by(rulebooks: Arc<dyn Rulebooks + Send + Sync>) -> Self {
        Self { awaited: VecDeque::new(), folded: HashMap::new(), rulebooks, uses: 0 }
    }

    /// Bring the premises of this entry up to it. What this reactor returned itself is folded already.
    fn fold(
        &mut self,
        cause: &RecordedRow<'_>,
        event: &Recorded<Event>,
        reader: &dyn SubjectReader,
    ) -> Result<(), Fault> {
        if self
            .awaited
            .front()
            .is_some_and(|(stream, kind)| stream == cause.stream && *kind == cause.event_type)
        {
            self.awaited.pop_front();
            return Ok(());
        }
        let key = event.subject();
        if let Some(folded) = self.folded.get_mut(key) {
            folded.subject.apply(event);
            return Ok(());
        }
        self.make_room();
        let subject = read_subject(key, reader)?.unwrap_or_default();
        self.folded.insert(key.to_owned(), Folded { subject, used: self.uses });
        Ok(())
    }

    fn make_room(&mut self) {
        if self.folded.len() < FOLDED_MAX {
            return;
        }
        let mut uses: Vec<u64> = self.folded.values().map(|folded| folded.used).collect();
        let middle = uses.len() / 2;
        let (_, median, _) = uses.select_nth_unstable(middle);
        let median = *median;
        self.folded.retain(|_, folded| folded.used > median);
    }

    fn consequences(
        &mut self,
        event: &Recorded<Event>,
        as_of: &Timestamp,
        reader: &dyn SubjectReader,
    ) -> Result<Vec<Consequence>, Fault> {
        let own = event.subject().to_owned();
        let Some(folded) = self.folded.get_mut(&own) else { return Ok(vec![]) };
        folded.used = self.uses;
        let due = follow(event, &folded.subject, self.rulebooks.as_ref());
        let mut consequences = Vec::with_capacity(due.len());
        for due in due {
            if let Some(consequence) = self.consequence(due, &own, (event.position, as_of), reader)? {
                consequences.push(consequence);
            }
        }
        Ok(consequences)
    }

    fn consequence(
        &mut self,
        mut due: Due,
        own: &str,
        (cause, as_of): (u64, &Timestamp),
        reader: &dyn SubjectReader,
    ) -> Result<Option<Consequence>, Fault> {
        let rulebook = self
            .rulebooks
            .rulebook(&due.scheme)
            .ok_or_else(|| format!("rulebook {} is not kept", due.scheme.id))?;
        let subjects = self.subjects(&due, own, reader)?;
        due.subjects.retain(|key| subjects.contains_key(key));
        let result = compute(&rulebook, &subjects, due.event_type, &due.stream, as_of.datetime());
        for (key, subject) in subjects {
            self.folded.insert(key, Folded { subject, used: self.uses });
        }
        let Some(result) = result.map_err(|refused| refused.to_string())? else { return Ok(None) };
        let stream = StreamPath::new(&due.stream).map_err(|refusal| refusal.to_string())?;
        let aggregate = stream.aggregate_type().to_owned();
        let consequence = Consequence {
            reaction: due.reaction,
            stream,
            schema: format!("{aggregate}/1"),
            event_type: due.event_type.to_owned(),
            scheme_id: due.scheme.id,
            scheme_sha256: due.scheme.sha256,
            subjects: due.subjects,
            result,
        };
        // it is appended behind those that wait already
        let position = cause + 1 + self.awaited.len() as u64;
        self.take(&consequence, due.event_type, own, (position, as_of))?;
        Ok(Some(consequence))
    }

    /// The subjects a result is computed from, taken out of what is folded: its own, and others as they stand in the ledger
    /// now. One that has no entry is no input.
    fn subjects(
        &mut self,
        due: &Due,
        own: &str,
        reader: &dyn SubjectReader,
    ) -> Result<BTreeMap<String, Subject>, Fault> {
        let mut subjects = BTreeMap::new();
        for key in &due.subjects {
            let subject = match self.folded.remove(key) {
                Some(folded) => Some(folded.subject),
                None => read_subject(key, reader)?.or_else(|| (key == own).then(Subject::default)),
            };
            subjects.extend(subject.map(|subject| (key.clone(), subject)));
        }
        Ok(subjects)
    }

    /// Fold a consequence when it is returned: the next one is computed on a state that includes it.
    fn take(
        &mut self,
        consequence: &Consequence,
        kind: &'static str,
        own: &str,
        (position, as_of): (u64, &Timestamp),
    ) -> Result<(), String> {
        let data = serde_json::json!({
            "derivation": { "scheme": { "id": consequence.scheme_id, "sha256": consequence.scheme_sha256 }, "subjects": consequence.subjects },
            "result": consequence.result,
            "type": consequence.event_type,
        })
        .to_string();
        let written = Written {
            data: &data,
            event_id: "",
            occurred_at: as_of.as_str(),
            position,
            recorded_at: as_of.as_str(),
            stream: consequence.stream.as_str(),
            version: 0,
        };
        let event = read(&written).map_err(|unreadable| unreadable.to_string())?;
        if let Some(folded) = self.folded.get_mut(own) {
            folded.subject.apply(&event);
        }
        self.awaited.push_back((consequence.stream.as_str().to_owned(), kind));
        Ok(())
    }
}

impl Reactor for Reactions {
    fn follow(
        &mut self,
        cause: &RecordedRow<'_>,
        as_of: &Timestamp,
        reader: &dyn SubjectReader,
    ) -> Result<Vec<Consequence>, NotFollowed> {
        if !["premises/", "party/"].iter().any(|subjects| cause.stream.starts_with(subjects)) {
            return Ok(vec![]);
        }
        self.uses += 1;
        let unread = self.rulebooks.unread();
        let event = recorded(cause).map_err(|unreadable| Fault::Rules(unreadable.to_string()));
        let answered = event.and_then(|event| {
            self.fold(cause, &event, reader)?;
            self.consequences(&event, as_of, reader)
        });
        all_were_read(self.rulebooks.as_ref(), unread)?;
        answered.map_err(|fault| match fault {
            Fault::Rules(detail) => {
                ReactionFailed { reaction: "premises".to_owned(), position: cause.position, detail }.into()
            }
            Fault::Store(error) => error.into(),
        })
    }

    fn forget(&mut self, subject: &str) {
        self.awaited.clear();
        self.folded.remove(subject);
    }

    fn forget_all(&mut self) {
        self.awaited.clear();
        self.folded.clear();
    }
}

/// A subject as it stands in the ledger; none that has no entry.
fn read_subject(key: &str, reader: &dyn SubjectReader) -> Result<Option<Subject>, Fault> {
    let (mut subject, mut unreadable, mut entries) = (Subject::default(), None, 0_u64);
    let each = &mut |row: RecordedRow<'_>| -> Result<(), StoreError> {
        entries += 1;
        match recorded(&row) {
            Ok(event) => subject.apply(&event),
            Err(error) => unreadable = Some(error.to_string()),
        }
        Ok(())
    };
    reader.subject(key, each)?;
    match unreadable {
        Some(detail) => Err(Fault::Rules(detail)),
        None => Ok((entries > 0).then_some(subject)),
    }
}

/// What keeps a reaction from being computed: what the rules say of the entries, or that these could not be read.
enum Fault {
    Rules(String),
    Store(StoreError),
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<String> for Fault {
    fn from(detail: String) -> Self {
        Self::Rules(detail)
    }
}

/// How many premises are kept folded: some tens of kilobytes each.
const FOLDED_MAX: usize = 4096;

#[cfg(test)]
mod tests {
    use wuping_domain::derivation::SchemeRef;
    use wuping_domain::rulebook::Rulebook;

    use super::*;

    /// A store that is away: the server was stopped between one request and the next.
    struct Away;

    impl SubjectReader for Away {
        fn subject(
            &self,
            _: &str,
            _: &mut dyn FnMut(RecordedRow<'_>) -> Result<(), StoreError>,
        ) -> Result<(), StoreError> {
            Err(StoreError::Database { doing: "be read", source: "it is starting up".into() })
        }

        fn last_position(&self, _: &str) -> Result<Option<u64>, StoreError> {
            Ok(None)
        }
    }

    struct NoShelf;

    impl Rulebooks for NoShelf {
        fn rulebook(&self, _: &SchemeRef) -> Option<Arc<Rulebook>> {
            None
        }
    }

    #[test]
    fn premises_that_cannot_be_read_are_the_stores_fault_and_not_the_commands() {
        let now = Timestamp::now();
        let cause = RecordedRow {
            position: 7,
            stream: "premises/p-1",
            version: 1,
            event_type: "PremisesRegistered",
            schema: "premises/1",
            data: r#"{"address":"金龟路1号","layer":"building","type":"PremisesRegistered"}"#,
            author_seq: 1,
            event_id: "0190b2f4-0000-7000-8000-000000000001",
            occurred_at: now.as_str(),
            kid: "officer-1",
            recorded_at: now.as_str(),
        };
        let not_followed = Reactions::by(Arc::new(NoShelf)).follow(&cause, &now, &Away).unwrap_err();
        assert!(matches!(not_followed, NotFollowed::Store(_)), "{not_followed}");
    }
}

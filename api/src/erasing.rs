//! Erasing private values for ever: the entry that says so first, then the values and the attachments that nothing else names
//! (docs/format.md §8). What was interrupted is finished when the house is opened next.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Value, json};
use uuid::Uuid;
use wuping_domain::event::Unreadable;
use wuping_domain::recorded::local_date;
use wuping_ledger::append::{AppendError, AppendRequest, Author, NewEvent, Receipt};
use wuping_ledger::attachments::{AttachmentError, erase_in_folder};
use wuping_ledger::disclosure::digests_in;
use wuping_ledger::erasure::targets;
use wuping_ledger::genesis::Ledger;
use wuping_ledger::reader::Reader;
use wuping_ledger::refusal::Refusal;
use wuping_ledger::store::StoreError;
use wuping_ledger::stream::StreamPath;
use wuping_ledger::timestamp::Timestamp;
use wuping_ledger::vault::{Vault, VaultError, attachments_in};

mod postponed;

/// What would be erased: digests by the position of their entry.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Plan {
    /// Digests by position.
    pub targets: BTreeMap<u64, Vec<String>>,
    /// How many values of each name.
    pub names: BTreeMap<String, u64>,
}

/// Why nothing was erased, or not all of it.
#[derive(Debug, thiserror::Error)]
pub enum ErasureError {
    /// The entry that says so was not appended.
    #[error("the erasure was not recorded, so nothing was erased")]
    Append(#[from] AppendError),
    /// An attachment could not be deleted.
    #[error(
        "the erasure is recorded, but an attachment is still there: it is erased when the server starts next"
    )]
    Attachment(#[from] AttachmentError),
    /// There is nothing to erase.
    #[error("there is nothing to erase: no private value that fits is still there")]
    Nothing,
    /// A request for these values was put off.
    #[error(
        "a request to erase this was put off until {until} ({why}): the values stay until then; {record} says so and who decided it. \
         If the ground is gone since, say --although-postponed"
    )]
    Postponed {
        /// The day until which they stay.
        until: NaiveDate,
        /// Why, as a code.
        why: String,
        /// The record's stream.
        record: String,
    },
    /// The format does not allow it.
    #[error("the ledger's format does not allow it")]
    Rule(#[from] Refusal),
    /// The ledger could not be read.
    #[error("the ledger could not be read")]
    Store(#[from] StoreError),
    /// An entry is of a later version.
    #[error("an entry about erasures is not understood")]
    Unreadable(#[from] Unreadable),
    /// The values could not be deleted.
    #[error(
        "the erasure is recorded, but values may still be there: they are erased when the server starts next"
    )]
    Vault(#[from] VaultError),
}

/// The private values of a path and of all below it that are still there; only those of a name if one is given. `on`: the day, where
/// what was put off beyond it is refused.
///
/// # Errors
/// [`ErasureError::Postponed`] where they are still needed; or if ledger or vault cannot be read.
pub fn plan(
    reader: &Reader,
    vault: &Vault,
    path: &str,
    name: Option<&str>,
    on: Option<NaiveDate>,
) -> Result<Plan, ErasureError> {
    if let Some(today) = on {
        postponed::must_not_be(reader, path, name, today)?;
    }
    let erased = erased(reader)?;
    let mut plan = Plan::default();
    for entry in reader.subject(path, None)? {
        let digests = digests_in(&entry.data);
        let digests: Vec<&str> = digests.iter().map(String::as_str).collect();
        for (digest, value) in digests.iter().zip(vault.values(&digests)?) {
            let Some(value) = value.filter(|_| !erased.contains(&(entry.position, (*digest).to_owned())))
            else {
                continue;
            };
            if name.is_none_or(|name| name == value.name) {
                plan.targets.entry(entry.position).or_default().push((*digest).to_owned());
                *plan.names.entry(value.name).or_default() += 1;
            }
        }
    }
    Ok(plan)
}

/// The day on which values of an entry were erased last, by its position.
///
/// # Errors
/// If the ledger cannot be read.
pub fn erasures_by_entry(reader: &Reader) -> Result<HashMap<u64, NaiveDate>, StoreError> {
    let mut days = HashMap::new();
    for entry in reader.stream("erasures")? {
        let Ok(at) = entry.recorded_at.parse::<DateTime<Utc>>() else { continue };
        let data: Value = serde_json::from_str(&entry.data).unwrap_or_default();
        let of = targets(&data).into_iter().flatten();
        days.extend(of.map(|target| (target.sequence, local_date(at))));
    }
    Ok(days)
}

/// Records the erasure under a root key, then erases.
///
/// # Errors
/// [`ErasureError`], which says whether it is recorded.
pub async fn erase(
    (ledger, vault, folder): (&Ledger, &Vault, &Path),
    plan: &Plan,
    root: Author,
    authority: &str,
    reason: &str,
) -> Result<Receipt, ErasureError> {
    let receipt = record(ledger, plan, root, authority, reason).await?;
    let digests: Vec<&str> = plan.targets.values().flatten().map(String::as_str).collect();
    carry_out(ledger.reader(), vault, folder, &digests)?;
    ledger.writer().sign_now().await?;
    Ok(receipt)
}

/// The entry that says so, before anything is deleted.
async fn record(
    ledger: &Ledger,
    plan: &Plan,
    root: Author,
    authority: &str,
    reason: &str,
) -> Result<Receipt, ErasureError> {
    if plan.targets.is_empty() {
        return Err(ErasureError::Nothing);
    }
    let targets: Vec<Value> = plan
        .targets
        .iter()
        .map(|(position, digests)| json!({ "digests": digests, "sequence": position }))
        .collect();
    let data =
        json!({ "authority": authority, "reason": reason, "targets": targets, "type": "FieldsErased" });
    let event = NewEvent::of_the_ledger(StreamPath::new("erasures")?, &data)?;
    let request = AppendRequest::single(Uuid::now_v7(), root, Timestamp::now(), event);
    Ok(ledger.writer().append(request).await?)
}

/// Applies every recorded erasure again: one that was interrupted, and values that an older backup of the vault brought back, each
/// with the attachments that it named.
///
/// # Errors
/// If ledger, vault or attachments cannot be read or written.
pub fn apply_again(reader: &Reader, vault: &Vault, folder: &Path) -> Result<usize, ErasureError> {
    let erased: BTreeSet<String> = erased(reader)?.into_iter().map(|(_, digest)| digest).collect();
    let digests: Vec<&str> = erased.iter().map(String::as_str).collect();
    let there = vault.values(&digests)?;
    let back: Vec<&str> =
        digests.iter().zip(&there).filter(|(_, value)| value.is_some()).map(|(digest, _)| *digest).collect();
    if !back.is_empty() {
        carry_out(reader, vault, folder, &back)?;
    }
    Ok(back.len())
}

/// Deletes what was erased: attachments first, for it is the values that name them. Whatever comes in between, what is still to be
/// done is known from the values that are still there.
fn carry_out(reader: &Reader, vault: &Vault, folder: &Path, digests: &[&str]) -> Result<(), ErasureError> {
    let named = photos(vault, digests)?;
    if !named.is_empty() {
        let live = live_photos(reader, vault)?;
        for photo in named.difference(&live) {
            erase_in_folder(&folder.join("attachments"), photo)?;
        }
    }
    Ok(vault.erase(digests)?)
}

/// The digests of all that was erased.
///
/// # Errors
/// If the ledger cannot be read.
pub fn erased_digests(reader: &Reader) -> Result<HashSet<String>, ErasureError> {
    Ok(erased(reader)?.into_iter().map(|(_, digest)| digest).collect())
}

/// What was erased: position and digest.
fn erased(reader: &Reader) -> Result<HashSet<(u64, String)>, ErasureError> {
    let mut erased = HashSet::new();
    for entry in reader.stream("erasures")? {
        let data: Value = serde_json::from_str(&entry.data).unwrap_or_default();
        for target in targets(&data)? {
            erased.extend(target.digests.into_iter().map(|digest| (target.sequence, digest)));
        }
    }
    Ok(erased)
}

/// Every photo that a value names which is still there and was not erased.
///
/// # Errors
/// If ledger or vault cannot be read.
pub fn live_photos(reader: &Reader, vault: &Vault) -> Result<BTreeSet<String>, ErasureError> {
    let erased = erased_digests(reader)?;
    let (mut live, mut with_photos) = (BTreeSet::new(), Vec::new());
    reader.rows(0, u64::MAX, |row| {
        if row.data.contains("\"photo_count\"") {
            with_photos.extend(digests_in(row.data).into_iter().filter(|digest| !erased.contains(digest)));
        }
        Ok::<_, StoreError>(())
    })?;
    for part in with_photos.chunks(DIGESTS_AT_A_TIME) {
        let digests: Vec<&str> = part.iter().map(String::as_str).collect();
        live.extend(photos(vault, &digests)?);
    }
    Ok(live)
}

/// The photos that these values name.
fn photos(vault: &Vault, digests: &[&str]) -> Result<BTreeSet<String>, ErasureError> {
    Ok(vault.values(digests)?.into_iter().flatten().flat_map(|value| attachments_in(&value)).collect())
}

const DIGESTS_AT_A_TIME: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::App;
    use wuping_ledger::attachments::Attachments;
    use wuping_ledger::private::split_private;

    struct House {
        app: App,
        folder: tempfile::TempDir,
        photos: [String; 3],
        /// Positions of two entries: the first names photos 0 and 1, the second 1 and 2.
        entries: [u64; 2],
    }

    impl House {
        fn parts(&self) -> (&Ledger, &Vault, &Path) {
            (&self.app.ledger, &self.app.vault, &self.app.folder)
        }

        async fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let app = App::create(folder.path(), "ledger.example/erasing", false).unwrap();
            let attachments = Attachments::in_folder(&folder.path().join("attachments")).unwrap();
            let mut photos = [const { String::new() }; 3];
            for (number, photo) in photos.iter_mut().enumerate() {
                *photo = attachments.put(vec![b'a'; number + 1]).await.unwrap();
            }
            let mut entries = [0; 2];
            for (at, entry) in entries.iter_mut().enumerate() {
                let of = |number: usize| json!({ "bytes": number + 1, "sha256": photos[number], "type": "image/jpeg" });
                let private = json!({ "photos": [of(at), of(at + 1)], "note": "seen" });
                let received = json!({ "channel": "counter", "ref": "t" });
                let said = json!({ "private": private, "received": received, "type": "Seen" });
                let (data, disclosures) = split_private(said).unwrap();
                app.vault.put(&disclosures, app.reader().size().unwrap()).unwrap();
                let stream = StreamPath::new("survey/s-1").unwrap();
                let event = NewEvent { stream, schema: "test/1".to_owned(), data };
                let request = AppendRequest::single(Uuid::now_v7(), Author::Intake, Timestamp::now(), event);
                *entry = app.ledger.writer().append(request).await.unwrap().position;
            }
            Self { app, folder, photos, entries }
        }

        fn root(&self) -> Author {
            let seed = std::fs::read_to_string(self.folder.path().join("root-1.key")).unwrap();
            Author::Root(std::sync::Arc::new(wuping_ledger::keys::Signer::from_seed_hex(&seed).unwrap()))
        }

        fn planned(&self) -> Result<Plan, ErasureError> {
            let today = self.app.today();
            plan(self.app.reader(), &self.app.vault, "survey/s-1", Some("photos"), Some(today))
        }

        async fn says(&self, stream: &str, said: Value) {
            let (data, _) = split_private(said).unwrap();
            let stream = StreamPath::new(stream).unwrap();
            let event = NewEvent { stream, schema: "test/1".to_owned(), data };
            let request = AppendRequest::single(Uuid::now_v7(), Author::Intake, Timestamp::now(), event);
            self.app.ledger.writer().append(request).await.unwrap();
        }

        fn plan(&self, entry: usize) -> Plan {
            let mut plan = self.planned().unwrap();
            plan.targets.retain(|position, _| *position == self.entries[entry]);
            plan
        }

        /// Which of the photos are kept.
        fn kept(&self) -> Vec<usize> {
            let there = |photo: &String| {
                self.folder.path().join("attachments").join(&photo[..2]).join(photo).exists()
            };
            (0..3).filter(|number| there(&self.photos[*number])).collect()
        }

        async fn opened_again(self) -> Self {
            self.app.close().await.unwrap();
            let app = App::open(self.folder.path()).unwrap();
            Self { app, ..self }
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_photo_goes_with_the_last_value_that_names_it() {
        let house = House::new().await;
        erase(house.parts(), &house.plan(0), house.root(), "a", "b").await.unwrap();
        assert_eq!(house.kept(), [1, 2], "the second entry names photo 1 too");
        erase(house.parts(), &house.plan(1), house.root(), "a", "b").await.unwrap();
        assert_eq!(house.kept(), [] as [usize; 0]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_a_request_was_put_off_for_stays_until_that_day() {
        let house = House::new().await;
        let (record, today) = ("survey/s-1/record/1", house.app.today());
        let received = json!({ "channel": "counter", "ref": "t" });
        let requested = json!({
            "basis": "pipl_47", "by": "a", "fields": ["photos"], "on": today, "received": received, "streams": ["survey/s-1"],
            "type": "ErasureRequested",
        });
        house.says(record, requested).await;
        assert!(house.planned().is_ok());
        let put_off = |until: NaiveDate| json!({ "by": "a", "received": received, "type": "ErasurePostponed", "until": until, "why": "open_appeal" });
        let later = today.succ_opt().unwrap();
        house.says(record, put_off(later)).await;
        let refused = house.planned().unwrap_err();
        let told = refused.to_string();
        assert!(
            told.contains(&later.to_string()) && told.contains("open_appeal") && told.contains(record),
            "{told}"
        );
        let notes =
            plan(house.app.reader(), &house.app.vault, "survey/s-1", Some("note"), Some(today)).unwrap();
        assert!(!notes.targets.is_empty(), "another field was not asked for");
        house.says(record, put_off(today)).await;
        assert!(house.planned().is_ok(), "the day has come");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_a_crash_left_of_an_erasure_goes_when_the_house_is_opened_next() {
        // closed and opened again, all of the vault is in its file
        let house = House::new().await.opened_again().await;
        let older = std::fs::read(house.folder.path().join("vault.db")).unwrap();
        let (first, second) = (house.plan(0), house.plan(1));
        assert!(!first.targets.is_empty() && !second.targets.is_empty());
        // it ends right behind the entry: neither attachments nor values are gone
        for (plan, kept) in [(&first, vec![1, 2]), (&second, vec![])] {
            let house = &house;
            record(&house.app.ledger, plan, house.root(), "a", "b").await.unwrap();
            assert_eq!(apply_again(house.app.reader(), &house.app.vault, house.folder.path()).unwrap(), 1);
            assert_eq!(house.kept(), kept);
        }
        assert_eq!(apply_again(house.app.reader(), &house.app.vault, house.folder.path()).unwrap(), 0);

        // vault and attachments of an older backup are put back
        let attachments = Attachments::in_folder(&house.folder.path().join("attachments")).unwrap();
        for number in 0..3 {
            attachments.put(vec![b'a'; number + 1]).await.unwrap();
        }
        let House { app, folder, photos, entries } = house;
        app.close().await.unwrap();
        for rest in ["vault.db-wal", "vault.db-shm"] {
            let _ = std::fs::remove_file(folder.path().join(rest));
        }
        std::fs::write(folder.path().join("vault.db"), older).unwrap();
        let house = House { app: App::open(folder.path()).unwrap(), folder, photos, entries };
        assert_eq!(house.kept(), [] as [usize; 0]);
        let house = house.opened_again().await;
        assert_eq!(house.plan(0), Plan::default());
    }
}

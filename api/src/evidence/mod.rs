//! Giving out evidence: a bundle of everything recorded about a subject, as it was at a commitment to the heads, with the
//! values that are disclosed on a stated basis (docs/format.md §11). What is disclosed is recorded before the bundle is made, and so
//! is the reading of a credit file that is in it; the bundle's own digest before it is handed over.

mod explained;
mod package;
mod sealing;
mod words;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::json;
use uuid::Uuid;
use wuping_domain::facts::Role;
use wuping_domain::record::RECIPIENTS;
use wuping_domain::rejection::Rejection;
use wuping_ledger::append::AppendError;
use wuping_ledger::attachments::{AttachmentError, Attachments};
use wuping_ledger::bundle::Bundle;
use wuping_ledger::bundle::check::Checked;
use wuping_ledger::bundle::compose::{ComposeError, Order, compose};
use wuping_ledger::disclosure::{Disclosure, digests_in};
use wuping_ledger::encoding::Hash;
use wuping_ledger::keys::Kid;
use wuping_ledger::recorded::RecordedEntry;
use wuping_ledger::refusal::Refusal;
use wuping_ledger::store::StoreError;
use wuping_ledger::timestamp::Timestamp;
use wuping_ledger::vault::{VaultError, attachments_in};
use wuping_replay::evidence::{Question, VerifiedBundle, verify};

use crate::anchors::AnchorError;
use crate::app::{App, Asked, Done, ExecuteError, Who};
use crate::disclosing::{self, DisclosingError, record_stream};

pub use explained::explained;
pub use package::{Package, Picture, bundle_at, bundle_in, other_photos};
#[cfg(test)]
pub(crate) use words::tests::found;
pub use words::{Lack, finding, seen};

/// What is to be given out, to whom, and why.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The path that it is about, `premises/p-1`.
    pub path: String,
    /// The determination at which it is cut: its stream and number.
    pub upto: Option<(String, u64)>,
    /// Names of private values to disclose, each of every entry of the path or of the entry before it: `phone`, `1200:phone`.
    pub fields: Vec<String>,
    /// The law it is given out under, which stands in the ledger for everybody: no person is named in it.
    pub basis: String,
    /// To whom, by a code: `court`, `party` …
    pub to: String,
    /// Who takes it, in words; kept private.
    pub recipient: Option<String>,
}

/// What was given out.
#[derive(Debug)]
pub struct Issued {
    /// The bundle as it is handed over, with what explains it.
    pub package: Package,
    /// SHA-256 of the bundle, lower-case hex: the ledger holds it.
    pub sha256: String,
    /// Position of the entry that says so.
    pub record: u64,
    /// Positions of the entries that say what was disclosed.
    pub disclosures: Vec<u64>,
    /// What was found when it was checked before it was handed over.
    pub verified: VerifiedBundle,
    /// What it lacks without being wrong: cosignatures, a time-stamp, a photo.
    pub lacks: Vec<Lack>,
}

/// Why nothing was given out.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// Witnesses know another history, or could not be asked at all.
    #[error("nothing is given out")]
    Anchors(#[from] AnchorError),
    /// A photo could not be read.
    #[error("a photo could not be read")]
    Attachment(#[from] AttachmentError),
    /// It could not be made.
    #[error("the bundle could not be made")]
    Compose(#[from] ComposeError),
    /// A value was not disclosed.
    #[error("nothing is given out: a value is not disclosed")]
    Disclosing(#[from] DisclosingError),
    /// It was not recorded.
    #[error("it was not recorded, so nothing is given out")]
    Execute(#[from] ExecuteError),
    /// A task of this program was stopped.
    #[error("the bundle was not made to its end")]
    Ended(#[from] tokio::task::JoinError),
    /// No entry has such a value.
    #[error("no entry of {path} has a private value “{field}”; there are {}", has.join(", "))]
    NoField {
        /// What was asked for.
        field: String,
        /// Where.
        path: String,
        /// What there is.
        has: Vec<String>,
    },
    /// There is no such determination.
    #[error("there is no determination {number} in {stream}; “wuping history” lists what there is")]
    NoDetermination {
        /// The stream.
        stream: String,
        /// The number.
        number: u64,
    },
    /// The format does not allow it.
    #[error("the format of bundles does not allow it")]
    Rule(#[from] Refusal),
    /// The ledger did not write it down.
    #[error("the ledger did not write down where its streams end, or sign it")]
    Seal(#[from] AppendError),
    /// The ledger could not be read.
    #[error("the ledger could not be read")]
    Store(#[from] StoreError),
    /// It does not hold by its own check.
    #[error("the bundle does not hold by its own check, so it is not given out: {why}; run “wuping verify”")]
    Unsound {
        /// What was found first.
        why: String,
    },
    /// The vault could not be read.
    #[error("the vault could not be read")]
    Vault(#[from] VaultError),
}

/// Records what is disclosed, makes the bundle, records that it is given out, and answers it.
///
/// # Errors
/// [`IssueError`]; nothing is given out then.
pub async fn issue(app: &App, account: &str, kid: Kid, wanted: &Wanted) -> Result<Issued, IssueError> {
    may_issue(app, account, wanted)?;
    read_the_file(app, account, &kid, wanted).await?;
    let cut = wanted.upto.as_ref().map(|of| sealing::cut_after(app.reader(), of)).transpose()?.flatten();
    let chosen = chosen(app, wanted, cut)?;
    let mut disclosures = Vec::new();
    for (position, values) in &chosen {
        let names = values.iter().map(|value| value.name.clone()).collect();
        let to = wanted.recipient.clone().unwrap_or_else(|| wanted.to.clone());
        let one = disclosing::Wanted { position: *position, fields: names, basis: wanted.basis.clone(), to };
        disclosures.push(disclosing::record(app, account, &kid, &one).await?.0.position);
    }
    let heads = match cut {
        Some(heads) => heads,
        None => sealing::committed(app, &wanted.path).await?,
    };
    let sealed = sealing::seal(app, heads).await?;
    let order = Order {
        path: wanted.path.clone(),
        heads,
        note: sealed.note,
        stamp: sealed.stamp,
        disclosures: texts(&chosen),
        created_at: app.now(),
    };
    let (reader, now) = (app.reader().clone(), crate::authorities::now());
    let (bundle, bytes, verified, checked) =
        tokio::task::spawn_blocking(move || made(&reader, &order, now)).await??;
    let sha256 = Hash::of(&bytes).hex();
    let mut lacks = sealed.lacks;
    let pictures = pictures(app, &chosen, &mut lacks).await?;
    let record = record(app, account, kid, wanted, &sha256).await?;
    let explained = explained(&bundle, &checked, &verified).into_string();
    let package = Package { bundle: bytes, explained, pictures };
    Ok(Issued { package, sha256, record, disclosures, verified, lacks })
}

/// Refuses what would be refused in the end before anything is said, or learnt, on the way.
fn may_issue(app: &App, account: &str, wanted: &Wanted) -> Result<(), IssueError> {
    let holds = app.actor(account)?.grants.iter().any(|grant| grant.role == Role::LegalOfficer);
    let rejected = |rejection| Err(ExecuteError::Rejected(rejection).into());
    if !holds {
        return rejected(Rejection::RoleNeeded { roles: vec![Role::LegalOfficer] });
    }
    if wanted.basis.trim().is_empty() {
        return rejected(Rejection::Malformed { field: "basis", needs: "a word at least" });
    }
    if !RECIPIENTS.contains(&wanted.to.as_str()) {
        let needs = "court, reconsideration_organ, prosecutor, party or auditor";
        return rejected(Rejection::Malformed { field: "to", needs });
    }
    Ok(())
}

/// A bundle about a party holds its credit file: that it is read is recorded before anything of it is.
async fn read_the_file(app: &App, account: &str, kid: &Kid, wanted: &Wanted) -> Result<(), IssueError> {
    let Some(party) = wanted.path.strip_prefix("party/").and_then(|rest| rest.split('/').next()) else {
        return Ok(());
    };
    let file = format!("party/{party}/credit");
    if app.reader().version(&file)? == 0 {
        return Ok(());
    }
    let command = json!({ "command": "read_file", "why": "legal_review", "purpose": wanted.basis.trim() });
    let asked = Asked {
        id: Uuid::now_v7(),
        stream: format!("access/{party}"),
        command,
        expected: None,
        occurred_at: app.now(),
    };
    app.execute(&Who::Person { account: account.to_owned(), kid: kid.clone() }, asked).await?;
    Ok(())
}

/// The values that are to be disclosed, by the position of their entry, in the order of their digests. What was erased is left
/// out: the bundle shows who erased it, when and why.
fn chosen(
    app: &App,
    wanted: &Wanted,
    cut: Option<u64>,
) -> Result<BTreeMap<u64, Vec<Disclosure>>, IssueError> {
    let mut chosen = BTreeMap::new();
    if wanted.fields.is_empty() {
        return Ok(chosen);
    }
    let erased = crate::erasing::erasures_by_entry(app.reader())?;
    let (mut found, mut has, mut gone) = (Vec::new(), Vec::new(), false);
    for entry in app.reader().subject(&wanted.path, cut)? {
        gone |= erased.contains_key(&entry.position);
        let values = values_of(app, &entry)?;
        has.extend(values.iter().map(|value| value.name.clone()));
        let asked = |field: &&String, value: &Disclosure| {
            **field == value.name || **field == format!("{}:{}", entry.position, value.name)
        };
        let mut mine = values;
        mine.retain(|value| {
            let by = wanted.fields.iter().find(|field| asked(field, value));
            found.extend(by.cloned());
            by.is_some() && !value.value.is_null()
        });
        if !mine.is_empty() {
            chosen.insert(entry.position, mine);
        }
    }
    has.sort();
    has.dedup();
    match wanted.fields.iter().find(|field| !found.contains(field) && !gone) {
        Some(field) => Err(IssueError::NoField { field: field.clone(), path: wanted.path.clone(), has }),
        None => Ok(chosen),
    }
}

/// The private values of an entry that are still there.
fn values_of(app: &App, entry: &RecordedEntry) -> Result<Vec<Disclosure>, IssueError> {
    let digests = digests_in(&entry.data);
    let digests: Vec<&str> = digests.iter().map(String::as_str).collect();
    Ok(app.vault.values(&digests)?.into_iter().flatten().collect())
}

fn texts(chosen: &BTreeMap<u64, Vec<Disclosure>>) -> BTreeMap<u64, Vec<String>> {
    let of = |values: &Vec<Disclosure>| values.iter().map(|value| value.text.clone()).collect();
    chosen.iter().map(|(position, values)| (*position, of(values))).collect()
}

/// The bundle, as it is handed over and as it was checked.
fn made(
    reader: &wuping_ledger::reader::Reader,
    order: &Order,
    now: u64,
) -> Result<(Bundle, Vec<u8>, VerifiedBundle, Checked), IssueError> {
    let bundle = compose(reader, order)?;
    let bytes = bundle.to_zip()?;
    let question = Question { level: 5, now: Some(now), ..Question::default() };
    let looked = verify(&bundle, &question)?;
    if let Some(first) = looked.verified.findings.first() {
        let why = format!("{}: {}: {}", first.file, first.code, first.detail);
        return Err(IssueError::Unsound { why });
    }
    Ok((bundle, bytes, looked.verified, looked.checked))
}

/// The photos that are disclosed, as they are kept.
async fn pictures(
    app: &App,
    chosen: &BTreeMap<u64, Vec<Disclosure>>,
    lacks: &mut Vec<Lack>,
) -> Result<Vec<Picture>, IssueError> {
    let kept = Attachments::in_folder(&app.folder.join("attachments"))?;
    let mut pictures: BTreeMap<String, Picture> = BTreeMap::new();
    for value in chosen.values().flatten() {
        for sha256 in attachments_in(value) {
            match kept.read(&sha256).await {
                Ok(bytes) => {
                    let media_type = media_type(value, &sha256);
                    pictures.insert(sha256.clone(), Picture { sha256, media_type, bytes });
                }
                Err(AttachmentError::Missing { .. }) => lacks.push(Lack::Photo { sha256 }),
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(pictures.into_values().collect())
}

/// What a value says that an attachment is.
fn media_type(value: &Disclosure, sha256: &str) -> String {
    let photos = value.value.as_array().into_iter().flatten();
    let of = photos.filter(|photo| photo["sha256"] == sha256).find_map(|photo| photo["type"].as_str());
    of.unwrap_or_default().to_owned()
}

async fn record(
    app: &App,
    account: &str,
    kid: Kid,
    wanted: &Wanted,
    sha256: &str,
) -> Result<u64, IssueError> {
    let command = json!({
        "command": "issue_evidence", "sha256": sha256, "to": wanted.to, "basis": wanted.basis.trim(),
        "recipient": wanted.recipient,
    });
    let asked = Asked {
        id: Uuid::now_v7(),
        stream: record_stream(&wanted.path, "e"),
        command,
        expected: None,
        occurred_at: app.now(),
    };
    match app.execute(&Who::Person { account: account.to_owned(), kid }, asked).await? {
        Done::Recorded(receipt) => Ok(receipt.position),
        Done::Nothing => {
            let detail = "nothing was said by it".to_owned();
            Err(ExecuteError::Command { detail }.into())
        }
    }
}

/// The path of what people call premises, for a bundle: a whole path stands for itself.
#[must_use]
pub fn file_name(path: &str, at: Timestamp) -> PathBuf {
    let day = at.as_str().get(..10).unwrap_or_default();
    format!("evidence-{}-{day}.zip", path.replace('/', "-")).into()
}

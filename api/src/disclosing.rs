//! Disclosing private values of an entry: recorded first, by the legal officer who answers for it, and shown then
//! (docs/format.md §8).

use serde_json::{Value, json};
use uuid::Uuid;
use wuping_domain::facts::Role;
use wuping_domain::recorded::subject_of;
use wuping_domain::rejection::Rejection;
use wuping_ledger::append::{AppendError, Receipt};
use wuping_ledger::disclosure::{Disclosure, apply, digests_in};
use wuping_ledger::disclosure_file::{DisclosureFile, ProvenEntry};
use wuping_ledger::erasure::targets;
use wuping_ledger::keys::Kid;
use wuping_ledger::proofs::ProofError;
use wuping_ledger::reader::Reader;
use wuping_ledger::refusal::Refusal;
use wuping_ledger::store::StoreError;
use wuping_ledger::timestamp::Timestamp;
use wuping_ledger::vault::VaultError;

use crate::app::{App, Asked, Done, ExecuteError, Who};

/// What is to be disclosed, why, and to whom.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Position of the entry.
    pub position: u64,
    /// Names of its private values.
    pub fields: Vec<String>,
    /// On what legal basis.
    pub basis: String,
    /// To whom.
    pub to: String,
}

/// Who erased values of an entry, when and why.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Erased {
    /// Position of the entry that says so.
    pub position: u64,
    /// By whose decision.
    pub authority: String,
    /// Why.
    pub reason: String,
    /// When it was recorded.
    pub recorded_at: String,
}

/// Why nothing is disclosed.
#[derive(Debug, thiserror::Error)]
pub enum DisclosingError {
    /// It was erased.
    #[error("“{field}” of entry {position} cannot be disclosed: {}", told(erased))]
    Erased {
        /// What was asked for.
        field: String,
        /// Of which entry.
        position: u64,
        /// By whom, when and why: every erasure of values of that entry.
        erased: Vec<Erased>,
    },
    /// It was not recorded.
    #[error("the disclosure was not recorded, so nothing is shown")]
    Execute(#[from] ExecuteError),
    /// A key of the ledger is not known.
    #[error("the key that signed entry {position} is not enrolled; run “wuping verify”")]
    Key {
        /// Which entry.
        position: u64,
    },
    /// The entry has no such value.
    #[error("entry {position} has no private value “{field}”; it has {}", listed(has))]
    NoField {
        /// What was asked for.
        field: String,
        /// Of which entry.
        position: u64,
        /// What it has.
        has: Vec<String>,
    },
    /// There is no such entry.
    #[error("there is no entry {position}: the ledger has {size}, counted from 0")]
    NoEntry {
        /// What was asked for.
        position: u64,
        /// How many there are.
        size: u64,
    },
    /// A proof could not be made.
    #[error("the disclosure is recorded, but its proof could not be made: run the same again")]
    Proof(#[from] ProofError),
    /// The format does not allow it.
    #[error("the ledger's format does not allow it")]
    Rule(#[from] Refusal),
    /// No checkpoint could be signed.
    #[error("the disclosure is recorded, but no checkpoint could be signed over it: run the same again")]
    Sign(#[source] AppendError),
    /// The ledger could not be read.
    #[error("the ledger could not be read")]
    Store(#[from] StoreError),
    /// The vault could not be read.
    #[error("the vault could not be read")]
    Vault(#[from] VaultError),
}

/// Records the disclosure under the person's own key, and then makes the file that shows the values.
///
/// # Errors
/// [`DisclosingError`]; nothing is shown then.
pub async fn disclose(
    app: &App,
    account: &str,
    kid: Kid,
    wanted: &Wanted,
) -> Result<DisclosureFile, DisclosingError> {
    let (receipt, values) = record(app, account, &kid, wanted).await?;
    app.ledger.writer().sign_now().await.map_err(DisclosingError::Sign)?;
    Ok(DisclosureFile {
        entry: proven(app.reader(), wanted.position)?,
        record: proven(app.reader(), receipt.position)?,
        disclosures: values.into_iter().map(|value| value.text).collect(),
    })
}

/// Records the disclosure under the person's own key; answers its receipt, and the values, in the order of their digests.
///
/// # Errors
/// [`DisclosingError`]; nothing may be shown then.
pub(crate) async fn record(
    app: &App,
    account: &str,
    kid: &Kid,
    wanted: &Wanted,
) -> Result<(Receipt, Vec<Disclosure>), DisclosingError> {
    let holds = app.actor(account)?.grants.iter().any(|grant| grant.role == Role::LegalOfficer);
    if !holds {
        // said before anything is looked up, so that nobody learns what an entry has
        return Err(ExecuteError::Rejected(Rejection::RoleNeeded { roles: vec![Role::LegalOfficer] }).into());
    }
    let (stream, values) = values(app, wanted)?;
    let digests: Vec<&str> = values.iter().map(|value| value.digest.as_str()).collect();
    let fields: Vec<&str> = values.iter().map(|value| value.name.as_str()).collect();
    let command = json!({
        "command": "disclose", "sequence": wanted.position, "fields": fields, "digests": digests,
        "basis": wanted.basis, "to": wanted.to,
    });
    let asked = Asked {
        id: Uuid::now_v7(),
        stream: record_stream(&stream, "d"),
        command,
        expected: None,
        occurred_at: Timestamp::now(),
    };
    let Done::Recorded(receipt) =
        app.execute(&Who::Person { account: account.to_owned(), kid: kid.clone() }, asked).await?
    else {
        let detail = "nothing was said by it".to_owned();
        return Err(ExecuteError::Command { detail }.into());
    };
    Ok((receipt, values))
}

/// The stream of the entry, and the values asked for, each once, in the order of their digests.
fn values(app: &App, wanted: &Wanted) -> Result<(String, Vec<Disclosure>), DisclosingError> {
    let (reader, position) = (app.reader(), wanted.position);
    let Some(row) = reader.row(position)? else {
        return Err(DisclosingError::NoEntry { position, size: reader.size()? });
    };
    let digests = digests_in(&row.payload);
    let erased = erased(reader, position)?;
    let live: Vec<&str> = digests
        .iter()
        .map(String::as_str)
        .filter(|digest| !erased.iter().any(|(known, _)| known == digest))
        .collect();
    let there: Vec<Disclosure> = app.vault.values(&live)?.into_iter().flatten().collect();
    for field in &wanted.fields {
        if there.iter().any(|value| value.name == *field) {
            continue;
        }
        let field = field.clone();
        if erased.is_empty() {
            let has = there.iter().map(|value| value.name.clone()).collect();
            return Err(DisclosingError::NoField { field, position, has });
        }
        let mut by: Vec<Erased> = erased.into_iter().map(|(_, by)| by).collect();
        by.dedup();
        return Err(DisclosingError::Erased { field, position, erased: by });
    }
    let values: Vec<Disclosure> =
        there.into_iter().filter(|value| wanted.fields.contains(&value.name)).collect();
    let public: Value = serde_json::from_str(&row.payload).unwrap_or_default();
    let texts: Vec<&str> = values.iter().map(|value| value.text.as_str()).collect();
    // among others, photos only with the count that the entry has in the open
    apply(&public, &texts)?;
    Ok((row.aggregate_id, values))
}

/// Digests of an entry that were erased, in the order of the log, with who, when and why.
fn erased(reader: &Reader, position: u64) -> Result<Vec<(String, Erased)>, DisclosingError> {
    let mut erased = Vec::new();
    for entry in reader.stream("erasures")? {
        let data: Value = serde_json::from_str(&entry.data).unwrap_or_default();
        let word = |name: &str| data[name].as_str().unwrap_or_default().to_owned();
        for target in targets(&data)?.into_iter().filter(|target| target.sequence == position) {
            let by = Erased {
                position: entry.position,
                authority: word("authority"),
                reason: word("reason"),
                recorded_at: entry.recorded_at.clone(),
            };
            erased.extend(target.digests.into_iter().map(|digest| (digest, by.clone())));
        }
    }
    Ok(erased)
}

/// A new record under the subject of a stream; for a stream of the ledger's own, beside it. The letter tells kinds apart.
pub(crate) fn record_stream(stream: &str, letter: &str) -> String {
    let id = Uuid::now_v7().simple();
    match subject_of(stream) {
        subject if subject.contains('/') => format!("{subject}/record/{letter}-{id}"),
        _ => format!("record/{letter}-{id}"),
    }
}

fn proven(reader: &Reader, position: u64) -> Result<ProvenEntry, DisclosingError> {
    let row = reader.row(position)?.ok_or(DisclosingError::Key { position })?;
    let kid = Kid::parse(row.kid.clone())?;
    let signer = reader.keys()?.record(&kid).map(|record| record.public);
    let signer = signer.ok_or(DisclosingError::Key { position })?;
    Ok(ProvenEntry { leaf: row.leaf(reader.origin()?), signer, proof: reader.inclusion_file(position)? })
}

impl DisclosingError {
    /// The same in Chinese; what lies below it, a store or the format, says it in its own words.
    #[must_use]
    pub fn zh(&self) -> String {
        match self {
            Self::Erased { field, position, erased } => {
                let one = |by: &Erased| {
                    let Erased { position, authority, reason, recorded_at } = by;
                    format!(
                        "{authority}于 {recorded_at} 决定永久删除其中的内容，理由：{reason}（第{position}条记录）"
                    )
                };
                let erased = erased.iter().map(one).collect::<Vec<_>>().join("；");
                format!("第{position}条记录的“{field}”不能出示：{erased}")
            }
            Self::Execute(ExecuteError::Rejected(rejection)) => {
                format!("这次出示没有记录，所以没有出示任何内容：{}", rejection.zh())
            }
            Self::Execute(_) => "这次出示没有记录，所以没有出示任何内容".to_owned(),
            Self::Key { position } => {
                format!("给第{position}条记录签名的密钥没有登记；请运行 wuping verify")
            }
            Self::NoField { field, position, has } => {
                let has = match has.as_slice() {
                    [] => "没有隐私内容".to_owned(),
                    names => format!("有{}", names.join("、")),
                };
                format!("第{position}条记录没有隐私内容“{field}”；它{has}")
            }
            Self::NoEntry { position, size } => {
                format!("没有第{position}条记录：账本共有{size}条，从0数起")
            }
            Self::Proof(_) => "出示已经记录，但没能作出证明：请再运行一次".to_owned(),
            Self::Rule(_) => "账本的格式不允许这样做".to_owned(),
            Self::Sign(_) => "出示已经记录，但没能为它签出检查点：请再运行一次".to_owned(),
            Self::Store(_) => "账本无法读取".to_owned(),
            Self::Vault(_) => "隐私库无法读取".to_owned(),
        }
    }
}

fn told(erased: &[Erased]) -> String {
    let one = |by: &Erased| {
        let Erased { position, authority, reason, recorded_at } = by;
        format!(
            "values of it were erased for ever on {recorded_at} by “{authority}”: {reason} (entry {position})"
        )
    };
    erased.iter().map(one).collect::<Vec<_>>().join("; ")
}

fn listed(names: &[String]) -> String {
    match names {
        [] => "none".to_owned(),
        names => names.iter().map(|name| format!("“{name}”")).collect::<Vec<_>>().join(", "),
    }
}

//! Time-stamping authorities (RFC 3161) of a ledger: they are asked once a day for the last checkpoint of the day before,
//! and say by when its entries existed (docs/format.md §7). What they answer is verified before it is kept.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::{DateTime, NaiveDate, Utc};
use reqwest::{Client, StatusCode, header};
use wuping_domain::recorded::local_date;
use wuping_ledger::genesis::Ledger;
use wuping_ledger::locks::locked;
use wuping_ledger::note::{note_text, stated_size};
use wuping_ledger::reader::Reader;
use wuping_ledger::refusal::Refusal;
use wuping_ledger::stamp::{RESPONSE_BYTES_MAX, Roots, Stamp, open_stamp, query};
use wuping_ledger::stamps::{CLOCK_TOLERANCE, keep, kept};
use wuping_ledger::store::StoreError;

use crate::anchors::{bounded, client};
use crate::asked_list;

/// An authority that is asked.
#[derive(Clone, Debug)]
pub struct Authority {
    /// What the list calls it: names of files and numbers bear it.
    pub name: String,
    /// Where it is asked.
    pub address: String,
    /// The roots to which its certificates must lead.
    pub roots: Roots,
}

/// Why authorities cannot be asked, or one gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// The list cannot be read.
    #[error(
        "{file}, line {line}: {why}; each line is a name, the authority's address and a PEM file of its roots, parted by \
         single spaces"
    )]
    List {
        /// The list.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// The program that asks could not be set up.
    #[error("time-stamping authorities cannot be asked")]
    Client(#[source] reqwest::Error),
    /// It was away, or answered something else.
    #[error("the authority {name} was not reached: {why}")]
    Away {
        /// The authority.
        name: String,
        /// What went wrong.
        why: String,
    },
    /// Its answer was discarded.
    #[error("the answer of the authority {name} is discarded")]
    Discarded {
        /// The authority.
        name: String,
        /// What is wrong with it.
        #[source]
        why: Refusal,
    },
    /// There is nothing to stamp.
    #[error("no checkpoint has been signed yet; serve the ledger for a second, or import something")]
    NoCheckpoint,
    /// There is nobody to ask.
    #[error(
        "no authority is listed: write a line “name address roots.pem” into {file} (docs/operators.md, “Time-stamps”)"
    )]
    Nobody {
        /// The list.
        file: PathBuf,
    },
    /// The fork alarm is raised.
    #[error("nothing is stamped under the fork alarm, which “wuping witness alarm” shows")]
    Alarm,
    /// A file or the ledger could not be read or written.
    #[error("what authorities say could not be kept")]
    Store(#[from] StoreError),
}

/// The authorities of a ledger.
#[derive(Debug)]
pub struct Authorities {
    folder: PathBuf,
    /// None where nobody is asked.
    client: Option<Client>,
    listed: Vec<Authority>,
    failed: Mutex<HashMap<String, Failures>>,
}

/// How often in a row one gave nothing, and when it is asked again.
#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    again_at: Instant,
}

/// A stamp of a checkpoint.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Stamped {
    /// The authority, by the list's name.
    pub authority: String,
    /// Number of entries of the checkpoint.
    pub size: u64,
    /// What it said.
    pub stamp: Stamp,
    /// Whether it was asked for it now, and had not said it before.
    pub new: bool,
}

impl Authorities {
    /// Those that a folder's `authorities.txt` lists; none if there is no list.
    ///
    /// # Errors
    /// [`AuthorityError::List`] with the line.
    pub fn of(folder: &Path) -> Result<Self, AuthorityError> {
        let listed = listed(folder)?;
        let client = match listed.is_empty() {
            true => None,
            false => Some(client(TIMEOUT).map_err(AuthorityError::Client)?),
        };
        Ok(Self { folder: folder.to_owned(), client, listed, failed: Mutex::default() })
    }

    /// Those that are listed.
    #[must_use]
    pub fn listed(&self) -> &[Authority] {
        &self.listed
    }

    /// Asks once a day as long as the server runs, until the fork alarm is raised; one that was away is asked again.
    pub async fn follow(self: Arc<Self>, house: Arc<impl AsRef<Ledger>>) {
        let ledger = house.as_ref().as_ref();
        while !self.listed.is_empty() && ledger.writer().alarm().is_none() {
            for outcome in self.ask_due(ledger.reader(), local_date(Utc::now())).await {
                match outcome {
                    Ok(Stamped { authority, size, .. }) => {
                        tracing::info!(%authority, size, "a checkpoint is time-stamped");
                    }
                    Err(error) => {
                        let causes = wuping_projections::error::causes(&error).join(": ");
                        tracing::warn!(%causes, "a checkpoint is not time-stamped; the authority is asked again");
                    }
                }
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    /// Asks every authority that has not stamped the last checkpoint before `today`, or a later one, and is not to be left
    /// alone for a while yet. Days for which nobody could be asked are covered by the next one's checkpoint.
    pub async fn ask_due(&self, reader: &Reader, today: NaiveDate) -> Vec<Result<Stamped, AuthorityError>> {
        let (log, folder) = (reader.clone(), self.folder.clone());
        let read = tokio::task::spawn_blocking(move || Ok((last_before(&log, today)?, kept(&folder)?))).await;
        let read = read.unwrap_or_else(|error| Err(StoreError::Corrupt { what: error.to_string() }));
        let (note, kept) = match read {
            Ok((Some(note), kept)) => (note, kept),
            Ok((None, _)) => return Vec::new(),
            Err(error) => return vec![Err(error.into())],
        };
        let size = stated_size(&note).unwrap_or(0);
        let mut outcomes = Vec::new();
        for authority in &self.listed {
            let has = kept.iter().any(|stamp| stamp.authority == authority.name && stamp.size >= size);
            let waits =
                locked(&self.failed).get(&authority.name).is_some_and(|it| it.again_at > Instant::now());
            if !has && !waits {
                outcomes.push(self.ask(authority, &note).await);
            }
        }
        outcomes
    }

    /// A stamp of every authority over the newest checkpoint, at once; one that has stamped it already is not asked again.
    ///
    /// # Errors
    /// [`AuthorityError`] of the first that gave none; what the others gave is kept.
    pub async fn ask_now(&self, reader: &Reader) -> Result<Vec<Stamped>, AuthorityError> {
        if self.listed.is_empty() {
            return Err(AuthorityError::Nobody { file: self.folder.join(LIST) });
        }
        if wuping_ledger::alarm::raised_in(&self.folder)?.is_some() {
            return Err(AuthorityError::Alarm);
        }
        let note = reader.checkpoint()?.ok_or(AuthorityError::NoCheckpoint)?;
        let (mut stamped, mut first) = (Vec::new(), None);
        for authority in &self.listed {
            match self.ask(authority, &note).await {
                Ok(given) => stamped.push(given),
                Err(error) => first = first.or(Some(error)),
            }
        }
        first.map_or(Ok(stamped), Err)
    }

    /// Asks every authority for a stamp over this checkpoint; answers why those gave none that did not.
    pub async fn ask_over(&self, note: &str) -> Vec<AuthorityError> {
        let mut refused = Vec::new();
        for authority in &self.listed {
            refused.extend(self.ask(authority, note).await.err());
        }
        refused
    }

    /// One request; what it gives is verified, then kept.
    async fn ask(&self, authority: &Authority, note: &str) -> Result<Stamped, AuthorityError> {
        let asked = self.ask_once(authority, note).await;
        let mut failed = locked(&self.failed);
        if asked.is_ok() {
            failed.remove(&authority.name);
        } else {
            let count = failed.get(&authority.name).map_or(1, |it| (it.count + 1).min(FAILURES_MAX));
            let again_at = Instant::now() + EVERY * 2_u32.pow(count - 1);
            failed.insert(authority.name.clone(), Failures { count, again_at });
        }
        asked
    }

    async fn ask_once(&self, authority: &Authority, note: &str) -> Result<Stamped, AuthorityError> {
        let name = &authority.name;
        let discarded = |why| AuthorityError::Discarded { name: name.clone(), why };
        let size = stated_size(note).unwrap_or(0);
        let text = note_text(note.as_bytes()).map_err(discarded)?;
        if let Some(stamp) = self.given_before(authority, size, text)? {
            return Ok(Stamped { authority: name.clone(), size, stamp, new: false });
        }
        let response = self.response(authority, query(text).map_err(discarded)?).await;
        let response = response.map_err(|why| AuthorityError::Away { name: name.clone(), why })?;
        let stamp = open_stamp(&response, text, &authority.roots).map_err(discarded)?;
        let off = stamp.time.abs_diff(now());
        if off > CLOCK_TOLERANCE {
            let why = format!(
                "its clock is {off} seconds from the one here; put the machine's clock right if it is wrong"
            );
            return Err(discarded(Refusal::new("time-stamp-time", why)));
        }
        keep(&self.folder, name, size, note, &response)?;
        Ok(Stamped { authority: name.clone(), size, stamp, new: true })
    }

    /// The earlier of two stamps over the same text says more.
    fn given_before(
        &self,
        authority: &Authority,
        size: u64,
        text: &str,
    ) -> Result<Option<Stamp>, StoreError> {
        let mine = |stamp: &wuping_ledger::stamps::KeptStamp| {
            stamp.size == size && stamp.authority == authority.name
        };
        let Some(before) = kept(&self.folder)?.into_iter().find(mine) else { return Ok(None) };
        // one that does not verify any more, as when other roots are listed, is asked for anew
        Ok(open_stamp(&before.response()?, text, &authority.roots).ok())
    }

    async fn response(&self, authority: &Authority, query: Vec<u8>) -> Result<Vec<u8>, String> {
        let client = self.client.as_ref().ok_or("nobody is asked")?;
        let request = client.post(&authority.address).body(query);
        let request = request.header(header::CONTENT_TYPE, "application/timestamp-query");
        let mut answer =
            request.send().await.map_err(|error| wuping_projections::error::causes(&error).join(": "))?;
        if answer.status() != StatusCode::OK {
            return Err(format!("it answers {}", answer.status()));
        }
        bounded(&mut answer, RESPONSE_BYTES_MAX).await
    }
}

/// The last checkpoint that covers no entry of this day or a later one, by the ledger's own time.
fn last_before(reader: &Reader, day: NaiveDate) -> Result<Option<String>, StoreError> {
    let earlier = |position: u64| {
        let row = reader.row(position)?;
        let at = row.and_then(|row| DateTime::parse_from_rfc3339(&row.recorded_at).ok());
        Ok::<_, StoreError>(at.is_some_and(|at| local_date(at.to_utc()) < day))
    };
    // recorded times never decrease
    let (mut from, mut to) = (0, reader.size()?);
    while from < to {
        let middle = from + (to - from) / 2;
        if earlier(middle)? { from = middle + 1 } else { to = middle }
    }
    if from == 0 { Ok(None) } else { reader.checkpoint_up_to(from) }
}

/// The authorities of a folder's list.
///
/// # Errors
/// [`AuthorityError::List`] with the line.
pub fn listed(folder: &Path) -> Result<Vec<Authority>, AuthorityError> {
    let file = folder.join(LIST);
    let mut authorities: Vec<Authority> = Vec::new();
    for (number, line) in asked_list::lines(&file)? {
        let wrong = |why: String| AuthorityError::List { file: file.clone(), line: number, why };
        let parts: Vec<&str> = line.splitn(3, ' ').collect();
        let [name, address, roots] = parts[..] else {
            return Err(wrong("it has not three parts".to_owned()));
        };
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if name.is_empty() || name.len() > NAME_MAX || !name.bytes().all(plain) {
            return Err(wrong(format!("{name:?} is no name of small letters, digits and hyphens")));
        }
        if authorities.iter().any(|known| known.name == name) {
            return Err(wrong(format!("the name {name} is there twice")));
        }
        let address = asked_list::address(address).map_err(wrong)?;
        let pem = folder.join(roots.trim());
        let read = std::fs::read_to_string(&pem);
        let read = read.map_err(|error| wrong(format!("{} cannot be read: {error}", pem.display())))?;
        let roots = Roots::parse(&read).map_err(|refusal| wrong(format!("{}: {refusal}", pem.display())))?;
        if roots.is_empty() {
            return Err(wrong(format!("{} holds no certificate", pem.display())));
        }
        authorities.push(Authority { name: name.to_owned(), address, roots });
    }
    Ok(authorities)
}

/// The roots that a folder's list names, each certificate in PEM by itself.
///
/// # Errors
/// [`AuthorityError::List`] with the line.
pub fn roots_in_pem(folder: &Path) -> Result<Vec<String>, AuthorityError> {
    let file = folder.join(LIST);
    let mut roots: Vec<String> = Vec::new();
    for (line, text) in asked_list::lines(&file)? {
        let pem = folder.join(text.splitn(3, ' ').nth(2).unwrap_or_default().trim());
        let read = std::fs::read_to_string(&pem).map_err(|error| {
            let why = format!("{} cannot be read: {error}", pem.display());
            AuthorityError::List { file: file.clone(), line, why }
        })?;
        let certificates = read.split_inclusive(CERTIFICATE_END);
        let whole =
            certificates.filter_map(|one| Some(one.get(one.find(CERTIFICATE_BEGIN)?..)?.to_owned() + "\n"));
        roots.extend(whole);
    }
    roots.sort();
    roots.dedup();
    Ok(roots)
}

/// The files of roots that a folder's list names in the folder itself: without them the list cannot be read.
pub(crate) fn files_of_roots(folder: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(folder.join(LIST)).unwrap_or_default();
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let named = lines.filter_map(|line| line.splitn(3, ' ').nth(2)).map(|file| file.trim().to_owned());
    let mut files: Vec<String> =
        named.filter(|file| !file.contains('/') && folder.join(file).is_file()).collect();
    files.sort();
    files.dedup();
    files
}

/// The clock here, in POSIX seconds.
pub(crate) fn now() -> u64 {
    u64::try_from(Utc::now().timestamp()).unwrap_or(0)
}

const LIST: &str = "authorities.txt";
const CERTIFICATE_BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const CERTIFICATE_END: &str = "-----END CERTIFICATE-----";
const NAME_MAX: usize = 64;
const TIMEOUT: Duration = Duration::from_secs(20);
const EVERY: Duration = Duration::from_mins(1);
/// After so many failures in a row an authority is asked about once an hour.
const FAILURES_MAX: u32 = 7;

//! Outside anchors: witnesses that cosign this log's checkpoints. What they know of it is asked before it is served and
//! every second while it grows; whoever knows another history raises the fork alarm (docs/format.md §7).

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use reqwest::{Client, StatusCode};
use wuping_ledger::checkpoints::{cosigned_in_file, keep_cosigned};
use wuping_ledger::genesis::Ledger;
use wuping_ledger::note::{NoteKeyType, VerifierKey, note_text, stated_size, verify_cosignature_line};
use wuping_ledger::store::StoreError;
use wuping_ledger::witness::Shown;

/// A witness that is asked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Witness {
    /// Its key.
    pub key: VerifierKey,
    /// Where it is asked, without the path.
    pub address: String,
}

/// Why witnesses cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum AnchorError {
    /// The list of witnesses cannot be read.
    #[error("{file}, line {line}: {why}; each line is a witness's verifier key, a space, and its address")]
    List {
        /// The list.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// A witness knows another history.
    #[error("the ledger is not served: {why}. See docs/operators.md, “The fork alarm”")]
    Alarm {
        /// What was found.
        why: String,
    },
    /// The program that asks could not be set up.
    #[error("witnesses cannot be asked")]
    Client(#[from] reqwest::Error),
    /// A file or the ledger could not be read or written.
    #[error("what witnesses say could not be kept")]
    Store(#[from] StoreError),
}

/// The witnesses of a ledger, and what they have said.
#[derive(Debug)]
pub struct Anchors {
    folder: PathBuf,
    client: Client,
    witnesses: Vec<Witness>,
    asked: Mutex<HashMap<String, Asked>>,
    /// The newest note with cosignatures.
    cosigned: Mutex<Option<String>>,
}

/// How it stands with one witness.
#[derive(Clone, Copy, Debug, Default)]
struct Asked {
    /// The size it knows, as far as it said so.
    knows: u64,
    /// How often in a row it did not answer, and when it is asked again.
    failures: u32,
    again_at: Option<Instant>,
}

/// What a witness said.
enum Said {
    Cosigned(String),
    /// It was away, or said what nobody understands.
    Nothing(String),
    /// It knows another history.
    Alarm(String),
}

impl Anchors {
    /// The witnesses that a folder's `witnesses.txt` lists; none if there is no list.
    ///
    /// # Errors
    /// [`AnchorError::List`] with the line.
    pub fn of(folder: &Path) -> Result<Self, AnchorError> {
        let client =
            Client::builder().timeout(TIMEOUT).redirect(reqwest::redirect::Policy::none()).build()?;
        let witnesses = listed(folder)?;
        let cosigned = cosigned_in_file(folder)?.into_iter().max_by_key(|note| size_of(note));
        Ok(Self {
            folder: folder.to_owned(),
            client,
            witnesses,
            asked: Mutex::default(),
            cosigned: Mutex::new(cosigned),
        })
    }

    /// The newest checkpoint that witnesses have cosigned, with their lines.
    #[must_use]
    pub fn cosigned(&self) -> Option<String> {
        locked(&self.cosigned).clone()
    }

    /// How many entries it covers; 0 where there is none.
    #[must_use]
    pub fn cosigned_size(&self) -> u64 {
        self.cosigned().map_or(0, |note| size_of(&note))
    }

    /// Asks every witness once; one that knows more than there is here, or another history, keeps the ledger from being
    /// served.
    ///
    /// # Errors
    /// [`AnchorError::Alarm`].
    pub async fn ask_before_serving(&self, ledger: &Ledger) -> Result<(), AnchorError> {
        self.ask_all(ledger).await?;
        match ledger.writer().alarm() {
            Some(why) => Err(AnchorError::Alarm { why: why.to_owned() }),
            None => Ok(()),
        }
    }

    /// Asks for cosignatures while the ledger grows, until the alarm is raised.
    pub async fn follow(self: Arc<Self>, ledger: Arc<crate::app::App>) {
        if self.witnesses.is_empty() {
            return;
        }
        while ledger.ledger.writer().alarm().is_none() {
            tokio::time::sleep(EVERY).await;
            if let Err(error) = self.ask_all(&ledger.ledger).await {
                let causes = wuping_projections::error::causes(&error).join(": ");
                tracing::error!(%causes, "witnesses could not be asked");
            }
        }
    }

    /// Shows the newest checkpoint to all who have not cosigned it, at once, and keeps what they give.
    async fn ask_all(&self, ledger: &Ledger) -> Result<(), AnchorError> {
        let reader = ledger.reader().clone();
        let note = tokio::task::spawn_blocking(move || reader.checkpoint()).await;
        let note = note.map_err(|error| StoreError::Corrupt { what: error.to_string() })??;
        let Some(note) = note else { return Ok(()) };
        let size = size_of(&note);
        let shown = &note;
        let due = |witness: &&Witness| {
            let asked = self.asked(witness);
            asked.knows != size && asked.again_at.is_none_or(|at| at <= Instant::now())
        };
        let asking = self.witnesses.iter().filter(due).map(|witness| async move {
            let said = self.ask(ledger, witness, shown).await;
            (witness, said)
        });
        let said = futures_util::future::join_all(asking).await;
        let mut lines = String::new();
        for (witness, said) in said {
            match said {
                Said::Cosigned(line) => lines.push_str(&line),
                Said::Nothing(why) => {
                    tracing::warn!(witness = %witness.key.name, %why, "a witness was not reached")
                }
                Said::Alarm(why) => {
                    let why = format!("the witness {} says: {why}\n\nour note:\n{note}", witness.key.name);
                    tracing::error!(witness = %witness.key.name, %why, "FORK ALARM: nothing is appended any more");
                    ledger.writer().raise_alarm(&why)?;
                }
            }
        }
        if !lines.is_empty() {
            self.keep(&note, &lines)?;
        }
        Ok(())
    }

    /// The same note as before gets more lines; a newer one takes its place.
    fn keep(&self, note: &str, lines: &str) -> Result<(), StoreError> {
        let mut cosigned = locked(&self.cosigned);
        let same = cosigned.as_deref().filter(|known| known.starts_with(note));
        let note = format!("{}{lines}", same.unwrap_or(note));
        keep_cosigned(&self.folder, &note)?;
        *cosigned = Some(note);
        Ok(())
    }

    async fn ask(&self, ledger: &Ledger, witness: &Witness, note: &str) -> Said {
        let said = match self.ask_from(ledger, witness, note, self.asked(witness).knows).await {
            // it has seen another size than we know: once more from there
            Err(known) if known > size_of(note) => Said::Alarm(format!(
                "it has seen {known} entries of this log, there are {} here",
                size_of(note)
            )),
            Err(known) if !published(ledger, known) => {
                Said::Alarm(format!("it has seen a checkpoint of {known} entries that was never signed here"))
            }
            Err(known) => match self.ask_from(ledger, witness, note, known).await {
                Ok(said) => said,
                Err(other) => {
                    Said::Nothing(format!("it names one size after the other: {known}, then {other}"))
                }
            },
            Ok(said) => said,
        };
        let mut asked = locked(&self.asked);
        let asked = asked.entry(witness.key.name.clone()).or_default();
        match &said {
            Said::Cosigned(_) => *asked = Asked { knows: size_of(note), ..Asked::default() },
            Said::Nothing(_) | Said::Alarm(_) => {
                asked.failures = (asked.failures + 1).min(FAILURES_MAX);
                asked.again_at = Some(Instant::now() + EVERY * 2_u32.pow(asked.failures));
            }
        }
        said
    }

    /// One request; the size it has seen, if that is another one.
    async fn ask_from(&self, ledger: &Ledger, witness: &Witness, note: &str, old: u64) -> Result<Said, u64> {
        let reader = ledger.reader().clone();
        let size = size_of(note);
        let proof = tokio::task::spawn_blocking(move || reader.consistency_proof(old.min(size), size)).await;
        let proof = match proof {
            Ok(Ok(proof)) => proof,
            Ok(Err(error)) => return Ok(Said::Nothing(error.to_string())),
            Err(error) => return Ok(Said::Nothing(error.to_string())),
        };
        let body = Shown { old, proof, note: note.to_owned() }.body();
        let url = format!("{}/add-checkpoint", witness.address.trim_end_matches('/'));
        let answer = match self.client.post(url).body(body).send().await {
            Ok(answer) => answer,
            Err(error) => return Ok(Said::Nothing(error.to_string())),
        };
        let status = answer.status();
        let names_a_size = answer
            .headers()
            .get("content-type")
            .and_then(|kind| kind.to_str().ok())
            .is_some_and(|kind| kind.starts_with("text/x.tlog.size"));
        let text = match answer.text().await {
            Ok(text) => text,
            Err(error) => return Ok(Said::Nothing(error.to_string())),
        };
        match (status, names_a_size) {
            (StatusCode::OK, _) => Ok(cosignature(witness, note, &text)),
            (StatusCode::CONFLICT, true) => match text.trim().parse() {
                Ok(known) => Err(known),
                Err(_) => Ok(Said::Nothing(format!("it names no size: {text:?}"))),
            },
            (StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY, _) => {
                Ok(Said::Alarm(format!("it has cosigned another history of this log ({status}):\n{text}")))
            }
            _ => Ok(Said::Nothing(format!("{status}: {}", text.trim()))),
        }
    }

    fn asked(&self, witness: &Witness) -> Asked {
        locked(&self.asked).get(&witness.key.name).copied().unwrap_or_default()
    }
}

/// The line of the witness that was asked, verified; others are not ours to keep.
fn cosignature(witness: &Witness, note: &str, answer: &str) -> Said {
    let now = u64::try_from(chrono::Utc::now().timestamp()).ok();
    let text = match note_text(note.as_bytes()) {
        Ok(text) => text,
        Err(refusal) => return Said::Nothing(refusal.to_string()),
    };
    let verified = |line: &&str| verify_cosignature_line(line, &witness.key, text, now).is_ok();
    match answer.lines().find(verified) {
        Some(line) => Said::Cosigned(format!("{line}\n")),
        None => Said::Nothing("its cosignature does not verify under the key in witnesses.txt".to_owned()),
    }
}

/// Whether a checkpoint of exactly this size was signed here.
fn published(ledger: &Ledger, size: u64) -> bool {
    size == 0 || matches!(ledger.reader().checkpoint_up_to(size), Ok(Some(note)) if size_of(&note) == size)
}

fn size_of(note: &str) -> u64 {
    stated_size(note).unwrap_or(0)
}

/// The witnesses of a folder's list.
///
/// # Errors
/// [`AnchorError::List`] with the line.
pub fn listed(folder: &Path) -> Result<Vec<Witness>, AnchorError> {
    let file = folder.join("witnesses.txt");
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(StoreError::File { file, source }.into()),
    };
    let mut witnesses: Vec<Witness> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let wrong = |why: String| AnchorError::List { file: file.clone(), line: number, why };
        let (key, address) = line.split_once(' ').ok_or_else(|| wrong("there is no address".to_owned()))?;
        let key = VerifierKey::parse(key).map_err(|refusal| wrong(refusal.to_string()))?;
        if key.key_type != NoteKeyType::Witness {
            return Err(wrong("this is a log's key, not a witness's".to_owned()));
        }
        if witnesses.iter().any(|known| known.key.public == key.public || known.key.name == key.name) {
            return Err(wrong("this witness is listed twice".to_owned()));
        }
        let address = address.trim().to_owned();
        if !address.starts_with("http://") && !address.starts_with("https://") {
            return Err(wrong(format!("{address} is no http:// or https:// address")));
        }
        witnesses.push(Witness { key, address });
    }
    Ok(witnesses)
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const TIMEOUT: Duration = Duration::from_secs(5);
const EVERY: Duration = Duration::from_secs(1);
/// After so many failures in a row a witness is asked every four minutes.
const FAILURES_MAX: u32 = 8;

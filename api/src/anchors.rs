//! Outside anchors: witnesses that cosign this log's checkpoints. What they know of it is asked before it is served and
//! every second while it grows; whoever knows another history raises the fork alarm (docs/format.md §7).

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::{Client, StatusCode};
use wuping_ledger::checkpoints::{keep_cosigned, newest_cosigned_in_file};
use wuping_ledger::genesis::Ledger;
use wuping_ledger::locks::locked;
use wuping_ledger::note::{NoteKeyType, VerifierKey, note_text, stated_size, verify_cosignature_line};
use wuping_ledger::store::StoreError;
use wuping_ledger::witness::Shown;

use crate::asked_list;
use crate::standing::{Last, Standing, cosigned_last};

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
    /// The ledger was put back from a backup, and a witness that may have seen more of it does not answer.
    #[error(
        "the ledger is not served: it was put back from a backup, and {} did not answer. If that witness has seen more of it, whatever is \
         recorded now is a second history: start again when it answers. --without-witnesses REASON goes on all the same, and the log \
         says so for ever",
        .witnesses.join(", ")
    )]
    Silent {
        /// Their names.
        witnesses: Vec<String>,
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
    /// None where nobody is asked: setting it up reads the machine's certificates and takes its time.
    client: Option<Client>,
    witnesses: Vec<Witness>,
    /// Held while they are asked: two that ask at once would each take what the other has just shown for another history.
    asking: tokio::sync::Mutex<()>,
    asked: Mutex<HashMap<String, Asked>>,
    /// What each cosigned last.
    last: Mutex<HashMap<String, Last>>,
    /// The newest note with cosignatures.
    cosigned: Mutex<Option<String>>,
    publishing: Mutex<Publishing>,
}

/// What decides which note is given out.
#[derive(Clone, Copy, Debug, Default)]
struct Publishing {
    /// Since when no witness has cosigned what it was shown.
    behind_since: Option<Instant>,
    /// The largest size that was given out without cosignatures: nothing smaller is given out after it.
    uncosigned: u64,
}

/// How it stands with one witness.
#[derive(Clone, Copy, Debug, Default)]
struct Asked {
    /// The size it knows, as far as it said so: it may have been shown it by another node.
    knows: u64,
    /// The size of the last note that it cosigned for us.
    cosigned: u64,
    /// How often in a row it did not answer, and when it is asked again.
    failures: u32,
    again_at: Option<Instant>,
}

/// What a witness said.
enum Said {
    /// Its line, and its time.
    Cosigned(String, u64),
    /// It knows more than it was shown, and what it knows was signed here meanwhile.
    Further(u64),
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
        let witnesses = listed(folder)?;
        let client = if witnesses.is_empty() { None } else { Some(client(TIMEOUT)?) };
        // what they said counts for as long as they are listed
        let cosigned = if witnesses.is_empty() { None } else { newest_cosigned_in_file(folder)? };
        let cosigned = cosigned.map(|note| one_line_each(&note));
        let last = Mutex::new(cosigned_last(folder, &witnesses)?);
        Ok(Self {
            folder: folder.to_owned(),
            client,
            witnesses,
            last,
            asking: tokio::sync::Mutex::default(),
            asked: Mutex::default(),
            cosigned: Mutex::new(cosigned),
            publishing: Mutex::default(),
        })
    }

    /// The newest checkpoint that witnesses have cosigned, with their lines.
    #[must_use]
    pub fn cosigned(&self) -> Option<String> {
        locked(&self.cosigned).clone()
    }

    /// The note to give out beside the newest signed one: that which witnesses have cosigned for as long as they keep up, else the
    /// newest, which tiles and proofs follow already.
    #[must_use]
    pub fn to_publish(&self, newest: Option<String>) -> Option<String> {
        let Some(cosigned) = self.cosigned() else { return newest };
        let mut publishing = locked(&self.publishing);
        let is_late = publishing.behind_since.is_some_and(|since| since.elapsed() >= BEHIND_MAX);
        let signed = newest.as_deref().map_or(0, size_of);
        if (is_late && signed > size_of(&cosigned)) || publishing.uncosigned > size_of(&cosigned) {
            publishing.uncosigned = publishing.uncosigned.max(signed);
            return newest;
        }
        Some(cosigned)
    }

    /// How many entries it covers; 0 where there is none.
    #[must_use]
    pub fn cosigned_size(&self) -> u64 {
        self.cosigned().map_or(0, |note| size_of(&note))
    }

    /// What each witness cosigned last, beside the `head` entries under the newest checkpoint.
    #[must_use]
    pub fn standing(&self, head: u64) -> Vec<Standing> {
        let last = locked(&self.last);
        let of = |Witness { key, address }: &Witness| {
            Standing::of(&key.name, address, last.get(&key.name).copied(), head)
        };
        self.witnesses.iter().map(of).collect()
    }

    /// Asks every witness once; one that knows more than there is here, or another history, keeps the ledger from being
    /// served. Answers the names of those that said nothing.
    ///
    /// # Errors
    /// [`AnchorError::Alarm`].
    pub async fn ask_before_serving(&self, ledger: &Ledger) -> Result<Vec<String>, AnchorError> {
        let silent = self.ask_all(ledger).await?;
        match ledger.writer().alarm() {
            Some(why) => Err(AnchorError::Alarm { why: why.to_owned() }),
            None => Ok(silent.into_iter().collect()),
        }
    }

    /// Asks for cosignatures while the ledger grows, until the alarm is raised here or by another node.
    pub async fn follow(self: Arc<Self>, house: Arc<impl AsRef<Ledger>>) {
        let ledger = house.as_ref().as_ref();
        while ledger.writer().alarm().is_none() {
            tokio::time::sleep(EVERY).await;
            hear(ledger).await;
            if self.witnesses.is_empty() {
                continue;
            }
            if let Err(error) = self.ask_all(ledger).await {
                let causes = wuping_projections::error::causes(&error).join(": ");
                tracing::error!(%causes, "witnesses could not be asked");
            }
        }
        // a database that was away when it was raised is told as soon as it is there again
        while let Err(error) = keep_alarm(ledger).await {
            let causes = wuping_projections::error::causes(&error).join(": ");
            tracing::error!(%causes, "other nodes could not be told of the fork alarm");
            tokio::time::sleep(EVERY * 4).await;
        }
    }

    /// Shows the newest checkpoint to all who have not cosigned it, at once, and keeps what they give. Where one of them knows
    /// a newer one of ours, which another node has shown it, that one is shown to all. Answers who has said nothing: all, where
    /// there is nothing to show.
    async fn ask_all(&self, ledger: &Ledger) -> Result<BTreeSet<String>, AnchorError> {
        let _asking = self.asking.lock().await;
        let mut silent = self.witnesses.iter().map(|witness| witness.key.name.clone()).collect();
        for _ in 0..ROUNDS_MAX {
            let Some(note) = newest(ledger).await? else { break };
            let shown = self.show(ledger, &note, &mut silent).await;
            self.keeps_up(self.cosigned_size() >= size_of(&note));
            if !shown? {
                break;
            }
        }
        Ok(silent)
    }

    /// Shows a note to all who have not cosigned it, and takes those who answer from the `silent`; true if one of them knows a
    /// newer one of ours.
    async fn show(
        &self,
        ledger: &Ledger,
        note: &str,
        silent: &mut BTreeSet<String>,
    ) -> Result<bool, AnchorError> {
        let size = size_of(note);
        let due = |witness: &&Witness| {
            let asked = self.asked(witness);
            asked.cosigned != size && asked.again_at.is_none_or(|at| at <= Instant::now())
        };
        let asking = self.witnesses.iter().filter(due).map(|witness| async move {
            let said = self.ask(ledger, witness, note).await;
            (witness, said)
        });
        let said = futures_util::future::join_all(asking).await;
        let (mut lines, mut is_newer_known) = (String::new(), false);
        for (witness, said) in said {
            if !matches!(said, Said::Nothing(_)) {
                silent.remove(&witness.key.name);
            }
            match said {
                Said::Cosigned(line, time) => {
                    lines.push_str(&line);
                    locked(&self.last).insert(witness.key.name.clone(), Last { size, time });
                }
                Said::Further(_) => is_newer_known = true,
                Said::Nothing(why) => {
                    tracing::warn!(witness = %witness.key.name, %why, "a witness was not reached")
                }
                Said::Alarm(why) => {
                    let why = format!("the witness {} says: {why}\n\nour note:\n{note}", witness.key.name);
                    tracing::error!(witness = %witness.key.name, %why, "FORK ALARM: nothing is appended any more");
                    ledger.writer().raise_alarm(&why)?;
                    keep_alarm(ledger).await?;
                }
            }
        }
        if !lines.is_empty() {
            self.keep(note, &lines)?;
        }
        Ok(is_newer_known)
    }

    /// Notes whether the newest note that was shown has been cosigned.
    fn keeps_up(&self, keeps_up: bool) {
        let behind_since = &mut locked(&self.publishing).behind_since;
        *behind_since = if keeps_up { None } else { behind_since.or_else(|| Some(Instant::now())) };
    }

    /// The same note as before gets more lines; a newer one takes its place.
    fn keep(&self, note: &str, lines: &str) -> Result<(), StoreError> {
        let mut cosigned = locked(&self.cosigned);
        let same = cosigned.as_deref().and_then(|known| known.strip_prefix(note));
        let note = format!("{note}{}", joined(same.unwrap_or_default(), lines));
        keep_cosigned(&self.folder, &note)?;
        *cosigned = Some(note);
        Ok(())
    }

    async fn ask(&self, ledger: &Ledger, witness: &Witness, note: &str) -> Said {
        let size = size_of(note);
        let said = match self.ask_from(ledger, witness, note, self.asked(witness).knows).await {
            // it has seen another size than we know: once more from there
            Err(known) if known <= size && !published(ledger, known) => never_signed(known),
            Err(known) if known <= size => match self.ask_from(ledger, witness, note, known).await {
                Err(other) if other > size => further(ledger, other).await,
                Err(other) => {
                    Said::Nothing(format!("it names one size after the other: {known}, then {other}"))
                }
                Ok(said) => said,
            },
            Err(known) => further(ledger, known).await,
            Ok(said) => said,
        };
        let mut asked = locked(&self.asked);
        let asked = asked.entry(witness.key.name.clone()).or_default();
        match &said {
            Said::Cosigned(..) => *asked = Asked { knows: size, cosigned: size, ..Asked::default() },
            Said::Further(known) => {
                *asked = Asked { knows: *known, cosigned: asked.cosigned, ..Asked::default() }
            }
            Said::Nothing(_) | Said::Alarm(_) => {
                asked.failures = (asked.failures + 1).min(FAILURES_MAX);
                asked.again_at = Some(Instant::now() + scattered(EVERY * 2_u32.pow(asked.failures)));
            }
        }
        said
    }

    /// One request; the size it has seen, if that is another one.
    async fn ask_from(&self, ledger: &Ledger, witness: &Witness, note: &str, old: u64) -> Result<Said, u64> {
        let reader = ledger.reader().clone();
        let size = size_of(note);
        // what it knows and we lack it says itself: from a size beyond the note it would be no question at all
        let old = old.min(size);
        let proof = tokio::task::spawn_blocking(move || reader.consistency_proof(old, size)).await;
        let proof = match proof {
            Ok(Ok(proof)) => proof,
            Ok(Err(error)) => return Ok(Said::Nothing(error.to_string())),
            Err(error) => return Ok(Said::Nothing(error.to_string())),
        };
        let body = Shown { old, proof, note: note.to_owned() }.body();
        let url = format!("{}/add-checkpoint", witness.address.trim_end_matches('/'));
        let Some(client) = &self.client else { return Ok(Said::Nothing("nobody is asked".to_owned())) };
        let mut answer = match client.post(url).body(body).send().await {
            Ok(answer) => answer,
            Err(error) => return Ok(Said::Nothing(error.to_string())),
        };
        let status = answer.status();
        let names_a_size = answer
            .headers()
            .get("content-type")
            .and_then(|kind| kind.to_str().ok())
            .is_some_and(|kind| kind.starts_with("text/x.tlog.size"));
        let text = match bounded(&mut answer, ANSWER_BYTES_MAX).await {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(why) => return Ok(Said::Nothing(why)),
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
    let verified = |line| Some((line, verify_cosignature_line(line, &witness.key, text, now).ok()?));
    match answer.lines().find_map(verified) {
        Some((line, cosigned)) => Said::Cosigned(format!("{line}\n"), cosigned.time),
        None => Said::Nothing("its cosignature does not verify under the key in witnesses.txt".to_owned()),
    }
}

/// A note as it may be given out: versions before this one could write two lines of one witness under it.
fn one_line_each(note: &str) -> String {
    let log_line_end = note.find("\n\n").and_then(|blank| {
        let signatures = blank + 2;
        note[signatures..].find('\n').map(|end| signatures + end + 1)
    });
    let Some(end) = log_line_end else { return note.to_owned() };
    let (signed, lines) = note.split_at(end);
    format!("{signed}{}", joined("", lines))
}

/// Lines of cosignatures with newer ones: of each witness the newer one only, since a note with two lines of one key is
/// refused (docs/format.md §5). A witness is asked again when the server starts, whatever it said before.
fn joined(known: &str, newer: &str) -> String {
    let name = |line: &str| line.split(' ').nth(1).map(str::to_owned);
    let lines: Vec<&str> = known.lines().chain(newer.lines()).collect();
    let newest =
        |(number, line): &(usize, &&str)| !lines[number + 1..].iter().any(|later| name(later) == name(line));
    lines.iter().enumerate().filter(newest).map(|(_, line)| format!("{line}\n")).collect()
}

/// What asks others over the network; none of them may send it elsewhere.
pub(crate) fn client(timeout: Duration) -> Result<Client, reqwest::Error> {
    Client::builder().timeout(timeout).redirect(reqwest::redirect::Policy::none()).build()
}

/// The body of an answer, if it is no longer than that; else what went wrong.
pub(crate) async fn bounded(answer: &mut reqwest::Response, bytes_max: usize) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| error.to_string())? {
        if body.len() + chunk.len() > bytes_max {
            return Err(format!("it answers with more than {bytes_max} bytes"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Between half of a wait and one and a half, so that many who wait for the same one do not come at once.
fn scattered(wait: Duration) -> Duration {
    let mut byte = [128];
    // without randomness the middle is as good
    let _ = getrandom::fill(&mut byte);
    wait / 2 + wait * u32::from(byte[0]) / 255
}

/// What a size beyond the note that was shown means. Another node, or whoever had a bundle sealed, may have signed and shown
/// a newer checkpoint while the request was on its way: the ledger is looked at again before anybody is alarmed.
async fn further(ledger: &Ledger, known: u64) -> Said {
    match newest(ledger).await {
        Err(error) => {
            Said::Nothing(format!("it has seen {known} entries, and what is here cannot be read: {error}"))
        }
        Ok(note) => match note.as_deref().map_or(0, size_of) {
            here if here < known => {
                Said::Alarm(format!("it has seen {known} entries of this log, there are {here} here"))
            }
            _ if published(ledger, known) => Said::Further(known),
            _ => never_signed(known),
        },
    }
}

fn never_signed(known: u64) -> Said {
    Said::Alarm(format!("it has seen a checkpoint of {known} entries that was never signed here"))
}

/// Takes in an alarm that another node has raised. Of a database that does not answer, others tell.
async fn hear(ledger: &Ledger) {
    let reader = ledger.reader().clone();
    if let Ok(Ok(Some(raised))) = tokio::task::spawn_blocking(move || reader.alarm()).await {
        tracing::error!(why = %raised.why, "FORK ALARM of another node: nothing is appended any more");
        ledger.writer().hear_alarm(raised);
    }
}

/// Tells all nodes, by the database, of the alarm that is raised here.
async fn keep_alarm(ledger: &Ledger) -> Result<(), StoreError> {
    let writer = ledger.writer().clone();
    let kept = tokio::task::spawn_blocking(move || writer.keep_alarm()).await;
    kept.map_err(|error| StoreError::Corrupt { what: error.to_string() })?
}

/// The newest checkpoint as the ledger has it now.
async fn newest(ledger: &Ledger) -> Result<Option<String>, StoreError> {
    let reader = ledger.reader().clone();
    let note = tokio::task::spawn_blocking(move || reader.checkpoint()).await;
    note.map_err(|error| StoreError::Corrupt { what: error.to_string() })?
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
    let mut witnesses: Vec<Witness> = Vec::new();
    for (number, line) in asked_list::lines(&file)? {
        let wrong = |why: String| AnchorError::List { file: file.clone(), line: number, why };
        let (key, address) = line.split_once(' ').ok_or_else(|| wrong("there is no address".to_owned()))?;
        let key = VerifierKey::parse(key).map_err(|refusal| wrong(refusal.to_string()))?;
        if key.key_type != NoteKeyType::Witness {
            return Err(wrong("this is a log's key, not a witness's".to_owned()));
        }
        if witnesses.iter().any(|known| known.key.public == key.public || known.key.name == key.name) {
            return Err(wrong("this witness is listed twice".to_owned()));
        }
        let address = asked_list::address(address.trim()).map_err(wrong)?;
        witnesses.push(Witness { key, address });
    }
    Ok(witnesses)
}

/// A note of 65,536 bytes and a little more.
const ANSWER_BYTES_MAX: usize = 72 * 1024;
const TIMEOUT: Duration = Duration::from_secs(5);
const EVERY: Duration = Duration::from_secs(1);
/// For how long an older note is given out, because it is cosigned, while no witness answers.
const BEHIND_MAX: Duration = Duration::from_secs(10);
/// How often in a row a newer note is shown because a witness knows one: where nodes take turns signing, the next second comes
/// as well.
const ROUNDS_MAX: usize = 4;
/// After so many failures in a row a witness is asked every four minutes.
const FAILURES_MAX: u32 = 8;

#[cfg(test)]
mod asking_tests;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_each_witness_one_line_stays_the_newest() {
        let (one, two, again) = ("— w/1 AAAA\n", "— w/2 BBBB\n", "— w/1 CCCC\n");
        assert_eq!(joined("", one), one);
        assert_eq!(joined(one, two), format!("{one}{two}"));
        assert_eq!(joined(&format!("{one}{two}"), again), format!("{two}{again}"));
        assert_eq!(joined(one, one), one);
        let signed = "o\n3\nAAAA\n\n— o BBBB\n";
        assert_eq!(one_line_each(&format!("{signed}{one}{two}{again}")), format!("{signed}{two}{again}"));
        assert_eq!(one_line_each(signed), signed);
    }

    #[test]
    fn what_witnesses_cosigned_is_given_out_while_they_are_listed_and_keep_up() {
        let folder = tempfile::tempdir().unwrap();
        let signer = || wuping_ledger::keys::Signer::generate().unwrap();
        let log = wuping_ledger::note::CheckpointSigner::new("ledger.example/a", signer()).unwrap();
        let witness = wuping_ledger::note::Cosigner::new("w/1", signer()).unwrap();
        let note = |size| log.sign(size, &wuping_ledger::encoding::Hash::of(b"a tree"));
        let cosigned =
            |size| format!("{}{}", note(size), witness.cosign(note_text(note(size).as_bytes()).unwrap(), 1));
        let (older, newer) = (cosigned(3), note(5));
        keep_cosigned(folder.path(), &older).unwrap();
        let nobody = Anchors::of(folder.path()).unwrap();
        assert_eq!(nobody.to_publish(Some(newer.clone())), Some(newer.clone()), "nobody is listed any more");

        let line = format!("{} http://127.0.0.1:9\n", witness.verifier_key());
        std::fs::write(folder.path().join("witnesses.txt"), line).unwrap();
        let anchors = Anchors::of(folder.path()).unwrap();
        anchors.keeps_up(false);
        let given_out = |newest: &str| anchors.to_publish(Some(newest.to_owned())).unwrap();
        assert_eq!(given_out(&newer), older, "they may be a moment late");
        locked(&anchors.publishing).behind_since = Instant::now().checked_sub(BEHIND_MAX);
        assert_eq!(given_out(&newer), newer, "they are away, and tiles and proofs follow the newer one");
        // when they are back nothing smaller than what was given out is given out again
        *locked(&anchors.cosigned) = Some(cosigned(4));
        anchors.keeps_up(true);
        assert_eq!(given_out(&newer), newer);
        *locked(&anchors.cosigned) = Some(cosigned(6));
        assert_eq!(given_out(&note(7)), cosigned(6));
    }

    #[test]
    fn nothing_is_set_up_for_asking_where_nobody_is_listed() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Anchors::of(folder.path()).unwrap().client.is_none());
        let key = wuping_ledger::note::Cosigner::new("w/1", wuping_ledger::keys::Signer::generate().unwrap());
        let line = format!("{} http://127.0.0.1:9\n", key.unwrap().verifier_key());
        std::fs::write(folder.path().join("witnesses.txt"), line).unwrap();
        assert!(Anchors::of(folder.path()).unwrap().client.is_some());
    }

    #[tokio::test]
    async fn an_answer_without_an_end_is_left_alone() {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let endless = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 4096]).await.unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            let mut written = 0_usize;
            while stream.write_all(&[b'x'; 8192]).await.is_ok() {
                written += 8192;
            }
            written
        });
        let mut answer = client(TIMEOUT).unwrap().get(&url).send().await.unwrap();
        let refused = bounded(&mut answer, ANSWER_BYTES_MAX).await.unwrap_err();
        assert!(refused.contains("more than"), "{refused}");
        drop(answer);
        assert!(endless.await.unwrap() < 64 << 20, "it was not read on");
    }
}

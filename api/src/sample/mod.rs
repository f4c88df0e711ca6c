//! The sample of a first start: an invented district under the illustrative rulebooks, so that a newcomer sees graded
//! houses, people with keys, and work that waits, before anything real is recorded.
//!
//! It is written under a simulated clock that ends at now, into a folder beside the one it is for, and takes its place
//! when it is whole: a first start that is killed leaves nothing half made. What is said is the same on every day; only
//! keys and dates differ.

mod courses;
mod diary;
mod findings;
mod houses;
pub mod people;
mod photos;
mod playing;
mod rounds;
mod story;
mod street;
mod telling;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod whole_tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use serde_json::json;
use uuid::Uuid;
use wuping_domain::recorded::{local_date, subject_of};
use wuping_domain::rulebook::scheme::Collect;
use wuping_ledger::append::{AppendError, Author};
use wuping_ledger::attachments::{AttachmentError, Attachments};
use wuping_ledger::clock::SteppedClock;
use wuping_ledger::encoding::b64u_encode;
use wuping_ledger::keyring::{KeyringError, random};
use wuping_ledger::keys::{Kid, Role as KeyRole};
use wuping_ledger::store::StoreError;
use wuping_ledger::timestamp::Timestamp;

use self::diary::{Almanac, By, Diary, Step};
use self::people::{PEOPLE, Person, account};
use self::photos::Photos;
use crate::app::{App, Asked, ExecuteError, OpenError, Who};
use crate::office::OfficeError;
use crate::runner::RunError;
use crate::shelf;

pub use self::houses::{story_code, story_is_in};
pub use self::playing::{Played, play};
pub use self::street::Street;

/// Why the sample could not be written.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// A key could not be enrolled, or the ledger not be finished.
    #[error("the sample's ledger did not take an entry of its own")]
    Append(#[from] AppendError),
    /// A drawing could not be kept.
    #[error("the sample's photos could not be kept")]
    Attachment(#[from] AttachmentError),
    /// A command of it was refused.
    #[error("a command of the sample was not carried out: {stream}")]
    Execute {
        /// Where it should have gone.
        stream: String,
        /// Why not.
        #[source]
        source: Box<ExecuteError>,
    },
    /// The folder, or the one beside it.
    #[error("the sample could not be put into {path}: choose another folder with --data, or empty this one")]
    Folder {
        /// Which.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// A login could not be kept.
    #[error(transparent)]
    Office(#[from] OfficeError),
    /// The house could not be made, or a rulebook does not compile.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The ledger could not be read.
    #[error("the ledger that was written could not be read")]
    Read(#[from] StoreError),
    /// What time brought could not be recorded.
    #[error("what time brought could not be recorded")]
    Runner(#[from] RunError),
    /// The system has no random bytes to give.
    #[error("no random bytes for the sample's passwords")]
    Random(#[from] KeyringError),
}

/// Departments that go by a registered name in the sample.
const AUTHORITIES: [(&str, &str); 3] =
    [("fire", "示例区消防救援大队"), ("housing", "示例区住房和建设局"), ("subdistrict", "示例街道办事处")];
/// How long the views may take to know them.
const VIEWS_WAIT: Duration = Duration::from_secs(30);

/// Whether a ledger of this origin is a sample: its people may be entered without a password.
pub fn is_sample(origin: &str) -> bool {
    origin.starts_with(PREFIX)
}

/// Make the sample in a folder where no ledger is yet. It is written beside it first; what an interrupted start left there
/// is replaced.
///
/// # Errors
/// [`SampleError`]; the folder is then as it was.
pub async fn make(folder: &Path) -> Result<(), SampleError> {
    make_on(folder, Utc::now()).await
}

/// As [`make`], for a first start at this moment.
async fn make_on(folder: &Path, now: DateTime<Utc>) -> Result<(), SampleError> {
    let part = beside(folder)?;
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| SampleError::Folder { path, source }
    };
    if part.exists() {
        std::fs::remove_dir_all(&part).map_err(failed(&part))?;
    }
    let clock = Arc::new(SteppedClock::starting_at(began(now).timestamp_millis()));
    let mut app = App::create_simulated(&part, ORIGIN, clock.clone())?;
    write(&app, &clock, now).await?;
    app.finish_simulation().await?;
    app.close().await?;
    // Takes the place of a folder that is not there or empty, and of no other.
    std::fs::rename(&part, folder).map_err(failed(folder))
}

/// Write the sample into a new ledger whose clock is `clock`, ending before `now`.
async fn write(app: &App, clock: &SteppedClock, now: DateTime<Utc>) -> Result<(), SampleError> {
    let rulebooks = shelf::pingshan().map_err(OpenError::Compile)?;
    let photos = Photos::drawn();
    photos.keep(&Attachments::in_folder(&app.folder.join("attachments"))?).await?;
    let almanac = Almanac { today: local_date(now), rulebooks, photos };
    let keys = enter(app, clock, &almanac, began(now)).await?;
    for step in steps(&almanac) {
        let who = match &step.by {
            By::Channel(name) => channel(name, &step.stream),
            By::Person(login) => keys.who(login),
        };
        say(app, clock, &who, &step).await?;
        if telling::may_grade(&step) {
            let own = subject_of(&step.stream);
            let refused = |source| SampleError::Execute { stream: own.to_owned(), source: Box::new(source) };
            for step in telling::follows(&step, &app.subject(own).map_err(refused)?) {
                let By::Person(login) = step.by else { continue };
                say(app, clock, &keys.who(login), &step).await?;
            }
        }
    }
    clock.set_wall(now.timestamp_millis());
    Ok(())
}

/// Everything that is said about houses, in the order of time.
fn steps(almanac: &Almanac) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut estate = Diary::new(almanac);
    houses::estate(&mut estate);
    steps.extend(estate.into_steps());
    for house in courses::houses() {
        let mut diary = Diary::new(almanac);
        courses::of(house, &mut diary);
        steps.extend(diary.into_steps());
        let mut diary = Diary::new(almanac);
        rounds::of(house, &mut diary);
        steps.extend(diary.into_steps());
    }
    steps.sort_by_key(|step| step.at);
    steps
}

/// The keys of everybody, by login.
struct Keys(Vec<(&'static str, Kid)>);

impl Keys {
    /// A person with the key; without one nothing can be signed, and the ledger says so.
    fn who(&self, login: &str) -> Who {
        let kid = self.0.iter().find(|(of, _)| *of == login).map(|(_, kid)| kid.clone());
        match kid {
            Some(kid) => Who::Person { account: account(login), kid },
            None => channel("counter", login),
        }
    }
}

/// The first morning: the administrator opens everybody's account, and the commission's publishes the rulebooks.
async fn enter(
    app: &App,
    clock: &SteppedClock,
    almanac: &Almanac,
    began: DateTime<Utc>,
) -> Result<Keys, SampleError> {
    let mut keys = Keys(Vec::new());
    let (mut administrators, mut others): (Vec<&Person>, Vec<&Person>) =
        PEOPLE.iter().partition(|person| person.role == wuping_domain::facts::Role::Administrator);
    administrators.append(&mut others);
    let mut at = began;
    for person in administrators {
        let stream = format!("account/{}", person.account());
        // The first account of a ledger is opened at its counter, every other one by the administrator.
        let by = if keys.0.is_empty() { channel("counter", &stream) } else { keys.who("admin") };
        for command in [json!({ "command": "open", "name": person.name }), person.granting()] {
            at += TimeDelta::minutes(1);
            let at = Timestamp::from_datetime(at);
            let step = Step { at, by: By::Person("admin"), stream: stream.clone(), command };
            say(app, clock, &by, &step).await?;
        }
        let (holder, at) = (person.account(), Timestamp::from_datetime(at));
        let kid = app.ledger.enrol(KeyRole::Officer, &holder, Author::Registrar, Some(at)).await?;
        // Nobody is told this password: the sample's people are entered by their cards.
        app.office.set_login(person.login, &holder, kid.as_str(), &b64u_encode(&random::<24>()?))?;
        keys.0.push((person.login, kid));
    }
    at = register_authorities(app, clock, &keys, at).await?;
    for compiled in &almanac.rulebooks {
        app.ledger.writer().keep_scheme(compiled.document()).await?;
        // Nobody is told these tokens: what a feed shares is uploaded by the data clerk here.
        for indicator in compiled.rulebook.scheme.indicators.iter().filter(|of| of.collect == Collect::Feed) {
            let department = &indicator.competent;
            app.office.open_feed(&format!("feed-{department}"), std::slice::from_ref(department))?;
        }
        at += TimeDelta::minutes(9);
        let command = compiled.illustrative_publication(local_date(at));
        let at = Timestamp::from_datetime(at);
        // what comes with the program was drafted by nobody here
        let (stream, by) = (compiled.stream(), channel("shipped", &compiled.scheme.id));
        say(app, clock, &by, &Step { at, by: By::Channel("shipped".to_owned()), stream, command }).await?;
    }
    Ok(keys)
}

/// The organs in whose names the sample's notices go out. The views are to know them before the first one does.
async fn register_authorities(
    app: &App,
    clock: &SteppedClock,
    keys: &Keys,
    mut at: DateTime<Utc>,
) -> Result<DateTime<Utc>, SampleError> {
    for (department, name) in AUTHORITIES {
        at += TimeDelta::minutes(1);
        let command = json!({ "command": "register", "name": name, "department": department });
        let stream = format!("authority/{department}");
        let step = Step { at: Timestamp::from_datetime(at), by: By::Person("admin"), stream, command };
        say(app, clock, &keys.who("admin"), &step).await?;
    }
    let (views, position) = (app.views.clone(), app.reader().size()?.saturating_sub(1));
    // where they do not, the first notice is refused and says why
    let _ = tokio::task::spawn_blocking(move || views.wait_for(position, VIEWS_WAIT)).await;
    Ok(at)
}

async fn say(app: &App, clock: &SteppedClock, who: &Who, step: &Step) -> Result<(), SampleError> {
    // What is typed arrives a little later than it happened.
    let received = step.at.datetime() + TimeDelta::seconds(RECEIVED_AFTER_SECONDS);
    clock.set_wall(received.timestamp_millis());
    let asked = Asked {
        id: Uuid::now_v7(),
        stream: step.stream.clone(),
        command: step.command.clone(),
        expected: None,
        occurred_at: step.at,
    };
    let refused = |source| SampleError::Execute { stream: step.stream.clone(), source: Box::new(source) };
    app.execute(who, asked).await.map_err(refused)?;
    Ok(())
}

fn channel(name: &str, reference: &str) -> Who {
    Who::Channel { name: name.to_owned(), reference: reference.to_owned() }
}

/// The first morning of the made-up history, before any house is registered.
fn began(now: DateTime<Utc>) -> DateTime<Utc> {
    let morning = NaiveTime::from_hms_opt(0, 30, 0).unwrap_or_default();
    (local_date(now) - TimeDelta::days(HISTORY_DAYS)).and_time(morning).and_utc()
}

/// The folder in which the sample is written before it takes its place.
fn beside(folder: &Path) -> Result<PathBuf, SampleError> {
    let failed = |source| SampleError::Folder { path: folder.to_owned(), source };
    let whole = std::path::absolute(folder).map_err(failed)?;
    let name = whole.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = name.ok_or_else(|| failed(std::io::ErrorKind::InvalidInput.into()))?;
    Ok(whole.with_file_name(format!("{name}{PART}")))
}

/// What a sample's origin begins with.
pub const PREFIX: &str = "sample/";
/// The sample's name for ever.
const ORIGIN: &str = "sample/pingshan-invented";
/// What is added to a folder's name for the one beside it.
const PART: &str = ".part";
/// About fourteen months and a half: the first house is registered a week after its beginning.
const HISTORY_DAYS: i64 = 445;
const RECEIVED_AFTER_SECONDS: i64 = 3;

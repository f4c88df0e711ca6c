//! How fast passwords may be tried. Hashing one takes 19 MiB and some tens of milliseconds, and nobody needs an account to ask for it.
//!
//! So that it costs no more than a few of each, and that nobody guesses at leisure:
//! - no more passwords are hashed at once than there are processors, and only so many wait for it;
//! - tries that have not turned out right are counted by the name and by the network address that they came from. Some are free:
//!   who mistyped twice is let in at once. Then each waits a while before it is looked at, and an address that goes on is sent away.
//!
//! So that nobody keeps another person out by it:
//! - what is counted by a name only slows, by [`WAIT_MAX`] at most, and is never a refusal: a name may be known to anybody;
//! - a browser that its person signed in with before is counted by itself, whatever others do to the name or from the same address
//!   (behind a proxy all come from one). It proves that by a token under the hash of the password, which ends with the password;
//! - counts fall by one each [`FALL`], so that an address that was sent away has a try again after that time.
//!
//! Counts are forgotten with the process: they guard no right. Each node has its own.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ring::hmac;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wuping_ledger::encoding::{b64u_decode, b64u_encode, sha256};
use wuping_ledger::keyring::random;
use wuping_ledger::locks::locked;

use super::store::Login;
use super::{Office, OfficeError, Session};

/// Somebody who wants to sign in.
#[derive(Clone, Debug, Default)]
pub struct Attempt {
    /// The name.
    pub login: String,
    /// The password.
    pub password: String,
    /// Where it came from, as far as it is known.
    pub caller: Option<IpAddr>,
    /// The token of a browser that the person signed in with before, see [`Entered::In`].
    pub browser: Option<String>,
}

/// What became of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Entered {
    /// The person is signed in.
    In {
        /// The session's token, for the browser.
        token: String,
        /// The session.
        session: Session,
        /// What the browser shows the next time so that it is known.
        browser: String,
    },
    /// The password was not looked at: to be tried again after so many seconds.
    Later {
        /// At least 1.
        seconds: u64,
    },
    /// Name and password do not belong together.
    Wrong,
}

/// Who may try when.
#[derive(Debug)]
pub(super) struct Entrance {
    /// As many places as passwords are hashed at once.
    hashing: Arc<Semaphore>,
    /// Where those wait for one of them who are not known, and those who are.
    waiting: [Arc<Semaphore>; 2],
    tries: Mutex<HashMap<Key, Tries>>,
}

/// What tries are counted by.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum Key {
    Address(IpAddr),
    /// The digest of a known browser's token.
    Browser([u8; 32]),
    /// The digest of a name, whether or not somebody has it: names may be long.
    Name([u8; 32]),
}

/// Tries that have not turned out right.
#[derive(Clone, Copy, Debug)]
struct Tries {
    count: u32,
    /// From when on the next one of them is forgotten.
    since: Instant,
}

/// Whether a try may be made.
#[derive(Debug, Eq, PartialEq)]
enum Verdict {
    /// After a while, of no length for most.
    After(Duration),
    /// Not before so much time has passed.
    Later(Duration),
}

impl Office {
    /// Start a session, if the password is right and not too many were tried.
    ///
    /// # Errors
    /// If the records cannot be read.
    pub async fn let_in(self: &Arc<Self>, attempt: Attempt, now: i64) -> Result<Entered, OfficeError> {
        let Attempt { login, password, caller, browser } = attempt;
        let (office, name) = (self.clone(), login.clone());
        let known = match browser {
            Some(browser) => blocking(move || office.known_browser(&name, browser)).await?,
            None => None,
        };
        let keys = Key::of(&login, caller, known.as_deref());
        match self.entrance.ask(&keys, Instant::now()) {
            Verdict::After(wait) => tokio::time::sleep(wait).await,
            Verdict::Later(time) => return Ok(Entered::Later { seconds: time.as_secs() + 1 }),
        }
        let Some(place) = self.entrance.place(known.is_some()).await else {
            return Ok(Entered::Later { seconds: 1 });
        };
        let office = self.clone();
        let entered = blocking(move || {
            // held until it is hashed, though whoever asked may be gone by then
            let _place = place;
            let Some(found) = office.right(&login, &password)? else { return Ok(Entered::Wrong) };
            let browser = known.map_or_else(|| browser_token(&found), Ok)?;
            let (token, session) = office.start(found, now)?;
            Ok(Entered::In { token, session, browser })
        });
        let entered = entered.await?;
        if matches!(entered, Entered::In { .. }) {
            self.entrance.was_right(&keys);
        }
        Ok(entered)
    }

    /// The token of a browser, if somebody of this name signed in with it since the password was set.
    pub(super) fn known_browser(&self, login: &str, browser: String) -> Result<Option<String>, OfficeError> {
        let found = self.lock().login(login)?;
        Ok(found.is_some_and(|login| proves_browser(&login, &browser)).then_some(browser))
    }
}

impl Default for Entrance {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            hashing: Arc::new(Semaphore::new(processors.max(HASHING_MIN))),
            waiting: [WAITING_MAX; 2].map(|places| Arc::new(Semaphore::new(places))),
            tries: Mutex::default(),
        }
    }
}

impl Entrance {
    /// One more try. One that is sent away is not counted.
    fn ask(&self, keys: &[Key], now: Instant) -> Verdict {
        let mut tries = locked(&self.tries);
        if tries.len() > KEYS_MAX {
            tries.retain(|_, tries| tries.fall(now) > 0);
        }
        if tries.len() > KEYS_MAX {
            // so many places at once: what is hashed is bounded without the counts, and memory is not with them
            tries.clear();
        }
        let refused = keys.iter().filter_map(|key| {
            let of_key = tries.get_mut(key).filter(|_| !matches!(key, Key::Name(_)))?;
            let refuses = of_key.fall(now) >= key.tries_max();
            refuses.then(|| FALL.saturating_sub(now.saturating_duration_since(of_key.since)))
        });
        if let Some(time) = refused.max() {
            return Verdict::Later(time);
        }
        let waits = keys.iter().map(|key| {
            let of_key = tries.entry(*key).or_insert(Tries { count: 0, since: now });
            let over = (of_key.fall(now) + 1).saturating_sub(key.free());
            of_key.count = of_key.count.saturating_add(1);
            (STEP * over).min(WAIT_MAX)
        });
        Verdict::After(waits.max().unwrap_or_default())
    }

    /// A try turned out right: it is counted no more.
    fn was_right(&self, keys: &[Key]) {
        let mut tries = locked(&self.tries);
        for key in keys {
            if let Some(of_key) = tries.get_mut(key) {
                of_key.count = of_key.count.saturating_sub(1);
            }
        }
    }

    /// A place to hash in, waited for; none where too many wait already.
    async fn place(&self, known: bool) -> Option<OwnedSemaphorePermit> {
        let _waiting = self.waiting[usize::from(known)].clone().try_acquire_owned().ok()?;
        self.hashing.clone().acquire_owned().await.ok()
    }
}

impl Key {
    /// What a try is counted by.
    fn of(login: &str, caller: Option<IpAddr>, known: Option<&str>) -> Vec<Self> {
        let digest = |text: &str| sha256(text.as_bytes());
        match known {
            Some(browser) => vec![Self::Browser(digest(browser))],
            None => [Self::Name(digest(login))].into_iter().chain(caller.map(network)).collect(),
        }
    }

    /// How many tries wait for nothing.
    fn free(&self) -> u32 {
        match self {
            // an office comes from one address
            Self::Address(_) => 20,
            Self::Browser(_) | Self::Name(_) => 5,
        }
    }

    /// From how many tries on the next one is sent away; a name never is.
    fn tries_max(&self) -> u32 {
        match self {
            Self::Address(_) => 60,
            Self::Browser(_) => 20,
            Self::Name(_) => u32::MAX,
        }
    }
}

impl Tries {
    /// How many are left by now.
    fn fall(&mut self, now: Instant) -> u32 {
        let passed = now.saturating_duration_since(self.since);
        let forgotten = u32::try_from(passed.as_secs() / FALL.as_secs()).unwrap_or(u32::MAX);
        self.count = self.count.saturating_sub(forgotten);
        self.since = if self.count == 0 { now } else { self.since + FALL * forgotten };
        self.count
    }
}

/// Whoever has an address of the sixth version has all of the half that it begins with.
fn network(caller: IpAddr) -> Key {
    Key::Address(match caller.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        address => address,
    })
}

/// A token by which a browser is known to somebody who signed in with it.
fn browser_token(login: &Login) -> Result<String, OfficeError> {
    let nonce = b64u_encode(&random::<16>()?);
    let tag = hmac::sign(&browser_key(login), said_by_browser(login, &nonce).as_bytes());
    Ok(format!("{nonce}.{}", b64u_encode(tag.as_ref())))
}

fn proves_browser(login: &Login, browser: &str) -> bool {
    let Some((nonce, tag)) = browser.split_once('.') else { return false };
    let Ok(tag) = b64u_decode(tag, "browser") else { return false };
    hmac::verify(&browser_key(login), said_by_browser(login, nonce).as_bytes(), &tag).is_ok()
}

fn browser_key(login: &Login) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, login.hash.as_bytes())
}

fn said_by_browser(login: &Login, nonce: &str) -> String {
    format!("wuping-browser/1\n{}\n{nonce}", login.login)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, OfficeError> + Send + 'static,
) -> Result<T, OfficeError> {
    tokio::task::spawn_blocking(work).await?
}

/// In this time one of the tries that were counted is forgotten.
const FALL: Duration = Duration::from_secs(20);
const HASHING_MIN: usize = 2;
const KEYS_MAX: usize = 10_000;
const STEP: Duration = Duration::from_millis(500);
/// How long a try waits at most before it is looked at.
const WAIT_MAX: Duration = Duration::from_secs(4);
const WAITING_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn from(last: u8) -> Option<IpAddr> {
        Some(IpAddr::from([10, 0, 0, last]))
    }

    #[test]
    fn who_goes_on_from_an_address_is_slowed_then_sent_away_and_has_a_try_again_soon() {
        let (entrance, begun) = (Entrance::default(), Instant::now());
        // another name each time: guessing one password of everybody
        let ask = |name: u32, now| entrance.ask(&Key::of(&name.to_string(), from(7), None), now);
        for name in 0..20 {
            assert_eq!(ask(name, begun), Verdict::After(Duration::ZERO), "{name}");
        }
        assert_eq!(ask(20, begun), Verdict::After(STEP));
        for name in 21..60 {
            assert!(matches!(ask(name, begun), Verdict::After(wait) if wait > STEP && wait <= WAIT_MAX));
        }
        let second = Duration::from_secs(1);
        assert_eq!(ask(60, begun + second), Verdict::Later(FALL - second));
        assert_eq!(ask(61, begun + FALL), Verdict::After(WAIT_MAX));
        assert_eq!(ask(62, begun + FALL), Verdict::Later(FALL));
        assert_eq!(ask(63, begun + FALL * 100), Verdict::After(Duration::ZERO), "it is forgotten");
        let elsewhere = Key::of("li", from(8), None);
        assert_eq!(entrance.ask(&elsewhere, begun), Verdict::After(Duration::ZERO), "nobody else waits");
    }

    #[test]
    fn nobody_is_sent_away_for_what_others_try_under_the_same_name() {
        let (entrance, begun) = (Entrance::default(), Instant::now());
        for last in 0..=255 {
            entrance.ask(&Key::of("li", from(last), None), begun);
        }
        let stranger = Key::of("li", Some(IpAddr::from([10, 0, 1, 1])), None);
        assert_eq!(entrance.ask(&stranger, begun), Verdict::After(WAIT_MAX));
        let known = Key::of("li", Some(IpAddr::from([10, 0, 1, 1])), Some("a browser"));
        assert_eq!(entrance.ask(&known, begun), Verdict::After(Duration::ZERO));
    }

    #[test]
    fn tries_that_were_right_are_not_counted() {
        let (entrance, begun) = (Entrance::default(), Instant::now());
        let keys = Key::of("li", from(7), None);
        for _ in 0..200 {
            assert_eq!(entrance.ask(&keys, begun), Verdict::After(Duration::ZERO));
            entrance.was_right(&keys);
        }
    }

    #[test]
    fn addresses_of_one_network_are_one_and_an_old_one_in_new_clothes_is_itself() {
        let key = |text: &str| network(text.parse().unwrap());
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_eq!(key("::ffff:10.0.0.7"), key("10.0.0.7"));
    }

    #[test]
    fn counts_take_a_bounded_memory() {
        let (entrance, now) = (Entrance::default(), Instant::now());
        for name in 0..=2 * KEYS_MAX {
            entrance.ask(&Key::of(&name.to_string(), None, None), now);
        }
        assert!(entrance.tries.lock().unwrap().len() <= KEYS_MAX + 2);
    }

    #[tokio::test]
    async fn no_more_are_hashed_at_once_than_there_are_places_and_only_so_many_wait() {
        let entrance = Arc::new(Entrance::default());
        let places = entrance.hashing.available_permits();
        assert!(places >= HASHING_MIN);
        let mut hashing = Vec::new();
        for _ in 0..places {
            hashing.push(entrance.place(false).await.unwrap());
        }
        let mut waiting = tokio::task::JoinSet::new();
        for _ in 0..WAITING_MAX {
            let entrance = entrance.clone();
            waiting.spawn(async move { entrance.place(false).await.is_some() });
        }
        while entrance.waiting[0].available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert!(entrance.place(false).await.is_none(), "one too many");
        let known = tokio::spawn({
            let entrance = entrance.clone();
            async move { entrance.place(true).await.is_some() }
        });
        drop(hashing);
        assert!(known.await.unwrap(), "strangers do not fill the places of who is known");
        assert!(waiting.join_all().await.iter().all(|given| *given));
        assert!(entrance.place(false).await.is_some());
    }
}

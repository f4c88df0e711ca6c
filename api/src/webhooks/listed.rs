//! The list of receivers, `webhooks.txt` in the data folder: one a line, with its secret, so it is nobody's to read but the
//! server's.

use std::io::Write as _;
use std::path::Path;

use wuping_ledger::durable::name_kept;
use wuping_ledger::encoding::b64u_encode;
use wuping_ledger::keyring::random;
use wuping_ledger::store::StoreError;

use super::WebhookError;
use crate::asked_list;

/// What a receiver is told of.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum About {
    /// What is reported to the public credit platform, and taken back from it.
    Credit,
    /// The hazards of a department, by its code in the policy.
    HazardsOf(String),
}

impl About {
    /// As it stands in the list.
    fn word(&self) -> &str {
        match self {
            Self::Credit => CREDIT,
            Self::HazardsOf(department) => department,
        }
    }

    fn of_word(word: &str) -> Self {
        if word == CREDIT { Self::Credit } else { Self::HazardsOf(word.to_owned()) }
    }

    /// The department, where it is one's hazards.
    pub fn department(&self) -> Option<&str> {
        match self {
            Self::Credit => None,
            Self::HazardsOf(department) => Some(department),
        }
    }
}

impl std::fmt::Display for About {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Credit => f.write_str("public credit"),
            Self::HazardsOf(department) => f.write_str(department),
        }
    }
}

/// Another system that is told.
#[derive(Clone, Eq, Hash, PartialEq)]
pub struct Receiver {
    /// Its name here, `fire-desk`.
    pub name: String,
    /// What it is told of.
    pub about: About,
    /// Where it is told.
    pub url: String,
    /// What it knows us by; signs each message.
    pub secret: String,
    /// The first entry that it is told of.
    pub since: u64,
}

impl std::fmt::Debug for Receiver {
    /// The secret is in no log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {} at {} since {}", self.name, self.about, self.url, self.since)
    }
}

/// The receivers of a folder's list; none if there is no list.
///
/// # Errors
/// [`WebhookError::List`] with the line.
pub fn listed(folder: &Path) -> Result<Vec<Receiver>, WebhookError> {
    let file = folder.join(LIST);
    let mut receivers: Vec<Receiver> = Vec::new();
    for (number, line) in asked_list::lines(&file)? {
        let wrong = |why: &str| WebhookError::List { file: file.clone(), line: number, why: why.to_owned() };
        let words: Vec<&str> = line.split_whitespace().collect();
        let [name, about, url, secret, since] = words[..] else {
            return Err(wrong("it has not five words"));
        };
        let since = since.parse().map_err(|_| wrong("its last word is no position"))?;
        if receivers.iter().any(|known| known.name == name) {
            return Err(wrong("this name is listed twice"));
        }
        let about = About::of_word(about);
        let [name, url, secret] = [name, url, secret].map(str::to_owned);
        let receiver = Receiver { name, about, url, secret, since };
        must_be_sound(&receiver).map_err(|why| wrong(&why))?;
        receivers.push(receiver);
    }
    Ok(receivers)
}

/// Adds a receiver; where no secret is given one is made. The answer is the receiver as it is kept.
///
/// # Errors
/// [`WebhookError::Asked`] if it cannot be one, or its name is taken.
pub fn add(
    folder: &Path,
    (name, about, url): (&str, About, &str),
    secret: Option<String>,
    since: u64,
) -> Result<Receiver, WebhookError> {
    let mut receivers = listed(folder)?;
    if receivers.iter().any(|known| known.name == name) {
        let why = format!("there is a receiver “{name}” already: remove it first, or choose another name");
        return Err(WebhookError::Asked { why });
    }
    let secret = match secret {
        Some(secret) => secret,
        None => b64u_encode(&random::<32>()?),
    };
    let [name, url] = [name, url].map(str::to_owned);
    let receiver = Receiver { name, about, url, secret, since };
    must_be_sound(&receiver).map_err(|why| WebhookError::Asked { why })?;
    receivers.push(receiver.clone());
    keep(folder, &receivers)?;
    Ok(receiver)
}

/// Removes a receiver with what is kept of it; the answer is whether there was one.
///
/// # Errors
/// If the list cannot be read or written.
pub fn remove(folder: &Path, name: &str) -> Result<bool, WebhookError> {
    let mut receivers = listed(folder)?;
    let before = receivers.len();
    receivers.retain(|known| known.name != name);
    if receivers.len() == before {
        return Ok(false);
    }
    keep(folder, &receivers)?;
    super::cursor::forget(folder, name)?;
    Ok(true)
}

fn must_be_sound(receiver: &Receiver) -> Result<(), String> {
    let Receiver { name, about, url, secret, .. } = receiver;
    let plain = |text: &str| {
        let of_it = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte);
        (1..=40).contains(&text.len()) && text.bytes().all(of_it)
    };
    if !plain(name) {
        return Err(format!("“{name}” is no name: write lower-case letters, digits, hyphens, 40 at most"));
    }
    if let Some(department) = about.department().filter(|department| !plain(department)) {
        return Err(format!(
            "“{department}” is no code of a department; write it as the policy does, as fire"
        ));
    }
    asked_list::address(url)?;
    if url.split_whitespace().count() != 1 {
        return Err("the address has blanks in it".to_owned());
    }
    let printable = secret.bytes().all(|byte| byte.is_ascii_graphic());
    if !printable || secret.len() < SECRET_BYTES_MIN {
        return Err(format!(
            "a secret has {SECRET_BYTES_MIN} or more letters, digits and signs, without blanks; leave it out to have one made"
        ));
    }
    Ok(())
}

fn keep(folder: &Path, receivers: &[Receiver]) -> Result<(), StoreError> {
    let mut text =
        "# Who is told: name, department (or @credit), URL, secret, first position. See docs/operators.md, “Webhooks”\n".to_owned();
    for Receiver { name, about, url, secret, since } in receivers {
        let about = about.word();
        text.push_str(&format!("{name} {about} {url} {secret} {since}\n"));
    }
    let file = folder.join(LIST);
    let part = folder.join(format!("{LIST}.part"));
    let kept = || {
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut written = options.open(&part)?;
        written.write_all(text.as_bytes())?;
        written.sync_all()?;
        std::fs::rename(&part, &file)?;
        name_kept(&file)
    };
    kept().map_err(|source| StoreError::File { file: file.clone(), source })
}

/// No department's code begins with this sign.
const CREDIT: &str = "@credit";
const LIST: &str = "webhooks.txt";
const SECRET_BYTES_MIN: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_is_listed_until_it_is_removed_and_only_the_server_reads_its_secret() {
        let folder = tempfile::tempdir().unwrap();
        assert!(listed(folder.path()).unwrap().is_empty());
        let of = About::of_word;
        let fire = add(folder.path(), ("fire-desk", of("fire"), "https://fire.example/in"), None, 7).unwrap();
        assert!(fire.secret.len() > 40 && !format!("{fire:?}").contains(&fire.secret));
        let again = add(folder.path(), ("fire-desk", of("fire"), "https://fire.example/in"), None, 7);
        assert!(again.unwrap_err().to_string().contains("already"));
        let credit =
            add(folder.path(), ("credit-site", About::Credit, "https://credit.example"), None, 9).unwrap();
        assert_eq!(listed(folder.path()).unwrap(), [fire, credit]);
        assert!(remove(folder.path(), "credit-site").unwrap());
        #[cfg(unix)]
        {
            let file = std::fs::metadata(folder.path().join(LIST)).unwrap();
            assert_eq!(std::os::unix::fs::PermissionsExt::mode(&file.permissions()) & 0o777, 0o600);
        }
        assert!(remove(folder.path(), "fire-desk").unwrap() && !remove(folder.path(), "fire-desk").unwrap());
        assert!(listed(folder.path()).unwrap().is_empty());
    }

    #[test]
    fn what_cannot_be_a_receiver_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for (name, department, url, secret, told) in [
            ("Fire Desk", "fire", "https://x.example", None, "no name"),
            ("fire", "消防", "https://x.example", None, "no code of a department"),
            ("fire", "@fire", "https://x.example", None, "no code of a department"),
            ("fire", "fire", "ftp://x.example", None, "no http:// or https:// address"),
            ("fire", "fire", "https://x.example/a b", None, "blanks"),
            ("fire", "fire", "https://x.example", Some("short"), "a secret has"),
        ] {
            let refused =
                add(folder.path(), (name, About::of_word(department), url), secret.map(str::to_owned), 0);
            assert!(refused.unwrap_err().to_string().contains(told), "{told}");
        }
        std::fs::write(folder.path().join(LIST), "# who\nfire fire https://x.example secret\n").unwrap();
        assert!(listed(folder.path()).unwrap_err().to_string().contains("line 2: it has not five words"));
    }
}

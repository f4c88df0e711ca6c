//! Where a database on a Postgres server is, and how it is reached.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, Connection, Socket};

use crate::postgres_session::failed;
use crate::postgres_tls::{Encrypted, Encryption, is_untrusted};
use crate::store::StoreError;

/// Where a database is.
#[derive(Clone)]
pub struct Address {
    config: Arc<Config>,
    encryption: Encryption,
    /// The file of roots that the server's certificate must lead to.
    roots: Option<PathBuf>,
    shown: String,
}

impl Address {
    /// Reads `postgresql://user@host/database?sslmode=verify-full&sslrootcert=FILE`, or the same in `key=value` words.
    ///
    /// # Errors
    ///
    /// [`StoreError::Address`] if it is neither, or if the encryption that it asks for cannot be had.
    pub fn parse(url: &str) -> Result<Self, StoreError> {
        let Words { rest, mode, roots } = Words::of(url.trim());
        let config = Config::from_str(&rest);
        let mut config = config.map_err(|source| StoreError::Address { source: source.into() })?;
        let roots = roots.map(PathBuf::from);
        let encryption = Encryption::asked(mode.as_deref(), roots.as_deref())
            .map_err(|source| StoreError::Encryption { source: source.into() })?;
        // over a local socket nobody listens, and nothing can be encrypted
        let hosts = config.get_hosts();
        let local = !hosts.is_empty() && hosts.iter().all(|host| matches!(host, Host::Unix(_)));
        config.ssl_mode(if encryption.is_on() && !local { SslMode::Require } else { SslMode::Disable });
        config.application_name("wuping");
        notice_silence(&mut config);
        let hosts: Vec<String> = config.get_hosts().iter().map(host).collect();
        let shown =
            format!("{} at {}", config.get_dbname().unwrap_or("(no database named)"), hosts.join(", "));
        Ok(Self { config: Arc::new(config), encryption, roots, shown })
    }

    /// Connects; the connection is to be driven by the caller.
    pub(crate) async fn connect(
        &self,
    ) -> Result<(Client, Connection<Socket, Encrypted<Socket>>), StoreError> {
        let connected = self.config.connect(self.encryption.clone());
        // the library waits that long for the connection, and for ever for the first word on it
        let patience = self.config.get_connect_timeout().copied().unwrap_or(SILENCE);
        match tokio::time::timeout(patience, connected).await {
            Ok(connected) => connected.map_err(|error| self.refused(error)),
            Err(silent) => Err(StoreError::Database { doing: "be reached", source: silent.into() }),
        }
    }

    fn refused(&self, error: tokio_postgres::Error) -> StoreError {
        let database = self.shown.clone();
        if is_untrusted(&error) {
            let roots = self.roots.clone().unwrap_or_default();
            return StoreError::Untrusted { database, roots, source: error.into() };
        }
        let in_the_open = error.as_db_error().is_some_and(|error| {
            *error.code() == SqlState::INVALID_AUTHORIZATION_SPECIFICATION
                && error.message().contains("no encryption")
        });
        match in_the_open && !self.encryption.is_on() {
            true => StoreError::Unencrypted { database, source: error.into() },
            false => failed("be reached")(error),
        }
    }
}

/// The database and where it is, without user and password.
impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.shown)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Address({})", self.shown)
    }
}

/// An address, and what it says of encryption, which the driver does not know all of.
#[derive(Debug, Eq, PartialEq)]
struct Words {
    rest: String,
    mode: Option<String>,
    roots: Option<String>,
}

impl Words {
    fn of(address: &str) -> Self {
        let is_url = address.starts_with("postgres://") || address.starts_with("postgresql://");
        let (before, words) = match is_url {
            true => address.split_once('?').unwrap_or((address, "")),
            false => ("", address),
        };
        let (mut mode, mut roots, mut others) = (None, None, Vec::new());
        let words = if is_url { words.split('&').collect() } else { unquoted_blanks(words) };
        for word in words.into_iter().filter(|word| !word.is_empty()) {
            let value = |text: &str| if is_url { percent_decoded(text) } else { unquoted(text) };
            match word.split_once('=') {
                Some(("sslmode", text)) => mode = Some(value(text)),
                Some(("sslrootcert", text)) => roots = Some(value(text)),
                _ => others.push(word),
            }
        }
        let rest = match (is_url, others.is_empty()) {
            (true, true) => before.to_owned(),
            (true, false) => format!("{before}?{}", others.join("&")),
            (false, _) => others.join(" "),
        };
        Self { rest, mode, roots }
    }
}

/// Words between blanks that are not within quotes.
fn unquoted_blanks(text: &str) -> Vec<&str> {
    let (mut quoted, mut escaped) = (false, false);
    let between = move |letter: char| {
        let was_escaped = escaped;
        escaped = letter == '\\' && !was_escaped;
        if letter == '\'' && !was_escaped {
            quoted = !quoted;
        }
        letter.is_whitespace() && !quoted
    };
    text.split(between).collect()
}

fn unquoted(text: &str) -> String {
    let inner = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
    inner.unwrap_or(text).replace("\\'", "'").replace("\\\\", "\\")
}

fn percent_decoded(text: &str) -> String {
    let (mut decoded, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let Some((byte, after)) = rest.split_first() {
        let digits =
            after.get(..2).filter(|_| *byte == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(known) => {
                decoded.push(known);
                rest = &after[2..];
            }
            None => {
                decoded.push(*byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// A server that lost its power says nothing more: it is noticed within seconds, not after the hours that a system would
/// wait by itself. What the address says about it goes before.
fn notice_silence(config: &mut Config) {
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(SILENCE);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(SILENCE);
    }
    if config.get_keepalives_idle() >= SYSTEM_KEEPALIVE {
        config.keepalives_idle(SILENCE);
    }
}

fn host(host: &Host) -> String {
    match host {
        Host::Tcp(name) => name.clone(),
        Host::Unix(path) => path.display().to_string(),
    }
}

/// How long a server may leave what it was sent without an answer.
const SILENCE: Duration = Duration::from_secs(10);
/// What the library waits before it asks whether the other side is there, unless it is told.
const SYSTEM_KEEPALIVE: Duration = Duration::from_hours(2);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::postgres_session::Session;

    fn words(rest: &str, mode: Option<&str>, roots: Option<&str>) -> Words {
        Words { rest: rest.to_owned(), mode: mode.map(str::to_owned), roots: roots.map(str::to_owned) }
    }

    #[test]
    fn an_address_is_shown_without_its_password() {
        let address = Address::parse("postgresql://clerk:secret@db.example:5433/ledger").unwrap();
        assert_eq!(address.to_string(), "ledger at db.example");
        assert!(!format!("{address:?}").contains("secret"));
        let refused = Address::parse("postgresql://clerk:secret@db.example:notaport/x").unwrap_err();
        assert!(!format!("{refused} {refused:?}").contains("secret"), "{refused:?}");
    }

    #[test]
    fn a_server_that_says_nothing_is_not_waited_for() {
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = silent.local_addr().unwrap().port();
        let url = format!("postgresql://u@127.0.0.1:{port}/d?connect_timeout=1");
        let refused = Session::open(&Address::parse(&url).unwrap()).map(|_| ()).unwrap_err();
        assert!(matches!(refused, StoreError::Database { doing: "be reached", .. }), "{refused:?}");
    }

    #[test]
    fn silence_is_noticed_in_seconds_unless_the_address_says_otherwise() {
        let of = |query: &str| {
            let config = Address::parse(&format!("postgresql://u@h/d{query}")).unwrap().config;
            (config.get_tcp_user_timeout().copied(), config.get_keepalives_idle())
        };
        assert_eq!(of(""), (Some(SILENCE), SILENCE));
        let minute = Duration::from_mins(1);
        assert_eq!(of("?tcp_user_timeout=60&keepalives_idle=60"), (Some(minute), minute));
    }

    #[test]
    fn what_an_address_says_of_encryption_is_taken_out_of_it() {
        let url = "postgresql://u@h/d";
        assert_eq!(Words::of(url), words(url, None, None));
        let full = format!("{url}?sslmode=verify-full&sslrootcert=%2Fetc%2Fthe%20root.pem");
        assert_eq!(Words::of(&full), words(url, Some("verify-full"), Some("/etc/the root.pem")));
        let between = format!("{url}?connect_timeout=3&sslmode=require&keepalives=1");
        let rest = format!("{url}?connect_timeout=3&keepalives=1");
        assert_eq!(Words::of(&between), words(&rest, Some("require"), None));
        let spoken =
            "host=h password='a b sslmode=x' sslmode=verify-ca sslrootcert='/it\\'s here.pem' user=u";
        let rest = "host=h password='a b sslmode=x' user=u";
        assert_eq!(Words::of(spoken), words(rest, Some("verify-ca"), Some("/it's here.pem")));
    }

    #[test]
    fn encryption_that_cannot_be_had_is_refused_with_what_to_write() {
        let place = tempfile::tempdir().unwrap();
        let empty = place.path().join("empty.pem");
        std::fs::write(&empty, "no certificate").unwrap();
        for (query, says) in [
            ("sslmode=verify-full".to_owned(), "needs sslrootcert"),
            ("sslmode=always".to_owned(), "verify-full"),
            ("sslmode=verify-ca&sslrootcert=/nowhere/root.pem".to_owned(), "/nowhere/root.pem"),
            (format!("sslmode=require&sslrootcert={}", empty.display()), "no certificate in it"),
        ] {
            let refused = Address::parse(&format!("postgresql://u@h/d?{query}")).unwrap_err();
            let why = std::error::Error::source(&refused).unwrap().to_string();
            assert!(why.contains(says), "{query}: {refused}: {why}");
        }
    }
}

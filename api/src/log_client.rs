//! The files of a log on a web server: those of this program under `/log`, or of any server of C2SP tiles.

use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::{Client, Response, StatusCode, Url, header};
use tokio::runtime::Runtime;
use wuping_ledger::log_files::LogFiles;
use wuping_ledger::store::StoreError;

/// Reads a log over HTTP, a few files at once. Not for code that runs inside a runtime: it waits.
#[derive(Debug)]
pub struct LogClient {
    runtime: Runtime,
    client: Client,
    base: Url,
    session: Option<String>,
}

/// Why a log on the web could not be read.
#[derive(Debug, thiserror::Error)]
pub enum LogClientError {
    /// It is no address.
    #[error("{address} is not the address of a log: write it as https://host/log")]
    Address {
        /// What was given.
        address: String,
    },
    /// The server did not answer.
    #[error("the server could not be asked")]
    Asking(#[from] reqwest::Error),
    /// The runtime in which it is asked could not be started.
    #[error("nothing can be asked on this machine")]
    Runtime(#[from] std::io::Error),
    /// It is not to be read by whoever asks.
    #[error("only auditors may read it: sign in with --login LOGIN, or ask the operator for an export")]
    ForAuditors,
    /// What came is another kind of thing.
    #[error("what came is {found}, which no file of a log is: is this the address of a log?")]
    Kind {
        /// What the server calls it.
        found: String,
    },
    /// The answer is none.
    #[error("the server answered {status}")]
    Status {
        /// Its number and name.
        status: StatusCode,
    },
    /// There is more than any file of a log can have.
    #[error("it has more than {max} bytes, which no file of a log has")]
    TooLarge {
        /// How many there may be.
        max: usize,
    },
    /// Name or password is wrong.
    #[error("{login} could not be signed in there: the name or the password is wrong")]
    Refused {
        /// The name.
        login: String,
    },
}

impl LogClient {
    /// The log whose checkpoint is at this address with `/checkpoint` behind it.
    ///
    /// # Errors
    /// [`LogClientError::Address`], or what keeps this machine from asking at all.
    pub fn of(address: &str) -> Result<Self, LogClientError> {
        let none = || LogClientError::Address { address: address.to_owned() };
        let base = Url::parse(&format!("{}/", address.trim_end_matches('/'))).map_err(|_| none())?;
        if !matches!(base.scheme(), "http" | "https") || base.host().is_none() {
            return Err(none());
        }
        let client = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .redirect(reqwest::redirect::Policy::limited(REDIRECTS_MAX))
            .build()?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        Ok(Self { runtime, client, base, session: None })
    }

    /// The same log as somebody reads it who is signed in at the server.
    ///
    /// # Errors
    /// [`LogClientError::Refused`], or that the server could not be asked.
    pub fn signed_in(mut self, login: &str, password: &str) -> Result<Self, LogClientError> {
        let none = |_| LogClientError::Address { address: self.base.to_string() };
        let address = self.base.join("/api/v1/session").map_err(none)?;
        let body = serde_json::json!({ "login": login, "password": password }).to_string();
        let asked = self.client.post(address).header(header::CONTENT_TYPE, "application/json").body(body);
        // what is asked begins within the runtime
        let answer = self.runtime.block_on(async { asked.send().await })?;
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::UNAUTHORIZED => return Err(LogClientError::Refused { login: login.to_owned() }),
            status => return Err(LogClientError::Status { status }),
        }
        let cookie = answer.headers().get(header::SET_COOKIE).and_then(|cookie| cookie.to_str().ok());
        let cookie = cookie.and_then(|cookie| cookie.split(';').next()).map(str::to_owned);
        self.session = Some(cookie.ok_or_else(|| LogClientError::Refused { login: login.to_owned() })?);
        Ok(self)
    }

    /// A file, asked for again a few times where the server is away for a moment.
    async fn file(&self, name: String) -> Result<Option<Vec<u8>>, StoreError> {
        let mut wait = FIRST_WAIT;
        loop {
            match self.ask(&name).await {
                Ok(file) => return Ok(file),
                Err(error) if error.may_pass() && wait < LAST_WAIT => {
                    tokio::time::sleep(wait).await;
                    wait *= 4;
                }
                Err(error) => {
                    return Err(StoreError::Log {
                        file: format!("{}{name}", self.base),
                        source: error.into(),
                    });
                }
            }
        }
    }

    async fn ask(&self, name: &str) -> Result<Option<Vec<u8>>, LogClientError> {
        let address =
            self.base.join(name).map_err(|_| LogClientError::Address { address: name.to_owned() })?;
        let mut asked = self.client.get(address);
        if let Some(session) = &self.session {
            asked = asked.header(header::COOKIE, session);
        }
        let answer = asked.send().await?;
        match answer.status() {
            StatusCode::OK => whole(answer).await.map(Some),
            StatusCode::NOT_FOUND | StatusCode::GONE => Ok(None),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(LogClientError::ForAuditors),
            status => Err(LogClientError::Status { status }),
        }
    }
}

impl LogClientError {
    /// Whether the same question may be answered in a moment.
    fn may_pass(&self) -> bool {
        match self {
            Self::Asking(_) => true,
            Self::Status { status } => status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS,
            _ => false,
        }
    }
}

impl LogFiles for LogClient {
    fn read(&self, names: &[String]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let asked = stream::iter(names.iter().cloned().map(|name| self.file(name)));
        self.runtime.block_on(asked.buffered(AT_ONCE).try_collect())
    }

    fn list(&self, _folder: &str) -> Result<Option<Vec<String>>, StoreError> {
        Ok(None)
    }

    fn place(&self) -> String {
        self.base.to_string()
    }
}

/// The bytes of an answer; one that ends before its length is an error of the connection.
async fn whole(mut answer: Response) -> Result<Vec<u8>, LogClientError> {
    let kind =
        answer.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    // pages are what servers answer that have no such file and do not say so
    if kind.starts_with("text/html") {
        return Err(LogClientError::Kind { found: "a page (text/html)".to_owned() });
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        if bytes.len() + chunk.len() > FILE_BYTES_MAX {
            return Err(LogClientError::TooLarge { max: FILE_BYTES_MAX });
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

const AT_ONCE: usize = 8;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const READ_TIMEOUT: Duration = Duration::from_secs(30);
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LAST_WAIT: Duration = Duration::from_secs(5);
const REDIRECTS_MAX: usize = 4;
/// An entry bundle has 17 megabytes at most.
const FILE_BYTES_MAX: usize = 64 << 20;

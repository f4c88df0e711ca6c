//! The server as a process of its own, and as much of HTTP as it takes to talk to it.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use super::{terminate, wuping};

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) child: Child,
    /// What it logs: shown where a test fails.
    log: File,
}

#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) cookie: String,
    pub(crate) csrf: String,
}

impl Server {
    /// Start it and wait until it says where it listens.
    pub(crate) fn start(folder: &Path, more: &[&str]) -> Self {
        Self::run(folder, &[&["serve", "--listen", "127.0.0.1:0"], more].concat())
    }

    /// Start something that serves at an address it prints in its first line.
    pub(crate) fn run(folder: &Path, arguments: &[&str]) -> Self {
        let mut serve = wuping(folder);
        let log = tempfile::tempfile().unwrap();
        serve.args(arguments).stdout(Stdio::piped()).stderr(log.try_clone().unwrap());
        let mut child = serve.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().rsplit_once("http://").map(|(_, address)| address.parse().unwrap());
        let address = address.unwrap_or_else(|| panic!("it does not serve: “{line}”\n{}", last_lines(&log)));
        Self { address, child, log }
    }

    /// Ask it to end, as a service manager does, and wait until it has: in good order.
    pub(crate) fn end(mut self) {
        terminate(self.child.id());
        assert!(self.child.wait().unwrap().success());
    }

    pub(crate) fn sign_in(&self, login: &str, password: &str) -> Session {
        let body = json!({ "login": login, "password": password });
        let answer = Client::to(self.address).post("/api/v1/session", &[], &body).unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
        Session { cookie: answer.cookie.unwrap(), csrf: answer.body["csrf"].as_str().unwrap().to_owned() }
    }
}

impl Drop for Server {
    /// A test that fails leaves no server behind.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("the server's last words:\n{}", last_lines(&self.log));
        }
    }
}

/// The end of a log, from its beginning if it is short.
fn last_lines(mut log: &File) -> String {
    let mut text = Vec::new();
    let read = log.seek(SeekFrom::Start(0)).and_then(|_| log.read_to_end(&mut text));
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    read.map_or_else(|error| error.to_string(), |_| lines[lines.len().saturating_sub(40)..].join("\n"))
}

/// As much of HTTP/1.1 as these tests need, over one connection.
pub(crate) struct Client {
    connection: BufReader<TcpStream>,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) cookie: Option<String>,
    pub(crate) body: Value,
}

impl Client {
    pub(crate) fn to(address: SocketAddr) -> Self {
        let connection = TcpStream::connect(address).unwrap();
        connection.set_nodelay(true).unwrap();
        connection.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        Self { connection: BufReader::new(connection) }
    }

    pub(crate) fn post(
        &mut self,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> std::io::Result<Answer> {
        let body = body.to_string();
        let mut request =
            format!("POST {path} HTTP/1.1\r\nhost: wuping\r\ncontent-type: application/json\r\n");
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        request += &format!("content-length: {}\r\n\r\n{body}", body.len());
        self.connection.get_mut().write_all(request.as_bytes())?;
        self.answer()
    }

    /// What lies at an address: the status and the text.
    pub(crate) fn get(&mut self, path: &str) -> std::io::Result<(u16, String)> {
        self.get_with(path, &[])
    }

    /// The same, with headers of one's own.
    pub(crate) fn get_with(
        &mut self,
        path: &str,
        headers: &[(&str, &str)],
    ) -> std::io::Result<(u16, String)> {
        let (status, body) = self.get_bytes_with(path, headers)?;
        Ok((status, String::from_utf8(body).unwrap()))
    }

    /// What lies at an address: the status and the bytes.
    pub(crate) fn get_bytes(&mut self, path: &str) -> std::io::Result<(u16, Vec<u8>)> {
        self.get_bytes_with(path, &[])
    }

    fn get_bytes_with(&mut self, path: &str, headers: &[(&str, &str)]) -> std::io::Result<(u16, Vec<u8>)> {
        let mut request = format!("GET {path} HTTP/1.1\r\nhost: wuping\r\n");
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        request += "\r\n";
        self.connection.get_mut().write_all(request.as_bytes())?;
        let (status, _, body) = self.read()?;
        Ok((status, body))
    }

    /// A command of somebody who is signed in; `path` is the stream and the command's name.
    pub(crate) fn command(
        &mut self,
        session: &Session,
        path: &str,
        id: Uuid,
        body: &Value,
    ) -> std::io::Result<Answer> {
        let id = id.to_string();
        let headers = [
            ("accept-language", "en"),
            ("cookie", session.cookie.as_str()),
            ("x-csrf-token", session.csrf.as_str()),
            ("idempotency-key", id.as_str()),
        ];
        self.post(&format!("/api/v1/commands/{path}"), &headers, body)
    }

    fn answer(&mut self) -> std::io::Result<Answer> {
        let (status, cookie, body) = self.read()?;
        Ok(Answer { status, cookie, body: serde_json::from_slice(&body).unwrap_or_default() })
    }

    /// Status, cookie and body of an answer.
    fn read(&mut self) -> std::io::Result<(u16, Option<String>, Vec<u8>)> {
        let (mut cookie, mut length) = (None, 0);
        let status = self.line()?.split(' ').nth(1).and_then(|status| status.parse().ok());
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(": ") else { break };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse().unwrap(),
                "set-cookie" => cookie = value.split(';').next().map(str::to_owned),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        self.connection.read_exact(&mut body)?;
        Ok((status.unwrap(), cookie, body))
    }

    /// A line without its end; an error where there is none because the other side is gone.
    fn line(&mut self) -> std::io::Result<String> {
        let mut line = String::new();
        match self.connection.read_line(&mut line)? {
            0 => Err(std::io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(line.trim_end().to_owned()),
        }
    }
}

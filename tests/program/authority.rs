//! A time-stamping authority of openssl's behind an address, which can be told to answer wrongly.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use tempfile::TempDir;

/// How an authority answers.
#[derive(Clone, Debug)]
pub(crate) enum Answers {
    /// As it should, by this signer, with these certificates besides the signer's.
    By(&'static str, &'static [&'static str]),
    /// With a stamp over another text.
    OverAnotherText,
    /// With one byte changed, counted from the end.
    Damaged(usize),
    /// With the status 500.
    Broken,
    /// With more bytes than any stamp has.
    WithoutEnd,
}

pub(crate) struct Authority {
    place: Arc<TempDir>,
    answers: Arc<Mutex<Answers>>,
}

impl Authority {
    /// A root, one authority under it, and signers: `good` below the root, `below` under the authority, `expired` and `early`
    /// with certificates that were or will be valid.
    pub(crate) fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path();
        std::fs::write(folder.join("c.cnf"), CONFIGURATION.replace("PLACE", folder.to_str().unwrap()))
            .unwrap();
        std::fs::write(folder.join("index.txt"), "").unwrap();
        std::fs::write(folder.join("serial.txt"), "10\n").unwrap();
        std::fs::write(folder.join("tsaserial"), "01\n").unwrap();
        key(folder, "root", "P-384");
        let root = "req -x509 -new -key root.key -subj /CN=Root -days 3650 -sha256 -config c.cnf -extensions root_ext \
                    -out root.pem";
        openssl(folder, root);
        let long = "x".repeat(60);
        issue(folder, ("between", &long), "root", ("20200101000000Z", "20900101000000Z"), "root_ext");
        let years = ("20200101000000Z", "20900101000000Z");
        issue(folder, ("good", "S"), "root", years, "stamping");
        issue(folder, ("below", "S"), "between", years, "stamping");
        issue(folder, ("expired", "S"), "root", ("20200101000000Z", "20210101000000Z"), "stamping");
        issue(folder, ("early", "S"), "root", ("20800101000000Z", "20900101000000Z"), "stamping");
        Self { place: Arc::new(place), answers: Arc::new(Mutex::new(Answers::By("good", &[]))) }
    }

    pub(crate) fn root(&self) -> String {
        std::fs::read_to_string(self.place.path().join("root.pem")).unwrap()
    }

    pub(crate) fn answer(&self, answers: Answers) {
        *self.answers.lock().unwrap() = answers;
    }

    /// Answers at a port of its own until the test ends.
    pub(crate) fn serve(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (place, answers) = (self.place.clone(), self.answers.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let how = answers.lock().unwrap().clone();
                answer(place.path(), stream.unwrap(), &how);
            }
        });
        address
    }
}

fn answer(folder: &Path, stream: TcpStream, how: &Answers) {
    let mut stream = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).unwrap() <= 2 {
            break;
        }
        if let Some(bytes) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = bytes.trim().parse().unwrap();
        }
    }
    let mut query = vec![0; length];
    stream.read_exact(&mut query).unwrap();
    let mut stream = stream.into_inner();
    let (status, body) = match how {
        Answers::By(signer, more) => ("200 OK", reply(folder, &query, signer, more)),
        Answers::OverAnotherText => {
            std::fs::write(folder.join("another.txt"), "another text\n").unwrap();
            openssl(folder, "ts -query -data another.txt -sha256 -cert -no_nonce -out another.tsq");
            let query = std::fs::read(folder.join("another.tsq")).unwrap();
            ("200 OK", reply(folder, &query, "good", &[]))
        }
        Answers::Damaged(from_end) => {
            let mut body = reply(folder, &query, "good", &[]);
            let at = body.len() - from_end;
            body[at] ^= 1;
            ("200 OK", body)
        }
        Answers::Broken => ("500 Internal Server Error", b"away".to_vec()),
        Answers::WithoutEnd => ("200 OK", vec![0x30; 4 << 20]),
    };
    let head = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    // who asked may have had enough
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
}

fn reply(folder: &Path, query: &[u8], signer: &str, more: &[&str]) -> Vec<u8> {
    std::fs::write(folder.join("query.tsq"), query).unwrap();
    let mut arguments = format!(
        "ts -reply -config c.cnf -queryfile query.tsq -signer {signer}.pem -inkey {signer}.key -out reply.tsr"
    );
    if !more.is_empty() {
        let pem = |name: &&str| std::fs::read_to_string(folder.join(format!("{name}.pem"))).unwrap();
        std::fs::write(folder.join("more.pem"), more.iter().map(pem).collect::<String>()).unwrap();
        arguments.push_str(" -chain more.pem");
    }
    openssl(folder, &arguments);
    std::fs::read(folder.join("reply.tsr")).unwrap()
}

fn key(folder: &Path, name: &str, curve: &str) {
    openssl(folder, &format!("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:{curve} -out {name}.key"));
}

fn issue(folder: &Path, (name, subject): (&str, &str), by: &str, (from, to): (&str, &str), extensions: &str) {
    key(folder, name, "P-256");
    openssl(folder, &format!("req -new -key {name}.key -subj /CN={subject} -config c.cnf -out {name}.csr"));
    openssl(
        folder,
        &format!(
            "ca -batch -notext -config c.cnf -in {name}.csr -cert {by}.pem -keyfile {by}.key -startdate {from} -enddate \
             {to} -extensions {extensions} -out {name}.pem"
        ),
    );
}

pub(crate) fn openssl(folder: &Path, arguments: &str) {
    let ran =
        Command::new("openssl").current_dir(folder).args(arguments.split_whitespace()).output().unwrap();
    assert!(ran.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&ran.stderr));
}

const CONFIGURATION: &str = "
[ req ]
distinguished_name = dn
[ dn ]
[ root_ext ]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[ stamping ]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[ ca ]
default_ca = issuing
[ issuing ]
database = PLACE/index.txt
serial = PLACE/serial.txt
new_certs_dir = PLACE
default_md = sha256
policy = any
unique_subject = no
[ any ]
commonName = supplied
[ tsa ]
default_tsa = t
[ t ]
serial = PLACE/tsaserial
signer_digest = sha256
default_policy = 1.3.6.1.4.1.99999.1
digests = sha256
accuracy = secs:1
ordering = no
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
";

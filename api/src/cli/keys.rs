//! Keys: listed, enrolled, put in each other's place, ended. The registrar does it for officers; for all others the root key is
//! brought along in its file.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Subcommand;
use serde_json::{Value, json};
use wuping_ledger::append::Author;
use wuping_ledger::genesis::stated_log_key;
use wuping_ledger::key_state::KeyRecord;
use wuping_ledger::keys::{Kid, Role, Signer};

use crate::app::App;
use crate::cli::read::reader;
use crate::cli::{Common, Failure, print_json, runtime};
use crate::office::logins;
use crate::trusting::trust_file;

#[derive(Debug, Subcommand)]
pub(super) enum Key {
    /// A new key held by the server, where one has ended: for an account, or for a role of the server itself
    Anew {
        /// Name to sign in by
        #[arg(required_unless_present = "role")]
        login: Option<String>,
        /// service, intake or registrar, under a root key
        #[arg(long, conflicts_with = "login", requires = "root_key")]
        role: Option<String>,
        /// File of a root key
        #[arg(long, value_name = "FILE")]
        root_key: Option<PathBuf>,
    },
    /// Enrol a key that never was on the server: its public half, and the proof that the private one was at hand
    Enrol {
        /// Whose it is: an account's id, no name of a person
        #[arg(long)]
        holder: String,
        /// File with the public key as a JWK
        #[arg(long, value_name = "FILE")]
        jwk: PathBuf,
        /// Signature by the new key over the text that docs/format.md §4 gives, base64url
        #[arg(long, value_name = "SIGNATURE", allow_hyphen_values = true)]
        pop: String,
    },
    /// Every key that was ever enrolled, with what became of it
    List,
    /// The log's verifier key
    Log,
    /// End a key: what it signed from a position on is contested if that is given
    Revoke {
        /// Its name, as “wuping key list” shows it
        #[arg(allow_hyphen_values = true)]
        kid: String,
        /// Why; it stands in the log for ever: no personal data
        #[arg(long)]
        reason: String,
        /// What the key signed from this position on is doubtful
        #[arg(long, value_name = "POSITION")]
        suspect_from: Option<u64>,
        /// File of a root key: needed for keys that are not officers'
        #[arg(long, value_name = "FILE")]
        root_key: Option<PathBuf>,
    },
    /// Put a fresh key in the place of one that the server holds
    Rotate {
        /// Its name, as “wuping key list” shows it
        #[arg(allow_hyphen_values = true)]
        kid: String,
    },
    /// A trust file, `wuping-trust/1`, for whoever verifies elsewhere: log key, first entry, and the witnesses and authorities that
    /// the folder lists. Hand it over by another way than what it vouches for
    Trust,
}

pub(super) fn key(common: &Common, command: Key) -> Result<ExitCode, Failure> {
    match command {
        Key::List => list(common)?,
        Key::Log => println!("{}", stated_log_key(&reader(common)?)?),
        Key::Trust => print_json(&trust_file(&common.data, &reader(common)?)?)?,
        Key::Anew { login: Some(login), .. } => {
            let (account, kid) = changing(common, async |app: &App| {
                let Some((account, _)) = app.office.login(&login)? else {
                    return Err(Failure::asked_in_both(
                        format!("没有人用“{login}”登录"),
                        format!("nobody signs in as “{login}”"),
                    ));
                };
                let kid = app.ledger.enrol_officer(&account).await?;
                app.office.set_key(&account, kid.as_str())?;
                Ok((account, kid))
            })?;
            let done = json!({ "account": account, "kid": kid.as_str() });
            let zh = format!("{login} 从现在起用 {kid} 签名");
            told(common, &done, zh, format!("{login} signs with {kid} now"))?;
        }
        Key::Anew { login: None, role, root_key } => {
            let role = role.as_deref().map(Role::parse).transpose()?;
            let of_server = role.filter(|role| [Role::Service, Role::Intake, Role::Registrar].contains(role));
            let (Some(role), Some(file)) = (of_server, root_key) else {
                return Err(Failure::asked_in_both(
                    "--role 只能是 service、intake 或 registrar，并且要用 --root-key 给出根密钥",
                    "--role takes service, intake or registrar, with --root-key",
                ));
            };
            let by = root(&file)?;
            let kid = changing(common, async |app: &App| {
                Ok(app.ledger.enrol(role, role.as_str(), by, None).await?)
            })?;
            let done = json!({ "role": role.as_str(), "kid": kid.as_str() });
            let role = role.as_str();
            let zh = format!("服务器从现在起以 {role} 的身份用 {kid} 签名");
            told(common, &done, zh, format!("the server signs as {role} with {kid} now"))?;
        }
        Key::Enrol { holder, jwk, pop } => {
            let jwk: Value = serde_json::from_str(&text_of(&jwk)?)?;
            let kid = changing(common, async |app: &App| {
                Ok(app.ledger.enrol_public(&jwk, &pop, &holder, Author::Registrar).await?)
            })?;
            let zh = format!("{kid} 已为 {holder} 登记");
            told(common, &json!({ "kid": kid.as_str() }), zh, format!("{kid} is enrolled for {holder}"))?;
        }
        Key::Revoke { kid, reason, suspect_from, root_key } => {
            let kid = named(&kid)?;
            let by = root_key.as_deref().map_or(Ok(Author::Registrar), root)?;
            let receipt = changing(common, async |app: &App| {
                Ok(app.ledger.revoke(&kid, &reason, suspect_from, by).await?)
            })?;
            let position = receipt.position;
            let done = json!({ "kid": kid.as_str(), "position": position });
            let zh = format!("{kid} 自第{position}条起失效");
            told(common, &done, zh, format!("{kid} has ended with entry {position}"))?;
        }
        Key::Rotate { kid } => {
            let old = named(&kid)?;
            let new = changing(common, async |app: &App| {
                let record = app.reader().keys()?.record(&old).cloned();
                let new = app.ledger.rotate(&old).await?;
                if let Some(KeyRecord { role: Role::Officer, holder, .. }) = record {
                    app.office.set_key(&holder, new.as_str())?;
                }
                Ok(new)
            })?;
            let done = json!({ "old_kid": old.as_str(), "kid": new.as_str() });
            told(common, &done, format!("{new} 代替了 {old}"), format!("{new} is in the place of {old}"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Opens the ledger for writing, changes something, closes it.
fn changing<T>(common: &Common, change: impl AsyncFnOnce(&App) -> Result<T, Failure>) -> Result<T, Failure> {
    let runtime = runtime()?;
    let app = App::open(&common.data)?;
    let changed = runtime.block_on(change(&app));
    runtime.block_on(app.close())?;
    changed
}

fn list(common: &Common) -> Result<(), Failure> {
    let keys = reader(common)?.keys()?;
    let mut records: Vec<_> = keys.records().collect();
    records.sort_by_key(|(_, record)| record.from);
    // who signs in by which name is no business of the ledger; without these records the list is told all the same
    let logins = logins(&common.data).ok().flatten().unwrap_or_default();
    let login_of =
        |account: &str| logins.iter().find(|(_, of)| of == account).map(|(login, _)| login.as_str());
    for (kid, record) in records {
        if common.json {
            print_json(&json!({
                "kid": kid.as_str(),
                "role": record.role.as_str(),
                "holder": record.holder,
                "login": login_of(&record.holder),
                "from": record.from,
                "until": record.until,
                "suspect_from": record.suspect_from,
                "lineage": record.lineage.as_str(),
            }))?;
            continue;
        }
        let doubtful = record.suspect_from.filter(|from| record.until.is_some_and(|until| *from < until));
        let [zh, en] = match (record.until, doubtful) {
            (None, _) => ["有效".to_owned(), "valid".to_owned()],
            (Some(until), None) => [format!("第{until}条起失效"), format!("ended with entry {until}")],
            (Some(until), Some(from)) => [
                format!("第{until}条起失效，第{from}条起的签名存疑"),
                format!("ended with entry {until}, contested from {from} on"),
            ],
        };
        let (role, from) = (record.role.as_str(), record.from);
        let holder = match login_of(&record.holder) {
            Some(login) => format!("{login} ({})", record.holder),
            None => record.holder.clone(),
        };
        common.say(
            format!("{kid} {role:<9} {holder} 自第{from}条起，{zh}"),
            format!("{kid} {role:<9} {holder} from entry {from}, {en}"),
        );
    }
    Ok(())
}

fn named(kid: &str) -> Result<Kid, Failure> {
    Kid::parse(kid).map_err(|_| {
        Failure::asked_in_both(
            format!("“{kid}”不是密钥的名字；见 wuping key list"),
            format!("“{kid}” is no name of a key; see wuping key list"),
        )
    })
}

/// A root key out of the file that “wuping init” wrote.
pub(super) fn root(file: &Path) -> Result<Author, Failure> {
    let signer = Signer::from_seed_hex(&text_of(file)?).map_err(|_| {
        let file = file.display();
        Failure::asked_in_both(
            format!("{file} 不是根密钥：应当是64位十六进制数字，由 wuping init 写成"),
            format!("{file} is no root key: 64 hexadecimal digits, as “wuping init” wrote them"),
        )
    })?;
    Ok(Author::Root(Arc::new(signer)))
}

fn text_of(file: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(file).map_err(|error| Failure::unread(file, &error))
}

fn told(common: &Common, done: &Value, zh: String, en: String) -> Result<(), Failure> {
    match common.json {
        true => print_json(done),
        false => {
            common.say(zh, en);
            Ok(())
        }
    }
}

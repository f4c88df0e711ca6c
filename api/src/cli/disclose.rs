//! Disclosing private values: by a legal officer, under their own name and key; and checking what somebody was handed.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};
use wuping_ledger::disclosure_file::{DisclosureFile, Shown};
use wuping_ledger::keyring::write_private;
use wuping_ledger::keys::Kid;
use wuping_ledger::note::VerifierKey;
use wuping_ledger::refusal::Refusal;

use crate::app::App;
use crate::cli::output::taken;
use crate::cli::proof::{bytes_of, refused};
use crate::cli::{Common, Failure, print_json, runtime};
use crate::disclosing::{self, Wanted};
use crate::web::session::now_seconds;

#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct Disclose {
    /// Position of the entry
    #[arg(required = true)]
    position: Option<u64>,
    /// Names of the private values to disclose
    #[arg(long = "field", value_name = "NAME", num_args = 1.., required = true)]
    fields: Vec<String>,
    /// The legal basis; kept private, and part of the record
    #[arg(long, value_name = "TEXT", required = true)]
    basis: Option<String>,
    /// To whom; kept private, and part of the record
    #[arg(long, value_name = "TEXT", required = true)]
    to: Option<String>,
    /// Who discloses: the name that a legal officer signs in by. The password is read from WUPING_PASSWORD or standard input
    #[arg(long = "as", value_name = "LOGIN", required = true)]
    login: Option<String>,
    /// Into this new file, which only you can read; else on standard output
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Check>,
}

#[derive(Debug, Subcommand)]
enum Check {
    /// Check a disclosure without a ledger: exit 0 when all of it holds, 1 when not, 2 when it could not be read
    Check {
        /// The file that was handed over
        file: PathBuf,
        /// The log's verifier key as you know it from elsewhere (“wuping key log” prints it)
        #[arg(long, value_name = "VKEY")]
        log_key: String,
    },
}

pub(super) fn disclose(common: &Common, asked: Disclose) -> Result<ExitCode, Failure> {
    if let Some(Check::Check { file, log_key }) = asked.command {
        let log = VerifierKey::parse(&log_key)?;
        let checked = DisclosureFile::parse(&bytes_of(&file)?).and_then(|read| read.verify(&log));
        return tell(common, &file, checked);
    }
    let (Some(position), Some(basis), Some(to), Some(login)) =
        (asked.position, asked.basis, asked.to, asked.login)
    else {
        return Err(Failure::asked_in_both(
            "请说明是哪一条记录、依据是什么、给谁看、由谁出示：见 --help",
            "say which entry, on what basis, to whom, and as whom: --help",
        ));
    };
    let wanted = Wanted { position, fields: asked.fields, basis, to };
    if let Some(out) = asked.out.as_deref().filter(|out| out.exists()) {
        return Err(taken(out, ["没有出示任何内容", "nothing was disclosed"]));
    }
    let password = password(common, &login)?;
    let runtime = runtime()?;
    let app = App::open(&common.data)?;
    let disclosed = runtime.block_on(async {
        let (account, kid) = who(&app, &login, &password)?;
        disclosing::disclose(&app, &account, kid, &wanted).await.map_err(|error| {
            let zh = error.zh();
            Failure::from(error).in_chinese(zh)
        })
    });
    runtime.block_on(app.close())?;
    let disclosed = disclosed?;
    let (bytes, record) = (disclosed.to_bytes()?, disclosed.record.proof.index);
    match &asked.out {
        None => {
            std::io::stdout().write_all(&bytes)?;
            println!();
        }
        Some(out) => {
            write_private(out, &bytes).map_err(|error| {
                let out = out.display();
                Failure::asked_in_both(
                    format!("已经记录（第{record}条），但 {out} 无法写入：{error}"),
                    format!("it is recorded (entry {record}), but {out} could not be written: {error}"),
                )
            })?;
            match common.json {
                true => print_json(&json!({ "file": out, "position": position, "record": record }))?,
                false => {
                    let out = out.display();
                    common.say(
                        format!("内容在 {out} 中；第{record}条记录了这次出示"),
                        format!("{out} shows it; entry {record} says so"),
                    );
                }
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The account and key of whoever signs in by this name and password.
pub(super) fn who(app: &App, login: &str, password: &str) -> Result<(String, Kid), Failure> {
    let now = now_seconds();
    let wrong = || {
        Failure::asked_in_both(
            "登录名或密码不对；没有出示任何内容",
            "the name or the password is wrong; nothing was disclosed",
        )
    };
    let token = app.office.sign_in(login, password, now)?.ok_or_else(wrong)?;
    let session = app.office.session(&token, now)?.ok_or_else(wrong)?;
    app.office.sign_out(&token)?;
    Ok((session.account, Kid::parse(session.kid)?))
}

/// A line of standard input, unseen where it is a terminal; WUPING_PASSWORD goes before it.
pub(super) fn password(common: &Common, login: &str) -> Result<String, Failure> {
    if let Ok(password) = std::env::var("WUPING_PASSWORD") {
        return Ok(password);
    }
    let terminal = std::io::stdin().is_terminal();
    let echo = |word| {
        // where there is no such program the password is seen, which is not worth failing for
        let _ = Command::new("stty").arg(word).stdin(Stdio::inherit()).status();
    };
    if terminal {
        eprint!("{}", common.lang().pick(format!("{login} 的密码："), format!("password of {login}: ")));
        echo("-echo");
    }
    let mut line = String::new();
    let read = std::io::stdin().read_line(&mut line);
    if terminal {
        echo("echo");
        eprintln!();
    }
    read?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

fn tell(common: &Common, file: &Path, checked: Result<Shown, Refusal>) -> Result<ExitCode, Failure> {
    let shown = match checked {
        Ok(shown) => shown,
        Err(refusal) => {
            match common.json {
                true => {
                    let (code, detail) = (refusal.code, &refusal.detail);
                    print_json(&json!({ "holds": false, "refused": code, "detail": detail }))?;
                }
                false => println!("{}", refused(common, file, &refusal)),
            }
            return Ok(ExitCode::from(1));
        }
    };
    let Shown { checkpoint, entry, record, fields } = shown;
    if common.json {
        print_json(&json!({
            "holds": true,
            "origin": checkpoint.origin,
            "size": checkpoint.size,
            "position": entry.sequence,
            "stream": entry.meta.stream.as_str(),
            "type": entry.event_type,
            "kid": entry.kid.as_str(),
            "recorded_at": entry.recorded_at.as_str(),
            "fields": fields.into_iter().collect::<Map<String, Value>>(),
            "record": record.sequence,
            "disclosed_at": record.recorded_at.as_str(),
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let (position, kind, stream) = (entry.sequence, &entry.event_type, entry.meta.stream.as_str());
    let (lang, origin, recorded_at) = (common.lang(), &checkpoint.origin, &entry.recorded_at);
    common.say(
        format!("{origin} 第{position}条：{kind}，流 {stream}，记录于 {recorded_at}"),
        format!("entry {position} of {origin}: {kind} in {stream}, recorded {recorded_at}"),
    );
    for (name, value) in &fields {
        println!("{name}{}{value}", lang.pick("：", ": "));
    }
    let (disclosed_at, number) = (&record.recorded_at, record.sequence);
    common.say(
        format!(
            "于 {disclosed_at} 出示，由第{number}条记录；两条都在日志中\n此后内容有没有删除，只有账本知道"
        ),
        format!(
            "disclosed {disclosed_at} with entry {number}; both are in the log\n\
             whether a value was erased since then only the ledger says"
        ),
    );
    Ok(ExitCode::SUCCESS)
}

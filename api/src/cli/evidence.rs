//! Evidence for a court: a bundle given out by a legal officer under their own name and key, and a bundle checked by a
//! stranger, who needs neither ledger nor network.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::json;
use wuping_ledger::bundle::UnreadableBundle;
use wuping_ledger::refusal::Refusal;
use wuping_replay::evidence::{BundleFinding, Looked, Question, verify};
use wuping_replay::impact::determination_named;
use wuping_replay::witnessed::Trusted;

use crate::app::App;
use crate::authorities::now;
use crate::cli::bundle_words::{complete, outcome, remarks, unreadable, what_to_do};
use crate::cli::disclose::{password, who};
use crate::cli::output::{must_be_free, taken, written};
use crate::cli::read::{reader, subject_of};
use crate::cli::trust::Reach;
use crate::cli::{Common, Failure, print_json, runtime};
use crate::evidence::{Issued, Wanted, bundle_at, explained, file_name, finding, issue, other_photos};

#[derive(Args, Debug)]
pub(super) struct Evidence {
    /// What it is about: a code or id of premises, or a path such as premises/p-1 or party/y-1
    subject: String,
    /// Cut it at a determination, as premises/p-1/grade#3: what was recorded after the ledger next wrote down where its streams
    /// end is not in it
    #[arg(long = "for", value_name = "DETERMINATION")]
    upto: Option<String>,
    /// Names of private values to disclose, of every entry of the subject that has them; 1200:phone is that of entry 1200
    #[arg(long, value_name = "FIELD", num_args = 1..)]
    disclose: Vec<String>,
    /// The law it is given out under, or the number of the order. It stands in the ledger for everybody: name no person in it
    #[arg(long, value_name = "TEXT")]
    basis: String,
    /// To whom: court, reconsideration_organ, prosecutor, party or auditor
    #[arg(long, value_name = "CODE")]
    to: String,
    /// Who takes it, in words; kept private
    #[arg(long, value_name = "TEXT")]
    recipient: Option<String>,
    /// Who gives it out: the name that a legal officer signs in by. The password is read from WUPING_PASSWORD or standard input
    #[arg(long = "as", value_name = "LOGIN")]
    login: String,
    /// Into this new file; a page that explains it and a folder of photos get its name
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(super) struct VerifyBundle {
    /// The file that was handed over, or the folder that it was unpacked into
    file: PathBuf,
    #[command(flatten)]
    reach: Reach,
    /// Write the page that explains it, in Chinese and English, into this file
    #[arg(long, value_name = "FILE")]
    explain: Option<PathBuf>,
}

pub(super) fn evidence(common: &Common, asked: Evidence) -> Result<ExitCode, Failure> {
    let path = subject_of(common, &reader(common)?, &asked.subject)?;
    let upto = asked.upto.as_deref().map(determination).transpose()?;
    let out = asked.out.unwrap_or_else(|| file_name(&path, wuping_ledger::timestamp::Timestamp::now()));
    let page = out.with_extension("html");
    if let Some(there) = [&out, &page].into_iter().find(|file| file.exists()) {
        return Err(taken(there, ["没有出具任何内容", "nothing was given out"]));
    }
    let wanted = Wanted {
        path,
        upto,
        fields: asked.disclose,
        basis: asked.basis,
        to: asked.to,
        recipient: asked.recipient,
    };
    let password = password(common, &asked.login)?;
    let runtime = runtime()?;
    let app = App::open(&common.data)?;
    let issued = runtime.block_on(async {
        let (account, kid) = who(&app, &asked.login, &password)?;
        issue(&app, &account, kid, &wanted).await.map_err(|error| {
            let zh = error.zh();
            Failure::from(error).in_chinese(zh)
        })
    });
    runtime.block_on(app.close())?;
    let issued = issued?;
    let written = issued.package.write(&out).map_err(|(file, error)| {
        let (record, file) = (issued.record, file.display());
        Failure::asked_in_both(
            format!("已经记录（第 {record} 条），但 {file} 无法写入：{error}"),
            format!("it is recorded (entry {record}), but {file} could not be written: {error}"),
        )
    })?;
    if common.json {
        print_json(&json!({
            "files": written, "sha256": issued.sha256, "record": issued.record, "disclosures": issued.disclosures,
            "entries": issued.verified.entries, "complete_as_of": issued.verified.complete_as_of, "lacks": issued.lacks,
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let lang = common.lang();
    println!("{}", outcome(&issued.verified, lang));
    complete(&issued.verified, lang).iter().for_each(|told| println!("{told}"));
    written.iter().for_each(|file| println!("{}", file.display()));
    let Issued { record, sha256, .. } = &issued;
    common.say(
        format!("第 {record} 条记录了这次出具（证据包的 SHA-256：{sha256}）"),
        format!("entry {record} says that it was given out (sha256 {sha256})"),
    );
    for lack in &issued.lacks {
        common.say(format!("还缺：{}", lack.zh()), format!("it lacks: {lack}"));
    }
    Ok(ExitCode::SUCCESS)
}

/// The determination that a bundle is to be cut at.
fn determination(name: &str) -> Result<(String, u64), Failure> {
    determination_named(name).map_err(|error| {
        Failure::from(error).in_chinese(format!("“{name}”没有指明哪一次评定；写法如 premises/p-1/grade#3"))
    })
}

pub(super) fn verify_bundle(common: &Common, asked: &VerifyBundle) -> Result<ExitCode, Failure> {
    must_be_free(asked.explain.as_deref())?;
    let trusted = asked.reach.trusted(Trusted::default())?;
    let bundle = match bundle_at(&asked.file) {
        Ok(bundle) => bundle,
        Err(UnreadableBundle::Damaged { why, .. }) => return damaged(common, asked, &why),
        Err(error) => {
            let zh = unreadable(&error);
            return Err(Failure::from(error).in_chinese(zh));
        }
    };
    let Reach { level, require, .. } = asked.reach;
    let asks_who_saw_it = asked.reach.brings_trust() && trusted.names_anybody();
    let question = Question { level, require, trusted, asks_who_saw_it, now: Some(now()) };
    let looked = verify(&bundle, &question).map_err(|refusal| {
        let zh = format!("给出的日志公钥不对，它应当如“wuping key log”所打印的那样。程序的说明：{refusal}");
        Failure::from(refusal).in_chinese(zh)
    })?;
    let Looked { mut verified, checked } = looked;
    for photo in other_photos(&asked.file, &checked)? {
        verified.findings.push(BundleFinding {
            level: 0,
            file: photo.display().to_string(),
            position: None,
            code: "photo".to_owned(),
            detail: "it is none of the photos that the bundle discloses, or was changed".to_owned(),
        });
    }
    if let Some(file) = &asked.explain {
        written(file, explained(&bundle, &checked, &verified).into_string().as_bytes())?;
    }
    if common.json {
        print_json(&verified)?;
    } else {
        let lang = common.lang();
        verified.findings.iter().for_each(|found| println!("{}", finding(found, lang)));
        println!("{}", outcome(&verified, lang));
        remarks(&verified, lang).iter().for_each(|remark| println!("{remark}"));
        what_to_do(&verified.findings, lang).iter().for_each(|todo| println!("{todo}"));
    }
    Ok(if verified.is_sound() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// A file that was a bundle, and in which something was changed where no file of it can be told from the next.
fn damaged(common: &Common, asked: &VerifyBundle, why: &Refusal) -> Result<ExitCode, Failure> {
    let found = BundleFinding {
        level: 0,
        file: asked.file.display().to_string(),
        position: None,
        code: why.code.to_owned(),
        detail: why.detail.clone(),
    };
    if common.json {
        print_json(&json!({ "reached": null, "findings": [found] }))?;
    } else {
        let lang = common.lang();
        println!("{}", finding(&found, lang));
        what_to_do(&[found], lang).iter().for_each(|todo| println!("{todo}"));
    }
    Ok(ExitCode::from(1))
}

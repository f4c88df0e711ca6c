//! Erasing private values of a subject, and the receipt for whom it concerns.

use std::path::PathBuf;
use std::process::ExitCode;

use chrono::NaiveDate;
use clap::Args;
use serde_json::json;

use crate::app::App;
use crate::cli::keys::root;
use crate::cli::output::{must_be_free, written};
use crate::cli::{Common, Failure, print_json, runtime};
use crate::erasing;

#[derive(Debug, Args)]
pub(super) struct Erase {
    /// Whose private values: a path such as account/a-1 or premises/b-1/hazard/h-2
    subject: String,
    /// Only the values of this name, `name` or `photos`; else all of them
    #[arg(long, value_name = "NAME")]
    field: Option<String>,
    /// By whose decision; it stands in the log for ever
    #[arg(long, required_unless_present = "dry_run", default_value = "", hide_default_value = true)]
    authority: String,
    /// Why; it stands in the log for ever: no personal data
    #[arg(long, required_unless_present = "dry_run", default_value = "", hide_default_value = true)]
    reason: String,
    /// File of a root key
    #[arg(long, value_name = "FILE", required_unless_present = "dry_run")]
    root_key: Option<PathBuf>,
    /// Although a request for it was put off beyond today: its ground is gone, an appeal over before its time
    #[arg(long)]
    although_postponed: bool,
    /// Only say what would be erased
    #[arg(long)]
    dry_run: bool,
    /// Write the inclusion proof of the erasure here: with the entry it is the receipt
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
}

pub(super) fn erase(common: &Common, erase: &Erase) -> Result<ExitCode, Failure> {
    must_be_free(erase.receipt.as_deref())?;
    let root = erase.root_key.as_deref().map(root).transpose()?;
    let runtime = runtime()?;
    let app = App::open(&common.data)?;
    let on = (!erase.although_postponed).then(|| app.today());
    let plan = erasing::plan(app.reader(), &app.vault, &erase.subject, erase.field.as_deref(), on)?;
    let values: usize = plan.targets.values().map(Vec::len).sum();
    if values == 0 {
        let why = nothing_to_erase(&app, erase, on);
        runtime.block_on(app.close())?;
        return Err(why?);
    }
    let mut position = None;
    if let (Some(root), false) = (root, erase.dry_run) {
        let done = runtime.block_on(erasing::erase(
            (&app.ledger, &app.vault, &app.folder),
            &plan,
            root,
            &erase.authority,
            &erase.reason,
        ));
        let receipt = match done {
            Ok(receipt) => receipt,
            Err(error) => {
                runtime.block_on(app.close())?;
                return Err(error.into());
            }
        };
        position = Some(receipt.position);
        if let Some(file) = &erase.receipt {
            written(file, &app.reader().inclusion_file(receipt.position)?.to_bytes())?;
        }
    }
    runtime.block_on(app.close())?;
    if common.json {
        let entries: Vec<u64> = plan.targets.keys().copied().collect();
        print_json(
            &json!({ "values": values, "names": plan.names, "entries": entries, "position": position }),
        )?;
    } else {
        for (name, count) in &plan.names {
            println!("{name}: {count}");
        }
        match position {
            Some(position) => common.say(
                format!("已永远删除{values}项内容，由第{position}条记录"),
                format!("{values} values are erased for ever; entry {position} says so"),
            ),
            None => common.say(format!("将要删除{values}项内容"), format!("{values} values would be erased")),
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Why there is nothing: a citizen must not be told so because of a misspelt name.
fn nothing_to_erase(app: &App, asked: &Erase, on: Option<NaiveDate>) -> Result<Failure, Failure> {
    let subject = &asked.subject;
    if app.reader().last_position_of_subject(subject)?.is_none() {
        return Ok(Failure::asked_in_both(
            format!("没有关于 {subject} 的记录；请核对路径，例如 account/a-1、premises/b-1/hazard/h-2"),
            format!(
                "nothing is recorded of {subject}; check the path, such as account/a-1 or premises/b-1/hazard/h-2"
            ),
        ));
    }
    let all = erasing::plan(app.reader(), &app.vault, subject, None, on)?.names;
    let names: Vec<&str> = all.keys().map(String::as_str).collect();
    Ok(match (&asked.field, names.join(", ")) {
        (Some(field), there) if !there.is_empty() => Failure::asked_in_both(
            format!("没有可以删除的：{subject} 没有（或者不再有）名为 {field} 的隐私内容；有的是：{there}"),
            format!(
                "there is nothing to erase: {subject} has no private value named {field} any more; there are: {there}"
            ),
        ),
        _ => Failure::asked_in_both(
            format!("没有可以删除的：{subject} 从来没有隐私内容，或者都已经删除"),
            format!("there is nothing to erase: {subject} never had private values, or all are erased"),
        ),
    })
}

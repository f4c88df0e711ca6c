//! How it stands with the log: checkpoints, witnesses, clock, alarm, heads, rulebooks, views.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::{DateTime, Utc};
use serde_json::Value;
use wuping_domain::derivation::SchemeRef;
use wuping_domain::reaction::Rulebooks as _;
use wuping_ledger::alarm::raised_in;
use wuping_ledger::checkpoints::{check_newest, cosigned_in_file, in_file};
use wuping_ledger::clock::{Clock as _, SystemClock, judge};
use wuping_ledger::genesis::stated_log_key;
use wuping_ledger::note::{VerifierKey, open_checkpoint, stated_size};
use wuping_ledger::reader::Reader;
use wuping_ledger::store::StoreError;
use wuping_projections::error::causes;
use wuping_projections::ledger_rulebooks::LedgerRulebooks;
use wuping_projections::{ViewsError, standing};

use super::{Findings, some};
use crate::anchors::listed;

pub(super) fn examine(folder: &Path, reader: &Reader, running: bool, found: &mut Findings) {
    let log = stated_log_key(reader).map(|key| VerifierKey::parse(&key));
    match log {
        Ok(Ok(log)) => {
            checkpoints(folder, reader, &log, running, found);
            witnesses(folder, &log, found);
        }
        Ok(Err(refusal)) => found.todo("checkpoints", format!("the log key is none: {refusal}"), VERIFY),
        Err(error) => found.not_looked("checkpoints", &error, VERIFY),
    }
    alarm(folder, found);
    if let Err(error) = clock(reader, found).and_then(|()| heads(reader, running, found)) {
        found.not_looked("clock", &error, VERIFY);
    }
    match rulebooks(reader) {
        Ok((named, absent)) if absent.is_empty() => {
            found.well("rulebooks", format!("{named} are published, and each is kept as it was"));
        }
        Ok((_, absent)) => found.todo(
            "rulebooks",
            format!("{} published but not kept as it was", some(absent.iter())),
            "put the ledger back from a backup: grades under it can be neither made nor recomputed",
        ),
        Err(error) => found.not_looked("rulebooks", &error, VERIFY),
    }
    views(folder, reader, running, found);
}

fn checkpoints(folder: &Path, reader: &Reader, log: &VerifierKey, running: bool, found: &mut Findings) {
    if let Err(error) = check_newest(reader, folder, log) {
        let todo = "append nothing; put the newer database back, or follow docs/format.md §13";
        found.todo("checkpoints", causes(&error).join(": "), todo);
        return;
    }
    let sizes = || {
        let newest = |notes: Vec<String>| notes.iter().filter_map(|note| stated_size(note)).max();
        let signed = reader.checkpoint()?.as_deref().and_then(stated_size);
        Ok::<_, StoreError>((
            reader.size()?,
            signed.unwrap_or(0),
            newest(in_file(folder)?).unwrap_or(0),
            newest(cosigned_in_file(folder)?),
        ))
    };
    match sizes() {
        Ok((size, signed, in_file, cosigned)) => {
            let told = cosigned.map_or_else(String::new, |size| format!(", {size} of them cosigned"));
            if in_file < signed {
                let says = format!("{signed} entries are signed, checkpoints.txt knows of {in_file}");
                let todo = "put checkpoints.txt back from a backup: it is what an older database is found by";
                found.todo("checkpoints", says, todo);
            } else if signed < size && !running {
                let says = format!("{signed} of {size} entries are under a signed checkpoint");
                found.todo("checkpoints", says, "start the server: it signs the rest");
            } else {
                found.well("checkpoints", format!("{signed} of {size} entries are signed{told}"));
            }
        }
        Err(error) => found.not_looked("checkpoints", &error, VERIFY),
    }
}

fn witnesses(folder: &Path, log: &VerifierKey, found: &mut Findings) {
    let listed = match listed(folder) {
        Ok(listed) => listed,
        Err(error) => {
            found.todo("witnesses", causes(&error).join(": "), "put witnesses.txt right, then start again");
            return;
        }
    };
    if listed.is_empty() {
        let says = "nobody is asked to cosign: who holds this machine could show two histories (docs/operators.md, “Witnesses”)";
        found.note("witnesses", says);
        return;
    }
    let notes = cosigned_in_file(folder).unwrap_or_default();
    let now = Utc::now().timestamp();
    for witness in listed {
        let key = std::slice::from_ref(&witness.key);
        let cosigned = notes.iter().rev().find_map(|note| {
            let opened = open_checkpoint(note.as_bytes(), log, key, 1, None).ok()?;
            Some((opened.size, i64::try_from(opened.cosigned.first()?.time).ok()?))
        });
        let name = &witness.key.name;
        let todo = format!("see whether {} answers, and the server's own log", witness.address);
        match cosigned {
            None => found.todo("witnesses", format!("{name} has never cosigned"), todo),
            Some((size, time)) => {
                let hours = now.saturating_sub(time) / 3_600;
                let says = format!("{name} cosigned {size} entries {hours} hours ago");
                match hours {
                    ..HOURS_SILENT_MAX => found.well("witnesses", says),
                    _ => found.todo("witnesses", says, todo),
                }
            }
        }
    }
}

fn alarm(folder: &Path, found: &mut Findings) {
    match raised_in(folder) {
        Ok(None) => found.well("fork-alarm", "no witness knows another history"),
        Ok(Some(why)) => {
            let says = why.lines().next().unwrap_or_default().to_owned();
            found.todo("fork-alarm", says, "nothing is appended: see docs/operators.md, “The fork alarm”");
        }
        Err(error) => found.not_looked("fork-alarm", &error, "see who may read fork-alarm.txt"),
    }
}

fn clock(reader: &Reader, found: &mut Findings) -> Result<(), StoreError> {
    let last = reader.size()?.checked_sub(1).map(|last| reader.row(last)).transpose()?.flatten();
    let Some(last) = last.and_then(|row| row.recorded_at.parse::<DateTime<Utc>>().ok()) else {
        return Ok(());
    };
    let machine = SystemClock::default();
    match judge(machine.wall_ms(), &machine.monotonic(), last.timestamp_millis(), None) {
        Ok(()) => found.well("clock", format!("it is {}, the last entry is of {last}", Utc::now())),
        Err(fault) => found.todo(
            "clock",
            fault.to_string(),
            "put the machine's clock right; where the last entries are of the future, see “wuping clock accept --help”",
        ),
    }
    Ok(())
}

fn heads(reader: &Reader, running: bool, found: &mut Findings) -> Result<(), StoreError> {
    let Some(last) = reader.last_position_of_subject("heads")? else {
        found.note("heads", "the heads of the streams were never committed to: a running server does it");
        return Ok(());
    };
    let since = reader.size()?.saturating_sub(last + 1);
    let at = reader.row(last)?.and_then(|row| row.recorded_at.parse::<DateTime<Utc>>().ok());
    let hours = at.map_or(0, |at| (Utc::now() - at).num_hours());
    let says = format!("committed to {hours} hours ago, {since} entries since then");
    if running && since > 0 && hours > HOURS_UNCOMMITTED_MAX {
        found.todo("heads", says, "the daily work was not done: the server's own log says why");
    } else {
        found.well("heads", says);
    }
    Ok(())
}

/// How many rulebooks are published, and which of them are not kept as they were.
fn rulebooks(reader: &Reader) -> Result<(usize, BTreeSet<String>), StoreError> {
    let (kept, mut named, mut absent) =
        (LedgerRulebooks::of(reader.clone()), BTreeSet::new(), BTreeSet::new());
    reader.rows(0, u64::MAX, |row| {
        if row.event_type == "RulebookPublished" {
            let data: Value = serde_json::from_str(row.data).unwrap_or_default();
            let word = |name: &str| data[name].as_str().unwrap_or_default().to_owned();
            let scheme = SchemeRef { id: word("id"), sha256: word("sha256") };
            if kept.rulebook(&scheme).is_none() {
                absent.insert(scheme.id.clone());
            }
            named.insert(scheme.sha256);
        }
        Ok::<_, StoreError>(())
    })?;
    Ok((named.len(), absent))
}

fn views(folder: &Path, reader: &Reader, running: bool, found: &mut Findings) {
    let file = folder.join("views.db");
    if !file.exists() {
        found.note("views", "there are none yet: the server makes them when it starts");
        return;
    }
    let rebuild = "run “wuping rebuild”, or start the server, which builds them by itself";
    let progress = match standing(&file) {
        Ok(progress) => progress,
        Err(ViewsError::Outdated { why }) => {
            found.todo("views", format!("they are damaged or of another version: {why}"), rebuild);
            return;
        }
        Err(error) => {
            found.not_looked("views", &error, "see who may read views.db");
            return;
        }
    };
    let folded = progress.folded();
    let same = reader.root_at(folded).is_ok_and(|root| root.hex() == progress.tree_root());
    let size = reader.size().unwrap_or(folded);
    if !same {
        let says =
            format!("they were made from {folded} entries that are not the first {folded} of this ledger");
        found.todo("views", says, rebuild);
    } else if size > folded && running {
        // a server follows at once, so that what is behind now is either a moment old or stuck
        found.note(
            "views",
            format!("{} entries behind the ledger's {size}; look again in a moment", size - folded),
        );
    } else {
        found.well("views", format!("{folded} of {size} entries are in them, by this program's version"));
    }
}

const HOURS_SILENT_MAX: i64 = 25;
const HOURS_UNCOMMITTED_MAX: i64 = 25;
const VERIFY: &str = "run “wuping verify”";

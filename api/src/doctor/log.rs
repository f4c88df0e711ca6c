//! How it stands with the log: checkpoints, witnesses, clock, alarm, heads, rulebooks, views.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::{DateTime, Utc};
use serde_json::Value;
use wuping_domain::derivation::SchemeRef;
use wuping_domain::reaction::Rulebooks as _;
use wuping_ledger::alarm::raised_in;
use wuping_ledger::checkpoints::{
    check_newest, cosigned_newest_first, newest_cosigned_in_file, newest_in_file,
};
use wuping_ledger::clock::{Clock as _, SystemClock, judge};
use wuping_ledger::genesis::stated_log_key;
use wuping_ledger::note::{VerifierKey, open_checkpoint, stated_size};
use wuping_ledger::place::database_url;
use wuping_ledger::reader::Reader;
use wuping_ledger::store::StoreError;
use wuping_projections::ledger_rulebooks::LedgerRulebooks;
use wuping_projections::{ViewsError, standing};

use super::{Findings, Words, both, some};
use crate::anchors::listed;

pub(super) fn examine(folder: &Path, reader: &Reader, running: bool, found: &mut Findings) {
    let log = stated_log_key(reader).map(|key| VerifierKey::parse(&key));
    match log {
        Ok(Ok(log)) => {
            checkpoints(folder, reader, &log, running, found);
            witnesses(folder, &log, found);
        }
        Ok(Err(refusal)) => {
            let says = both(format!("日志公钥不成立：{refusal}"), format!("the log key is none: {refusal}"));
            found.todo("checkpoints", says, verify());
        }
        Err(error) => found.not_looked("checkpoints", &error, verify()),
    }
    alarm(folder, found);
    if let Err(error) = clock(reader, found).and_then(|()| heads(reader, running, found)) {
        found.not_looked("clock", &error, verify());
    }
    match rulebooks(reader) {
        Ok((named, absent)) if absent.is_empty() => {
            let says = both(
                format!("已发布{named}份，每份都原样保存着"),
                format!("{named} are published, and each is kept as it was"),
            );
            found.well("rulebooks", says);
        }
        Ok((_, absent)) => {
            let absent = some(absent.iter());
            let says = both(
                format!("{}已发布，但没有原样保存", absent.zh),
                format!("{} published but not kept as it was", absent.en),
            );
            let todo = both(
                "用备份恢复账本：没有它，按它评定的等级既不能作出，也不能重新计算",
                "put the ledger back from a backup: grades under it can be neither made nor recomputed",
            );
            found.todo("rulebooks", says, todo);
        }
        Err(error) => found.not_looked("rulebooks", &error, verify()),
    }
    views(folder, reader, running, found);
}

fn checkpoints(folder: &Path, reader: &Reader, log: &VerifierKey, running: bool, found: &mut Findings) {
    if let Err(error) = check_newest(reader, folder, log) {
        let todo = both(
            "不要再记录任何内容；换回较新的数据库，或按 docs/format.md §13 处理",
            "append nothing; put the newer database back, or follow docs/format.md §13",
        );
        found.todo("checkpoints", Words::said(&error), todo);
        return;
    }
    let sizes = || {
        let size_of = |note: Option<String>| note.as_deref().and_then(stated_size);
        Ok::<_, StoreError>((
            database_url(folder)?.is_none(),
            reader.size()?,
            size_of(reader.checkpoint()?).unwrap_or(0),
            size_of(newest_in_file(folder)?).unwrap_or(0),
            size_of(newest_cosigned_in_file(folder)?),
        ))
    };
    match sizes() {
        // where several nodes sign, the file of each has what that one signed
        Ok((is_alone, size, signed, in_file, cosigned)) => {
            if is_alone && in_file < signed {
                let says = both(
                    format!("已签名{signed}条记录，checkpoints.txt 只到{in_file}条"),
                    format!("{signed} entries are signed, checkpoints.txt knows of {in_file}"),
                );
                let todo = both(
                    "用备份恢复 checkpoints.txt：数据库被换成旧的，要靠它发现",
                    "put checkpoints.txt back from a backup: it is what an older database is found by",
                );
                found.todo("checkpoints", says, todo);
            } else if signed < size && !running {
                let says = both(
                    format!("{size}条记录中有{signed}条在已签名的检查点之下"),
                    format!("{signed} of {size} entries are under a signed checkpoint"),
                );
                let todo = both("启动服务：它会签完其余的", "start the server: it signs the rest");
                found.todo("checkpoints", says, todo);
            } else {
                let told = cosigned.map_or_else(
                    || both("", ""),
                    |size| both(format!("，其中{size}条有见证人会签"), format!(", {size} of them cosigned")),
                );
                let says = both(
                    format!("{size}条记录中已签名{signed}条{}", told.zh),
                    format!("{signed} of {size} entries are signed{}", told.en),
                );
                found.well("checkpoints", says);
            }
        }
        Err(error) => found.not_looked("checkpoints", &error, verify()),
    }
}

fn witnesses(folder: &Path, log: &VerifierKey, found: &mut Findings) {
    let listed = match listed(folder) {
        Ok(listed) => listed,
        Err(error) => {
            let todo = both("改正 witnesses.txt，然后重新启动", "put witnesses.txt right, then start again");
            found.todo("witnesses", Words::said(&error), todo);
            return;
        }
    };
    if listed.is_empty() {
        let says = both(
            "没有请人见证：掌握这台机器的人可以给出两份不同的历史（见 docs/operators.md 的 Witnesses 一节）",
            "nobody is asked to cosign: who holds this machine could show two histories (docs/operators.md, “Witnesses”)",
        );
        found.note("witnesses", says);
        return;
    }
    let now = Utc::now().timestamp();
    for witness in listed {
        let key = std::slice::from_ref(&witness.key);
        // what cannot be read is as if nobody had cosigned: the line on checkpoints says that it cannot
        let mut notes = cosigned_newest_first(folder).into_iter().flatten().map_while(Result::ok);
        let cosigned = notes.find_map(|note| {
            let opened = open_checkpoint(note.as_bytes(), log, key, 1, None).ok()?;
            Some((opened.size, i64::try_from(opened.cosigned.first()?.time).ok()?))
        });
        let name = &witness.key.name;
        let address = &witness.address;
        let todo = both(
            format!("检查 {address} 有没有回应，并查看服务的运行日志"),
            format!("see whether {address} answers, and the server's own log"),
        );
        match cosigned {
            None => {
                let says = both(format!("{name} 从未会签"), format!("{name} has never cosigned"));
                found.todo("witnesses", says, todo);
            }
            Some((size, time)) => {
                let hours = now.saturating_sub(time) / 3_600;
                let says = both(
                    format!("{name} 在{hours}小时前会签到第{size}条记录"),
                    format!("{name} cosigned {size} entries {hours} hours ago"),
                );
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
        Ok(None) => {
            let says = both("没有见证人记下另一份历史", "no witness knows another history");
            found.well("fork-alarm", says);
        }
        Ok(Some(why)) => {
            let why = why.lines().next().unwrap_or_default();
            let todo = both(
                "现在不记录任何内容：见 docs/operators.md 的 The fork alarm 一节",
                "nothing is appended: see docs/operators.md, “The fork alarm”",
            );
            found.todo("fork-alarm", both(why, why), todo);
        }
        Err(error) => {
            let todo = both(
                "检查谁能读取 fork-alarm.txt，以及数据库有没有回应",
                "see who may read fork-alarm.txt, and that the database answers",
            );
            found.not_looked("fork-alarm", &error, todo);
        }
    }
}

fn clock(reader: &Reader, found: &mut Findings) -> Result<(), StoreError> {
    let last = reader.size()?.checked_sub(1).map(|last| reader.row(last)).transpose()?.flatten();
    let Some(last) = last.and_then(|row| row.recorded_at.parse::<DateTime<Utc>>().ok()) else {
        return Ok(());
    };
    let machine = SystemClock::default();
    match judge(machine.wall_ms(), &machine.monotonic(), last.timestamp_millis(), None) {
        Ok(()) => {
            let now = Utc::now();
            let says = both(
                format!("现在是 {now}，最后一条记录的时间是 {last}"),
                format!("it is {now}, the last entry is of {last}"),
            );
            found.well("clock", says);
        }
        Err(fault) => {
            let todo = both(
                "校准机器的时钟；如果最后的记录来自将来，见 wuping clock accept --help",
                "put the machine's clock right; where the last entries are of the future, see “wuping clock accept --help”",
            );
            found.todo("clock", Words::said(&fault), todo);
        }
    }
    Ok(())
}

fn heads(reader: &Reader, running: bool, found: &mut Findings) -> Result<(), StoreError> {
    let Some(last) = reader.last_position_of_subject("heads")? else {
        let says = both(
            "还从未记录过各流的流首承诺：服务运行时会做",
            "the heads of the streams were never committed to: a running server does it",
        );
        found.note("heads", says);
        return Ok(());
    };
    let since = reader.size()?.saturating_sub(last + 1);
    let at = reader.row(last)?.and_then(|row| row.recorded_at.parse::<DateTime<Utc>>().ok());
    let hours = at.map_or(0, |at| (Utc::now() - at).num_hours());
    let says = both(
        format!("{hours}小时前记录过，此后又有{since}条记录"),
        format!("committed to {hours} hours ago, {since} entries since then"),
    );
    if running && since > 0 && hours > HOURS_UNCOMMITTED_MAX {
        let todo = both(
            "每日的工作没有做：原因在服务的运行日志里",
            "the daily work was not done: the server's own log says why",
        );
        found.todo("heads", says, todo);
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
        let says =
            both("还没有：服务启动时会建立", "there are none yet: the server makes them when it starts");
        found.note("views", says);
        return;
    }
    let rebuild = || {
        both(
            "运行 wuping rebuild，或启动服务，它会自己重建",
            "run “wuping rebuild”, or start the server, which builds them by itself",
        )
    };
    let progress = match standing(&file) {
        Ok(progress) => progress,
        Err(ViewsError::Outdated { why }) => {
            let says = both(
                format!("已损坏，或属于另一个版本：{why}"),
                format!("they are damaged or of another version: {why}"),
            );
            found.todo("views", says, rebuild());
            return;
        }
        Err(error) => {
            let todo = both("检查谁能读取 views.db", "see who may read views.db");
            found.not_looked("views", &error, todo);
            return;
        }
    };
    let folded = progress.folded();
    let same = reader.root_at(folded).is_ok_and(|root| root.hex() == progress.tree_root());
    let size = reader.size().unwrap_or(folded);
    if !same {
        let says = both(
            format!("它们由{folded}条记录建成，而这些不是本账本的前{folded}条"),
            format!("they were made from {folded} entries that are not the first {folded} of this ledger"),
        );
        found.todo("views", says, rebuild());
    } else if size > folded && running {
        // a server follows at once, so that what is behind now is either a moment old or stuck
        let behind = size - folded;
        let says = both(
            format!("比账本的{size}条少{behind}条；过一会儿再看"),
            format!("{behind} entries behind the ledger's {size}; look again in a moment"),
        );
        found.note("views", says);
    } else {
        let says = both(
            format!("{size}条记录中已有{folded}条，由本版本的程序建成"),
            format!("{folded} of {size} entries are in them, by this program's version"),
        );
        found.well("views", says);
    }
}

fn verify() -> Words {
    both("运行 wuping verify", "run “wuping verify”")
}

const HOURS_SILENT_MAX: i64 = 25;
const HOURS_UNCOMMITTED_MAX: i64 = 25;

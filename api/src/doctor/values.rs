//! How it stands with private values and attachments: named and there, there and named.

use std::collections::{BTreeSet, HashSet};
use std::path::Path;
use std::time::{Duration, SystemTime};

use wuping_ledger::disclosure::digests_in;
use wuping_ledger::reader::Reader;
use wuping_ledger::store::StoreError;
use wuping_ledger::vault::{Listing, Vault};
use wuping_projections::error::causes;

use super::{Findings, Words, both, some};
use crate::erasing::{ErasureError, erased_digests, live_photos};

pub(super) fn examine(folder: &Path, reader: &Reader, found: &mut Findings) {
    if !Vault::is_there(folder).unwrap_or(false) {
        return;
    }
    let listing = match Vault::listing(folder) {
        Ok(listing) => listing,
        Err(error) => {
            let todo = both(
                "用备份恢复隐私库；服务启动时会把删除过的再删除一次",
                "put the vault back from a backup; erasures are applied again when the server starts",
            );
            found.todo("vault", Words::said(&error), todo);
            return;
        }
    };
    match named(reader) {
        Ok((named, erased)) => values(&listing, &named, &erased, found),
        Err(error) => found.not_looked("vault", &error, both("运行 wuping verify", "run “wuping verify”")),
    }
    match listing.unswept {
        0 => {
            let says = both("没有内容等待每日清理", "no value waits for the daily sweep");
            found.well("sweep", says);
        }
        n => found.todo(
            "sweep",
            both(
                format!("有{n}项内容已超过一天，不知道有没有记录引用"),
                format!("{n} values are older than a day and not known to be named by an entry"),
            ),
            both(
                "启动服务，或在运行日志里查看每日清理为什么没有做",
                "start the server, or see in its log why the daily sweep was not done",
            ),
        ),
    }
    attachments(folder, reader, found);
}

fn values(listing: &Listing, named: &HashSet<String>, erased: &HashSet<String>, found: &mut Findings) {
    let missing = named.difference(&listing.digests).filter(|digest| !erased.contains(*digest)).count();
    let back = listing.digests.intersection(erased).count();
    if missing > 0 {
        let says = both(
            format!("有{missing}项隐私内容被记录引用、从未删除，却不在隐私库中"),
            format!("{missing} private values are named by entries, never erased, and not in the vault"),
        );
        let todo = both("用最新的备份恢复隐私库", "put the vault back from the newest backup");
        found.todo("vault", says, todo);
    }
    if back > 0 {
        let says = both(
            format!("隐私库中有{back}项已删除过的隐私内容"),
            format!("{back} private values that were erased are in the vault"),
        );
        let todo = both(
            "启动服务：它会先再次删除，然后才提供服务",
            "start the server: it erases them again before it serves",
        );
        found.todo("vault", says, todo);
    }
    if missing == 0 && back == 0 {
        let count = listing.digests.len();
        let says = both(
            format!("{count}项隐私内容，记录引用的都在"),
            format!("{count} private values, all that entries name"),
        );
        found.well("vault", says);
    }
}

/// Digests that entries name, and those that were erased.
fn named(reader: &Reader) -> Result<(HashSet<String>, HashSet<String>), ErasureError> {
    let mut named = HashSet::new();
    reader.rows(0, u64::MAX, |row| {
        named.extend(digests_in(row.data));
        Ok::<_, StoreError>(())
    })?;
    Ok((named, erased_digests(reader)?))
}

fn attachments(folder: &Path, reader: &Reader, found: &mut Findings) {
    let there = match files(&folder.join("attachments")) {
        Ok(there) => there,
        Err(error) => {
            let todo = both("检查谁能读取 attachments 目录", "see who may read the folder attachments");
            found.not_looked("attachments", &error, todo);
            return;
        }
    };
    let vault = match Vault::open_read_only(folder) {
        Ok(vault) => vault,
        Err(error) => {
            let (count, why) = (there.len(), causes(&error).join(": "));
            let says = both(
                format!("有{count}个；哪些被引用无从知道：{why}"),
                format!("{count} are there; which are named is not known, for {why}"),
            );
            found.note("attachments", says);
            return;
        }
    };
    let live = match live_photos(reader, &vault) {
        Ok(live) => live,
        Err(error) => {
            let todo =
                both("运行 wuping verify，然后恢复隐私库", "run “wuping verify”, then put the vault back");
            found.todo("attachments", Words::said(&error), todo);
            return;
        }
    };
    let kept: BTreeSet<&str> = there.iter().map(|(name, _)| name.as_str()).collect();
    let missing: Vec<&String> = live.iter().filter(|photo| !kept.contains(photo.as_str())).collect();
    // one that was just put may be named in a moment
    let stray: Vec<&String> =
        there.iter().filter(|(name, old)| *old && !live.contains(name)).map(|(name, _)| name).collect();
    if !missing.is_empty() {
        let (count, names) = (missing.len(), some(missing.iter()));
        let says = both(
            format!("有{count}个被引用却不在：{}", names.zh),
            format!("{count} are named and not there: {}", names.en),
        );
        found.todo("attachments", says, both("用备份恢复", "put them back from a backup"));
    }
    if !stray.is_empty() {
        let (count, names) = (stray.len(), some(stray.iter()));
        let says = both(
            format!("有{count}个没有被任何内容引用：{}", names.zh),
            format!("{count} are there and named by no value: {}", names.en),
        );
        let todo = both(
            "它们是程序中断时留下的，或删除后又被副本带回来的：把这些文件删除",
            "they were left by a crash, or brought back by a copy after they were erased: remove those files",
        );
        found.todo("attachments", says, todo);
    }
    if missing.is_empty() && stray.is_empty() {
        let count = there.len();
        let says = both(
            format!("有{count}个，被引用的都在，没有多余的"),
            format!("{count} are there, all that are named and no others"),
        );
        found.well("attachments", says);
    }
}

/// Every file under the attachments, and whether it has lain there for a while.
fn files(folder: &Path) -> std::io::Result<Vec<(String, bool)>> {
    let mut found = Vec::new();
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(found),
        entries => entries?,
    };
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
            continue;
        }
        let put = path.metadata().and_then(|known| known.modified()).ok();
        let old =
            put.and_then(|put| SystemTime::now().duration_since(put).ok()).is_some_and(|age| age > FRESH);
        found.push((path.file_name().unwrap_or_default().to_string_lossy().into_owned(), old));
    }
    Ok(found)
}

const FRESH: Duration = Duration::from_hours(1);

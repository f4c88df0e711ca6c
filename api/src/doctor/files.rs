//! What lies in the folder: stores, keys, room, what a backup or a restoration left.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use wuping_ledger::genesis::{Ledger, LedgerError};
use wuping_ledger::in_use::free_bytes;
use wuping_ledger::place::database_url;
use wuping_ledger::store::StoreError;
use wuping_ledger::vault::{Vault, VaultError};
use wuping_projections::error::causes;

use super::{Findings, Words, both, some};
use crate::backup::{is_unrecorded, last_backup, unpacked_beside};
use crate::office::{OfficeError, logins};

pub(super) fn examine(folder: &Path, found: &mut Findings) {
    stores(folder, found);
    keys(folder, found);
    room(folder, found);
    restoration(folder, found);
    backup(folder, found);
}

fn stores(folder: &Path, found: &mut Findings) {
    let on_a_server = database_url(folder).ok().flatten().is_some();
    let due: &[&str] = match on_a_server {
        // a node that has not signed yet has no checkpoints.txt
        true => &[],
        false => &["ledger.db", "vault.db", "office.db", "checkpoints.txt"],
    };
    let absent: Vec<&str> = due.iter().copied().filter(|name| !folder.join(name).is_file()).collect();
    let left: Vec<&str> =
        ["vault.db", "office.db"].into_iter().filter(|name| folder.join(name).is_file()).collect();
    if on_a_server && !left.is_empty() {
        let left = some(left.iter());
        let says = both(
            format!("账本在服务器上，而{}还留在这里", left.zh),
            format!("the ledger is on a server, and {} still lies here", left.en),
        );
        let todo = both(
            "运行 wuping upgrade，把其中的内容移到服务器上",
            "run “wuping upgrade”: it moves what is in it to the server",
        );
        found.todo("stores", says, todo);
    }
    if absent.is_empty() {
        let says = both(
            "账本、隐私库、登录记录和检查点都在",
            "ledger, vault, office's records and checkpoints are there",
        );
        found.well("stores", says);
        return;
    }
    let todo = both(
        "启动任何程序以前，先用最新的备份补回：一旦启动，就会在原处新建空的",
        "put back what is lost from the newest backup before anything is started: a start makes an empty one in its place",
    );
    found.todo("stores", cannot_be_found(absent), todo);
}

/// Whether the keys at hand are those of this ledger and its vault. Of tables of another version, which are not read, that is told
/// with the stores and nothing here: no key was tried on them.
fn open_what_they_should(folder: &Path, found: &mut Findings) {
    let master = Ledger::check_master_key(folder).err();
    let vault = match Vault::is_there(folder) {
        Ok(true) => Vault::open_read_only(folder).err(),
        // what is not there is told with the stores
        Ok(false) | Err(_) => None,
    };
    let untried = [
        matches!(&master, Some(LedgerError::Store(error)) if is_another_version(error)),
        matches!(&vault, Some(VaultError::Ledger(error)) if is_another_version(error)),
    ];
    let why = [master.map(|error| causes(&error).join(": ")), vault.map(|error| causes(&error).join(": "))];
    let wrong: Vec<String> = ["master.key", "vault.key"]
        .into_iter()
        .zip(untried)
        .zip(why)
        .filter_map(|((key, untried), why)| why.filter(|_| !untried).map(|why| format!("{key} ({why})")))
        .collect();
    if wrong.is_empty() && untried.contains(&true) {
        return;
    }
    if wrong.is_empty() {
        found.well("keys-open", both("密钥打得开账本和隐私库", "the keys open the ledger and its vault"));
        return;
    }
    let wrong = some(wrong.iter());
    let says = both(format!("密钥不能用：{}", wrong.zh), format!("a key is of no use: {}", wrong.en));
    let todo = both(
        "从保管处取回这个账本自己的密钥放好，再启动服务器",
        "put back the right copy of this ledger's own key from its safe place before the server is started",
    );
    found.todo("keys-open", says, todo);
}

fn is_another_version(error: &StoreError) -> bool {
    matches!(error, StoreError::OlderSchema { .. } | StoreError::SchemaVersion { .. })
}

fn keys(folder: &Path, found: &mut Findings) {
    let mut open: Vec<String> = Vec::new();
    for file in secrets(folder) {
        let mode = file.metadata().map_or(0, |known| known.permissions().mode() & 0o777);
        if mode & 0o077 != 0 {
            open.push(format!("{} ({mode:o})", name_of(&file)));
        }
    }
    let absent: Vec<&str> = [("master.key", "WUPING_MASTER_KEY"), ("vault.key", "WUPING_VAULT_KEY")]
        .into_iter()
        .filter(|(file, variable)| !folder.join(file).is_file() && std::env::var_os(variable).is_none())
        .map(|(file, _)| file)
        .collect();
    if absent.is_empty() {
        open_what_they_should(folder, found);
    } else {
        let todo = both(
            "从保管处取回副本放好：没有密钥，什么都打不开",
            "put back the copy from its safe place: without it nothing opens",
        );
        found.todo("keys", cannot_be_found(absent), todo);
    }
    if open.is_empty() {
        let says = both("密钥文件只有所有者能读取", "nobody but their owner may read the key files");
        found.well("key-files", says);
    } else {
        let open = some(open.iter());
        let says = both(
            format!("所有者以外的人也能读取{}", open.zh),
            format!("others than their owner may read {}", open.en),
        );
        let todo = both(
            "用 chmod 600 改正，并想一想谁可能已经读过",
            "chmod 600 them, and think about who may have read them",
        );
        found.todo("key-files", says, todo);
    }
    let roots: Vec<String> =
        secrets(folder).iter().map(|file| name_of(file)).filter(|name| name.starts_with("root-")).collect();
    if !roots.is_empty() {
        let roots = some(roots.iter());
        let says = both(format!("{}还放在这里", roots.zh), format!("{} still lie here", roots.en));
        let todo = both(
            "把每把根密钥分别移到各自的安全地方，并从这里删除：拿到它的人可以启用和停用密钥，也可以删除隐私内容",
            "take each to a safe place of its own and remove it here: whoever has one can open and end keys, and erase",
        );
        found.todo("root-keys", says, todo);
    }
}

fn cannot_be_found(absent: Vec<&str>) -> Words {
    let absent = some(absent.into_iter());
    both(format!("找不到{}", absent.zh), format!("{} cannot be found", absent.en))
}

/// Files that nobody else may read.
fn secrets(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut secret: Vec<PathBuf> = entries
        .filter(|path| path.is_file())
        .filter(|path| path.extension().is_some_and(|kind| kind == "key") || path.ends_with("database.url"))
        .collect();
    secret.sort();
    secret
}

/// Whether anybody can sign in.
pub(super) fn office(folder: &Path, found: &mut Findings) {
    match logins(folder) {
        Ok(None) => {}
        Ok(Some(logins)) if logins.is_empty() => found.todo(
            "office",
            both(
                "没有人能登录：登录记录里一个名字也没有",
                "nobody can sign in: the office's records know no name",
            ),
            both(
                "用备份恢复，或用 wuping account open 开设账户",
                "put them back from a backup, or open accounts with “wuping account open”",
            ),
        ),
        Ok(Some(logins)) => {
            let people = logins.len();
            let says = both(format!("有{people}人可以登录"), format!("{people} people can sign in"));
            found.well("office", says);
        }
        // what the ledger's finding says already
        Err(OfficeError::Server(error)) if is_another_version(&error) => {}
        Err(OfficeError::Server(error)) => {
            let todo = both("检查 Postgres 服务器有没有回应", "see that the Postgres server answers");
            found.not_looked("office", &error, todo);
        }
        Err(error) => {
            let why = causes(&error).join(": ");
            let says = both(format!("office.db 无法读取：{why}"), format!("office.db cannot be read: {why}"));
            let todo = both(
                "停止服务，用备份恢复它，或把它删除：删除后大家要重设密码",
                "stop the server, put it back from a backup, or remove it: people then get new passwords",
            );
            found.todo("office", says, todo);
        }
    }
}

fn room(folder: &Path, found: &mut Findings) {
    let used: u64 = ["ledger.db", "vault.db", "views.db"]
        .iter()
        .filter_map(|name| folder.join(name).metadata().ok())
        .map(|known| known.len())
        .sum();
    match free_bytes(folder) {
        Ok(free) if free < ROOM_MIN.max(used) => {
            let (free, used) = (free >> 20, used >> 20);
            let says = both(
                format!("剩余 {free} MiB，数据库共 {used} MiB"),
                format!("{free} MiB are free, the databases have {used} MiB"),
            );
            let todo = both(
                "腾出空间：重建视图和备份都各需要与现有数据一样多的空间",
                "make room: a rebuild and a backup each need as much as there is",
            );
            found.todo("disk", says, todo);
        }
        Ok(free) => {
            let free = free >> 20;
            found.well("disk", both(format!("剩余 {free} MiB"), format!("{free} MiB are free")));
        }
        Err(error) => {
            let todo = both("检查这个目录是否存在", "see whether the folder is there");
            found.not_looked("disk", &error, todo);
        }
    }
}

fn restoration(folder: &Path, found: &mut Findings) {
    // a server that does not answer is the ledger's finding
    if is_unrecorded(folder).unwrap_or(false) {
        found.todo(
            "restoration",
            both(
                "账本是用备份恢复的，而账本里还没有记录这件事",
                "the ledger was put back from a backup and does not say so yet",
            ),
            both(
                "运行一次 wuping serve：它会先询问见证人，再作记录",
                "run “wuping serve” once: it asks the witnesses and records it",
            ),
        );
    }
    let part = unpacked_beside(folder);
    if part.exists() {
        let part = part.display();
        let says = both(
            format!("{part} 是恢复中断后留下的"),
            format!("{part} is left of a restoration that was interrupted"),
        );
        found.todo("restoration", says, both("重新恢复，或把它删除", "restore again, or remove it"));
    }
}

fn backup(folder: &Path, found: &mut Findings) {
    let Some(last) = last_backup(folder) else {
        let says = both(
            "这里不知道上次备份是什么时候：只有 wuping backup 会留下记录",
            "when the last backup was made is not known here: only “wuping backup” leaves a note",
        );
        found.note("backup", says);
        return;
    };
    let made = last.made_at.parse::<DateTime<Utc>>();
    let days = made.map_or(i64::MAX, |made| (Utc::now() - made).num_days());
    let (made_at, size, file) = (&last.made_at, last.size, last.file.display());
    let says = both(
        format!("已知的上一次备份于 {made_at} 完成，有{size}条记录：{file}"),
        format!("the last one known was made {made_at} with {size} entries: {file}"),
    );
    if days >= BACKUP_DAYS_MAX {
        let todo = both(
            "每天运行 wuping backup，并把文件保存到另一台机器上",
            "run “wuping backup” daily, and keep the file on another machine",
        );
        found.todo("backup", says, todo);
    } else {
        found.well("backup", says);
    }
}

fn name_of(file: &Path) -> String {
    file.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

const BACKUP_DAYS_MAX: i64 = 7;
const ROOM_MIN: u64 = 1 << 30;

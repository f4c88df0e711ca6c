//! How it stands with a ledger and all that belongs to it, in plain words: what is right, what is not, and what to do. It only reads,
//! and works beside a running server.

mod files;
mod log;
mod values;
mod webhooks;

use std::path::{Path, PathBuf};

use serde::Serialize;
use wuping_ledger::genesis::Ledger;
use wuping_ledger::in_use::writers;
use wuping_ledger::place::database_url;
use wuping_ledger::reader::Reader;
use wuping_ledger::store::StoreError;
use wuping_projections::error::causes;

use crate::look::words::Lang;
use crate::sample::is_sample;

/// What was found.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The folder.
    pub folder: PathBuf,
    /// The ledger's name, where it could be read.
    pub origin: Option<String>,
    /// Whether there is nothing to do.
    pub well: bool,
    /// One for each thing that was looked at, in a fixed order.
    pub findings: Vec<Finding>,
}

/// How it stands with one thing.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// A short stable name: `clock`, `fork-alarm` …
    pub about: &'static str,
    /// How it stands.
    pub state: State,
    /// What was found, for a person.
    pub says: Words,
    /// What to do; none where nothing is.
    #[serde(rename = "do", skip_serializing_if = "Option::is_none")]
    pub todo: Option<Words>,
}

/// The same for a person in both languages; for a machine it is the English one.
#[derive(Clone, Debug)]
pub struct Words {
    zh: String,
    en: String,
}

impl Words {
    /// What somebody reads in a language.
    #[must_use]
    pub fn of(&self, lang: Lang) -> &str {
        lang.pick(&self.zh, &self.en)
    }

    /// What a program or the system said, which has one language.
    fn said(by: &(dyn std::error::Error + 'static)) -> Self {
        let said = causes(by).join(": ");
        Self { zh: said.clone(), en: said }
    }
}

impl Serialize for Words {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.en)
    }
}

fn both(zh: impl Into<String>, en: impl Into<String>) -> Words {
    Words { zh: zh.into(), en: en.into() }
}

/// How it stands with something.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// As it should be.
    Well,
    /// Worth knowing; nothing must be done.
    Note,
    /// Something is to be done.
    Todo,
    /// It could not be looked at.
    NotLooked,
}

impl Report {
    /// 0 when all is well, 1 when something is to be done, 2 when something could not be looked at.
    #[must_use]
    pub fn code(&self) -> u8 {
        let any = |state| self.findings.iter().any(|finding| finding.state == state);
        match (any(State::NotLooked), any(State::Todo)) {
            (true, _) => 2,
            (false, true) => 1,
            (false, false) => 0,
        }
    }

    /// One page for a person.
    #[must_use]
    pub fn in_words(&self, lang: Lang) -> String {
        let no_ledger = lang.pick("（没有能读取的账本）", "no ledger that can be read");
        let origin = self.origin.as_deref().unwrap_or(no_ledger);
        let folder = self.folder.display();
        let mut page =
            lang.pick(format!("{origin}，数据目录 {folder}\n\n"), format!("{origin} in {folder}\n\n"));
        for Finding { about, state, says, todo } in &self.findings {
            let mark = match state {
                State::Well => lang.pick("正常", "well "),
                State::Note => lang.pick("提示", "note "),
                State::Todo => lang.pick("待办", "TO DO"),
                State::NotLooked => lang.pick("未查", "?    "),
            };
            let (about, says) = (topic(about, lang), says.of(lang));
            page.push_str(
                &lang.pick(format!("{mark}  {about}：{says}\n"), format!("{mark}  {about}: {says}\n")),
            );
            if let Some(todo) = todo {
                page.push_str(&format!("       → {}\n", todo.of(lang)));
            }
        }
        page.push_str(match self.code() {
            0 => lang.pick("\n一切正常\n", "\nall is well\n"),
            1 => lang.pick("\n有事要处理\n", "\nsomething is to be done\n"),
            _ => lang.pick("\n有的项目没能检查\n", "\nnot everything could be looked at\n"),
        });
        page
    }
}

/// Looks at everything in a folder and the database that belongs to it.
#[must_use]
pub fn examine(folder: &Path) -> Report {
    let mut found = Findings::default();
    files::examine(folder, &mut found);
    let mut origin = None;
    // before this program itself is among those who are connected
    let by = writers(folder);
    files::office(folder, &mut found);
    if let Some(reader) = opened(folder, &mut found) {
        let running = running(by, &mut found);
        origin = reader.origin().ok().map(str::to_owned);
        log::examine(folder, &reader, running, &mut found);
        webhooks::examine(folder, &reader, running, &mut found);
        values::examine(folder, &reader, &mut found);
    }
    let Findings(mut findings) = found;
    if origin.as_deref().is_some_and(is_sample) {
        // nothing in a sample is real, and it keeps its root key
        findings.retain(|finding| finding.about != "root-keys");
    }
    let mut report = Report { folder: folder.to_owned(), origin, well: false, findings };
    report.well = report.code() == 0;
    report
}

/// What was found so far.
#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn well(&mut self, about: &'static str, says: Words) {
        self.0.push(Finding { about, state: State::Well, says, todo: None });
    }

    fn note(&mut self, about: &'static str, says: Words) {
        self.0.push(Finding { about, state: State::Note, says, todo: None });
    }

    fn todo(&mut self, about: &'static str, says: Words, todo: Words) {
        self.0.push(Finding { about, state: State::Todo, says, todo: Some(todo) });
    }

    fn not_looked(&mut self, about: &'static str, error: &(dyn std::error::Error + 'static), todo: Words) {
        self.0.push(Finding { about, state: State::NotLooked, says: Words::said(error), todo: Some(todo) });
    }
}

/// The ledger, if it is there and of this program's version.
fn opened(folder: &Path, found: &mut Findings) -> Option<Reader> {
    let place = match database_url(folder) {
        Ok(Some(_)) => both("在 Postgres 服务器上", "on a Postgres server"),
        _ => both("在 ledger.db 中", "in ledger.db"),
    };
    match Ledger::open_read_only(folder) {
        Ok(reader) => match reader.size() {
            Ok(size) => {
                let says = both(
                    format!("{}有{size}条记录，与本程序版本一致", place.zh),
                    format!("{size} entries {}, of this program's version", place.en),
                );
                found.well("ledger", says);
                Some(reader)
            }
            Err(error) => {
                let todo = both(
                    "运行 wuping verify；如果已损坏，用备份恢复",
                    "run “wuping verify”; put a backup back if it is damaged",
                );
                found.not_looked("ledger", &error, todo);
                None
            }
        },
        Err(error @ StoreError::SchemaVersion { .. }) => {
            let todo = both(
                "使用建立它的程序版本，或能接管它的更新版本",
                "use the program that made it, or a newer one that takes it over",
            );
            found.todo("ledger", Words::said(&error), todo);
            None
        }
        Err(error @ StoreError::OlderSchema { .. }) => {
            let todo = both(
                "先停止使用它的所有服务，再运行 wuping upgrade；在 Postgres 服务器上的，用数据表所有者的登录名",
                "stop every server on it, then run “wuping upgrade”, on a Postgres server as the login that owns its tables",
            );
            found.todo("ledger", Words::said(&error), todo);
            None
        }
        Err(error) => {
            let todo = both(
                "用 --data 指明正确的目录，或用 wuping init 新建账本，或检查数据库服务器有没有回应",
                "name the right folder with --data, make a ledger with “wuping init”, or see that the server answers",
            );
            found.not_looked("ledger", &error, todo);
            None
        }
    }
}

/// Whether somebody has the ledger open for writing.
fn running(by: Result<Vec<String>, StoreError>, found: &mut Findings) -> bool {
    match by {
        Ok(by) if by.is_empty() => {
            let says = both(
                "没有程序在写账本：服务没有运行",
                "nobody has the ledger open for writing: no server is running",
            );
            found.note("lock", says);
            false
        }
        Ok(by) => {
            let by = by.join(", ");
            found.well("lock", both(format!("正在写账本的是 {by}"), format!("open for writing by {by}")));
            true
        }
        Err(error) => {
            let todo = both(
                "检查谁能读取 ledger.lock，以及数据库有没有回应",
                "see who may read ledger.lock, and that the database answers",
            );
            found.not_looked("lock", &error, todo);
            false
        }
    }
}

/// Some of the names, and how many there are.
fn some(names: impl Iterator<Item = impl AsRef<str>>) -> Words {
    let names: Vec<_> = names.collect();
    let shown: Vec<&str> = names.iter().take(SHOWN_MAX).map(AsRef::as_ref).collect();
    let more = names.len().saturating_sub(SHOWN_MAX);
    match more {
        0 => both(shown.join("、"), shown.join(", ")),
        more => both(
            format!("{}等（另有{more}个）", shown.join("、")),
            format!("{} and {more} more", shown.join(", ")),
        ),
    }
}

/// What a finding is about, for a person.
fn topic(about: &'static str, lang: Lang) -> &'static str {
    lang.pick(TOPICS.iter().find(|(known, _)| *known == about).map_or(about, |(_, zh)| zh), about)
}

const TOPICS: [(&str, &str); 22] = [
    ("attachments", "附件"),
    ("backup", "备份"),
    ("checkpoints", "检查点"),
    ("clock", "时钟"),
    ("disk", "磁盘"),
    ("fork-alarm", "分叉警报"),
    ("heads", "流首承诺"),
    ("key-files", "密钥文件权限"),
    ("keys-open", "密钥是否相配"),
    ("keys", "密钥"),
    ("ledger", "账本"),
    ("lock", "写锁"),
    ("office", "登录记录"),
    ("restoration", "恢复"),
    ("root-keys", "根密钥"),
    ("rulebooks", "评分规则"),
    ("stores", "数据文件"),
    ("sweep", "每日清理"),
    ("vault", "隐私库"),
    ("views", "视图"),
    ("webhooks", "部门推送"),
    ("witnesses", "见证人"),
];

const SHOWN_MAX: usize = 5;

//! Why a backup could not be made, read or put back, in Chinese.

use super::BackupError;

impl BackupError {
    /// The same in Chinese; what lies below it, a store or the system, says it in its own words.
    #[must_use]
    pub fn zh(&self) -> String {
        match self {
            Self::Append(_) => "恢复这件事没能记入账本".to_owned(),
            Self::Damaged { file, why } => {
                format!("{} 损坏了，或者不是备份。程序的说明：{why}", file.display())
            }
            Self::Database { file, .. } => format!("{} 无法复制", file.display()),
            Self::Exists { file } => {
                format!("{} 已经存在：请换一个新文件名，备份从不覆盖别的文件", file.display())
            }
            Self::File { file, .. } => format!("{} 无法读取或写入", file.display()),
            Self::Forked { place, .. } => format!(
                "备份没有恢复：{} 中的检查点不属于这份历史。备份和检查点都要留好，它们是证据；请改用与检查点相符的备份，并查明这一份从何而来",
                place.display()
            ),
            Self::NamesAServer => {
                "WUPING_DATABASE_URL 指定了一个服务器，而备份是当作文件来看的：请取消这个环境变量后重试；\
                 要把备份恢复到服务器上，请用 --database-url 指定"
                    .to_owned()
            }
            Self::NoCheckpoint { place } => format!(
                "备份没有恢复：{} 中没有这个账本的日志密钥签过的检查点；--checkpoint 要的是从 /log/checkpoint 取来的，或者这个账本的 \
                 checkpoints.txt",
                place.display()
            ),
            Self::NotEmpty { folder, found } => format!(
                "{} 不是空的（有 {found}）：请恢复到一个新文件夹；其中只可以先放好 master.key 和 vault.key",
                folder.display()
            ),
            Self::NotOurs { part } => {
                format!("{} 已经存在，而且不是中断的恢复留下的：请把它移走后重试", part.display())
            }
            Self::Older { size, known, place } => format!(
                "备份没有恢复：它有{size}条记录，而签过名的有{known}条（{}）。请恢复更新的备份，或者向持有副本的各方要其余的\
                 记录（见 docs/format.md §13）；--accept-loss 加上理由，会放弃那些记录、照样恢复，不能挽回",
                place.display()
            ),
            Self::Rule(_) => "账本的格式不允许这样做".to_owned(),
            Self::Sessions { file, .. } => format!("{} 中的登录没能结束", file.display()),
            Self::Store(_) => "账本无法读取或写入".to_owned(),
            Self::Trust(_) => "备份中的见证人和时间戳机构名单无法读取".to_owned(),
            Self::Unsound { findings, first } => format!(
                "备份没有恢复：发现{findings}处问题，第一处是 {first}。“wuping verify --backup”会全部列出；如果有别的备份，请用别的；\
                 --accept-findings 会照样恢复，并永远记在账本中"
            ),
            Self::Vault(_) => "理由没能存入隐私库".to_owned(),
            Self::Verify(_) => "备份没有恢复：无法验证它".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use wuping_ledger::checkpoints::CheckpointError;

    use super::*;

    #[test]
    fn what_is_refused_says_what_to_do_in_both_languages() {
        let file = || PathBuf::from("here/one.wuping");
        let differs =
            CheckpointError::Forked { size: 7, place: "--checkpoint", why: "another root".to_owned() };
        for (error, zh, en) in [
            (BackupError::Exists { file: file() }, "请换一个新文件名", "name a new file"),
            (
                BackupError::NotEmpty { folder: file(), found: "ledger.db".to_owned() },
                "请恢复到一个新文件夹",
                "restore into a new folder",
            ),
            (BackupError::NotOurs { part: file() }, "请把它移走", "move it away"),
            (
                BackupError::Older { size: 5, known: 9, place: file() },
                "它有5条记录，而签过名的有9条",
                "it has 5 entries, but 9 were signed",
            ),
            (BackupError::Forked { place: file(), source: differs }, "它们是证据", "they are evidence"),
            (BackupError::NoCheckpoint { place: file() }, "/log/checkpoint", "/log/checkpoint"),
            (
                BackupError::Unsound { findings: 2, first: "row-missing: the entry is gone".to_owned() },
                "--accept-findings",
                "--accept-findings",
            ),
        ] {
            assert!(error.zh().contains(zh), "{}", error.zh());
            assert!(error.to_string().contains(en), "{error}");
            let named = matches!(error, BackupError::Unsound { .. });
            assert!(named || error.zh().contains("here/one.wuping"), "{}", error.zh());
        }
    }
}

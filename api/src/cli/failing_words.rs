//! What goes wrong while a ledger is opened, read and written, in Chinese. Whoever runs the server reads it; people who use it are
//! told by its pages.

use std::error::Error;
use std::sync::Arc;

use wuping_domain::rulebook::RulebookError;
use wuping_domain::rulebook::fault::Fault;
use wuping_ledger::append::AppendError;
use wuping_ledger::checkpoints::CheckpointError;
use wuping_ledger::clock::ClockFault;
use wuping_ledger::genesis::LedgerError;
use wuping_ledger::keyring::KeyringError;
use wuping_ledger::refusal::Refusal;
use wuping_ledger::store::StoreError;
use wuping_ledger::vault::VaultError;
use wuping_projections::error::ViewsError;
use wuping_replay::explain::ExplainError;
use wuping_replay::impact::ImpactError;
use wuping_replay::statistics::StatisticError;

use crate::anchors::AnchorError;
use crate::app::OpenError;
use crate::drafting::DraftError;
use crate::look::words::Lang;
use crate::look::words::findings::meaning;
use crate::office::OfficeError;
use crate::shelf::CompileError;
use crate::statistics::kept;

/// An error in Chinese; none of one that has only its own words, as what a system or a database says.
pub(super) fn chinese(error: &(dyn Error + 'static)) -> Option<String> {
    fn told<E: Error + 'static>(
        error: &(dyn Error + 'static),
        words: impl Fn(&E) -> Option<String>,
    ) -> Option<String> {
        error.downcast_ref().and_then(words)
    }
    told(error, opening)
        .or_else(|| told(error, ledger))
        .or_else(|| told(error, store))
        .or_else(|| told(error, |shared: &Arc<StoreError>| store(shared)))
        .or_else(|| told(error, keyring))
        .or_else(|| told(error, |shared: &Arc<KeyringError>| keyring(shared)))
        .or_else(|| told(error, checkpoint))
        .or_else(|| told(error, append))
        .or_else(|| told(error, anchors))
        .or_else(|| told(error, |fault| Some(clock(fault))))
        .or_else(|| told(error, office))
        .or_else(|| told(error, vault))
        .or_else(|| told(error, views))
        .or_else(|| told(error, explaining))
        .or_else(|| told(error, falling))
        .or_else(|| rules(error))
        .or_else(|| told(error, |refusal: &Refusal| Some(format!("{}（{refusal}）", meaning(refusal.code)))))
}

/// What is wrong with rules as somebody wrote them, down to what a reader of their files says.
fn rules(error: &(dyn Error + 'static)) -> Option<String> {
    let told = error.downcast_ref().map(RulebookError::zh);
    told.or_else(|| error.downcast_ref().map(CompileError::zh))
        .or_else(|| error.downcast_ref().map(DraftError::zh))
        .or_else(|| match error.downcast_ref()? {
            StatisticError::Rule(_) => Some("这份信用规则不能用".to_owned()),
            asked => kept::told(Lang::Zh, asked),
        })
        .or_else(|| error.downcast_ref().map(|fault: &Fault| fault.zh.clone()))
}

fn opening(error: &OpenError) -> Option<String> {
    Some(match error {
        OpenError::Unrecorded => {
            "账本是从备份恢复的，还没有记下这件事：请先运行一次 wuping serve，它会向见证人核对并记录"
                .to_owned()
        }
        OpenError::Remains { folder, left } => format!(
            "{} 里原来有账本：{left} 还在，ledger.db 却不见了。请从最新的备份放回，或者用 --data 另指一个文件夹；什么都不要删除",
            folder.display()
        ),
        OpenError::VaultGone { folder } => format!(
            "账本在 {}，它的隐私库 vault.db 却不见了：请从最新的备份放回。不会在原处新建空的",
            folder.display()
        ),
        OpenError::RootKey { path } => format!(
            "{} 处已经有一把根密钥，属于另一个账本，或者上一次没有建成：请把它移到该保管的地方，再重新开始",
            path.display()
        ),
        OpenError::Erasing(_) => "已经删除的内容没能再次删除，因此不提供服务".to_owned(),
        OpenError::Simulation(_) => "虚拟时间的账本没能收尾".to_owned(),
        OpenError::Compile(_) => "随程序提供的一份评分规则有错误，不能用".to_owned(),
        OpenError::File { path, .. } => format!("无法使用 {}", path.display()),
        OpenError::Store(_) => "账本读不出来".to_owned(),
        OpenError::Ledger(error) => return ledger(error),
        OpenError::Office(error) => return office(error),
        OpenError::Vault(error) => return vault(error),
        OpenError::Views(error) => return views(error),
        OpenError::Anchors(_) | OpenError::Authorities(_) => return None,
    })
}

fn ledger(error: &LedgerError) -> Option<String> {
    let told = match error {
        LedgerError::Append(_) => "账本开头的几条记录没能写入",
        LedgerError::Checkpoint(_) => "账本没有打开",
        LedgerError::Exists => "这个文件夹里已经有一个账本：请打开它，或者用 --data 另指一个文件夹",
        LedgerError::Keyring(_) => "账本的密钥打不开",
        LedgerError::LogKey => "这里的日志密钥不是账本第一条记录所写的那一把：请放回与密钥相配的数据库",
        LedgerError::NoRoot => "账本至少要有一把根密钥",
        LedgerError::Rule(_) => "账本的格式不允许这样做",
        LedgerError::Simulation => "只有名称以 sample/ 开头的空账本才能使用虚拟时间",
        LedgerError::Store(_) => "账本的存储出了问题",
        LedgerError::Thread(_) => "账本的写入线程没能启动",
    };
    Some(told.to_owned())
}

fn store(error: &StoreError) -> Option<String> {
    Some(match error {
        StoreError::Alarmed => return append(&AppendError::Alarmed),
        StoreError::Address { .. } => {
            "数据库的地址看不懂：请在 database.url 或 WUPING_DATABASE_URL 中写成 postgresql://用户@主机:端口/数据库".to_owned()
        }
        StoreError::Corrupt { what } => {
            format!("账本的存储已损坏：{what}。请运行 wuping verify，再从备份恢复")
        }
        StoreError::Database { doing, .. } => format!("账本的数据库没能办成一件事（{doing}）"),
        StoreError::File { file, .. } => format!("账本的文件 {} 无法读取或写入", file.display()),
        StoreError::InUse => {
            "另一个程序正在写这个账本：请把命令交给正在运行的服务器，或者先停掉它".to_owned()
        }
        StoreError::Log { file, .. } => format!("日志的 {file} 读不出来"),
        StoreError::Missing { folder } => {
            format!("{} 里没有账本：请先运行 wuping init，或者用 --data 指明另一个文件夹", folder.display())
        }
        StoreError::Elsewhere { folder, database } => format!(
            "{} 的账本不在数据库 {database} 里：请另指一个文件夹，或者在它的 database.url 里写明账本在哪里",
            folder.display()
        ),
        StoreError::NotMade { database } => {
            format!("数据库 {database} 里没有账本：请先运行 wuping init --database-url …")
        }
        StoreError::Setting { setting, found, allowed } => {
            format!("数据库的设置 {setting} 是 {found}：请改为 {allowed}，否则什么也不写入")
        }
        StoreError::Encryption { .. } => "数据库地址里要求的加密方式做不到".to_owned(),
        StoreError::Unencrypted { database, .. } => format!(
            "服务器不接受不加密的连接（数据库 {database}）：请在地址里写明 sslmode=verify-full 和 sslrootcert=文件"
        ),
        StoreError::Untrusted { database, roots, .. } => format!(
            "数据库 {database} 的服务器不可信，因此什么也没有发给它：它的证书必须由 {}（sslrootcert）中的一个根证书签发；\
             写了 sslmode=verify-full 时，证书上还必须有这台主机的名字",
            roots.display()
        ),
        StoreError::NotEmpty { database, found } => format!(
            "数据库 {database} 不是空的（里面有 {found}）：备份只能恢复到新的空数据库，绝不覆盖别的；请用 createdb 新建一个，\
             再用 --database-url 指明"
        ),
        StoreError::OlderSchema { database, found, known } => format!(
            "数据库 {database} 的版本是{found}，本程序需要{known}：请停掉使用它的所有服务器，再运行 wuping upgrade；\
             数据库在 Postgres 服务器上的，以数据表所有者的身份运行"
        ),
        StoreError::SchemaVersion { database, found, known } => {
            format!("数据库 {database} 的版本是{found}，本程序只认{known}：请使用与它相配的程序")
        }
    })
}

fn keyring(error: &KeyringError) -> Option<String> {
    Some(match error {
        KeyringError::Absent { variable, file } => {
            format!("没有主密钥：请设置 {variable}，或者把密钥文件放回 {}", file.display())
        }
        KeyringError::File { file, .. } => format!("密钥文件 {} 无法读取或写入", file.display()),
        KeyringError::Malformed { place } => format!("{place} 中的主密钥不是64位小写十六进制数字"),
        KeyringError::Random => "系统给不出随机数".to_owned(),
        KeyringError::WrongKey { what } => {
            format!("用这把主密钥打不开 {what}：它是用另一把封存的，或者被改动过；请换上正确的密钥文件或变量")
        }
    })
}

fn checkpoint(error: &CheckpointError) -> Option<String> {
    Some(match error {
        CheckpointError::Forked { size, place, why } => format!(
            "这不是它自己签过{size}条检查点的那个账本（{place}）：{why}。它是从较旧的备份恢复的，或者被改动过。\
             什么也不能再写入：怎样恢复，见 docs/format.md §13"
        ),
        CheckpointError::Altered { place, why } => {
            format!("{place} 中最新的检查点被改动过：{why}。请运行 wuping verify，再从备份恢复")
        }
        CheckpointError::Proof(_) => "最新的检查点无法与散列树比对".to_owned(),
        CheckpointError::Store(_) => "最新的检查点读不出来".to_owned(),
    })
}

fn anchors(error: &AnchorError) -> Option<String> {
    match error {
        AnchorError::Silent { witnesses } => Some(format!(
            "不启动服务：账本是从备份恢复的，而 {} 没有回应。如果它见过更多的记录，现在再写入就会成为另一种历史：等它回应以后再启动；             --without-witnesses 理由 可以照样启动，账本会永远写明没有核对过谁",
            witnesses.join("、")
        )),
        AnchorError::Alarm { .. }
        | AnchorError::Client(_)
        | AnchorError::List { .. }
        | AnchorError::Store(_) => None,
    }
}

fn append(error: &AppendError) -> Option<String> {
    Some(match error {
        AppendError::Alarmed => {
            "什么也不写入：有见证人知道这份日志的另一种历史；见 docs/operators.md 的 “The fork alarm”"
                .to_owned()
        }
        AppendError::Busy => "账本等待写入的太多，请稍后再试".to_owned(),
        AppendError::Clock(_) => "时钟可能不对，什么也不写入".to_owned(),
        AppendError::Closed => "账本已经关闭：就目前所知，这次请求什么也没有写入".to_owned(),
        AppendError::Keyring(_) => "服务器保管的一把密钥不能用".to_owned(),
        AppendError::NoKey { author } => format!("这里没有可以用来签名的有效密钥（{author}）：请先登记一把"),
        AppendError::NotSimulated => "只有使用虚拟时间的账本才由请求给出时间".to_owned(),
        AppendError::Reaction(_) => "这件事的后果没能算出来，因此没有记录".to_owned(),
        AppendError::Rule(_) => "账本的格式不允许这条记录".to_owned(),
        AppendError::Store(_) => "账本的存储出了问题；命令有没有保存下来，再发送一次就知道".to_owned(),
        AppendError::AuthorSeq { .. }
        | AppendError::Conflict { .. }
        | AppendError::DifferentCommand { .. }
        | AppendError::Refused { .. }
        | AppendError::Stale { .. } => return None,
    })
}

/// What is wrong with the clock.
pub(super) fn clock(fault: &ClockFault) -> String {
    match fault {
        ClockFault::Ahead { ahead_ms, written_ms } => format!(
            "时钟比最后一条记录快{ahead_ms}毫秒，而那一条是{written_ms}毫秒之前写入的：请把时钟调准；如果它是对的，请确认接受"
        ),
        ClockFault::Behind { behind_ms } => {
            format!("时钟比最后一条记录慢{behind_ms}毫秒：请把时钟调准；如果它是对的，请确认接受")
        }
    }
}

fn office(error: &OfficeError) -> Option<String> {
    Some(match error {
        OfficeError::Database(_) => {
            "账号等办公数据（office.db）无法读取或写入；如果文件坏了，请删去它，各人再重新设置密码".to_owned()
        }
        OfficeError::Ended(_) => "密码没有核对完".to_owned(),
        OfficeError::NotRemoved(_) => "办公数据已经移到服务器上，但原来的文件还在".to_owned(),
        OfficeError::LeftBehind { file } => format!(
            "账本在 Postgres 服务器上，办公数据却还在 {}：请运行一次 wuping upgrade，把它移过去",
            file.display()
        ),
        OfficeError::Server(_) => "Postgres 服务器上的办公数据无法读取或写入".to_owned(),
        OfficeError::Hash(why) => format!("密码没能保存：{why}"),
        OfficeError::Random(_) => "系统给不出随机数，登录没能建立".to_owned(),
    })
}

fn vault(error: &VaultError) -> Option<String> {
    Some(match error {
        VaultError::Altered { digest, .. } => format!("隐私内容 {digest} 被改动过：请从备份恢复隐私库"),
        VaultError::Database { file, doing, .. } => {
            format!("隐私库 {} 没能办成一件事（{doing}）", file.display())
        }
        VaultError::Disk { file, .. } => format!("隐私库 {} 没能写到磁盘上", file.display()),
        VaultError::Erased { digest } => format!("隐私内容 {digest} 已经删除，不再收入"),
        VaultError::Keyring(_) => "隐私库打不开".to_owned(),
        VaultError::LeftBehind { file } => format!(
            "账本在 Postgres 服务器上，隐私内容却还在 {}：请运行一次 wuping upgrade，把它移过去",
            file.display()
        ),
        VaultError::Ledger(_) => "账本读不出来，因此不知道它提到了哪些隐私内容".to_owned(),
        VaultError::Server(_) => "Postgres 服务器上的隐私库不能用".to_owned(),
        VaultError::Traces { file } => format!(
            "内容已经删除，但另一个程序正在读取隐私库，{}-wal 中还留有痕迹：请停掉它，再删除一次",
            file.display()
        ),
    })
}

fn views(error: &ViewsError) -> Option<String> {
    match error {
        ViewsError::Ahead { folded, ledger } => Some(format!(
            "视图已经归并了{folded}条记录，账本里却只有{ledger}条：账本少了记录，或者这是另一个账本的视图；请运行 wuping verify"
        )),
        _ => None,
    }
}

fn explaining(error: &ExplainError) -> Option<String> {
    Some(match error {
        ExplainError::NoGrade { premises } => {
            format!("{premises} 还没有等级；请核对编号，或者看它的历史记录")
        }
        ExplainError::Refused(_) => "按这份评分规则得不出结果".to_owned(),
        ExplainError::Rulebook { id } => format!("评分规则 {id} 不在账本旁边：请运行 wuping verify"),
        ExplainError::Store(_) => "账本读不出来".to_owned(),
        ExplainError::Unreadable(_) => "有一条记录看不懂".to_owned(),
    })
}

fn falling(error: &ImpactError) -> Option<String> {
    Some(match error {
        ImpactError::Name { name } => {
            format!("“{name}”不是评定结果的写法：请写成 premises/p-1/grade#3")
        }
        ImpactError::None { premises, number } => {
            format!("{premises} 没有第 {number} 号评定结果：“wuping history {premises}”列出有哪些")
        }
        ImpactError::Store(_) => "账本读不出来".to_owned(),
        ImpactError::Unreadable(_) => "有一条记录看不懂".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use wuping_domain::rulebook::Rulebook;

    use super::*;
    use crate::cli::failing::Failure;
    use crate::look::words::{Lang, is_chinese};

    #[test]
    fn what_goes_wrong_is_told_in_chinese_down_to_its_cause() {
        let missing = || StoreError::Missing { folder: PathBuf::from("/x") };
        for failure in [
            Failure::from(OpenError::from(LedgerError::Store(missing()))),
            Failure::from(OpenError::from(missing())),
            Failure::from(LedgerError::Keyring(KeyringError::WrongKey { what: "intake.key".to_owned() })),
            Failure::from(LedgerError::Append(AppendError::from(StoreError::InUse))),
            Failure::from(AppendError::Clock(ClockFault::Behind { behind_ms: 61_000 })),
            Failure::from(AppendError::Rule(Refusal::new("jcs-not-canonical", "spaces"))),
            Failure::from(DraftError::from(Rulebook::compile("x", "a = ", "", "").unwrap_err())),
        ] {
            let told: Vec<&str> = failure.told(Lang::Zh).collect();
            assert!(told.len() >= 2 && told.iter().all(|line| is_chinese(line)), "{told:?}");
        }
    }
}

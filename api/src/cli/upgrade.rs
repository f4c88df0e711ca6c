//! Bringing a ledger up to this program's version; of one on a Postgres server, what lay in the folder too, to where all nodes see it.

use std::process::ExitCode;

use serde_json::json;
use wuping_ledger::place;
use wuping_ledger::vault::Vault;

use crate::cli::{Common, Failure, print_json};
use crate::office;

pub(super) fn upgrade(common: &Common) -> Result<ExitCode, Failure> {
    let place::Upgraded { on_server, found } = place::upgrade(&common.data)?;
    if !on_server {
        if common.json {
            print_json(&json!({ "on_a_server": false, "found_version": found }))?;
        } else {
            common.say(
                format!("数据表原来的版本是{found}，现在与本程序相配；账本就在这个文件夹里，没有别的要做"),
                format!("the tables had version {found} and are of this program's version; the ledger is in this folder, and there is no more to do"),
            );
        }
        return Ok(ExitCode::SUCCESS);
    }
    let values = Vault::move_to_server(&common.data)?;
    let logins = office::move_to_server(&common.data)?;
    if common.json {
        print_json(
            &json!({ "on_a_server": true, "found_version": found, "values_moved": values, "logins_moved": logins }),
        )?;
    } else {
        common.say(
            format!(
                "数据表原来的版本是{found}，现在与本程序相配\n已把{values}项隐私内容和{logins}个登录账号从这个文件夹移到服务器\n\
                 请在其他每个节点的文件夹里也运行一次，再启动各服务器"
            ),
            format!(
                "the tables had version {found} and are of this program's version\n\
                 {values} private values and {logins} logins were moved from this folder to the server\n\
                 do the same in the folder of every other node, then start the servers"
            ),
        );
    }
    Ok(ExitCode::SUCCESS)
}

//! How it stands with the other systems that are told: departments of hazards, the public platform of credit.

use std::path::Path;

use wuping_ledger::reader::Reader;

use super::{Findings, Words, both};
use crate::look::words::Lang;
use crate::webhooks::{WebhookError, standings};

pub(super) fn examine(folder: &Path, reader: &Reader, running: bool, found: &mut Findings) {
    let standings = match standings(folder, reader) {
        Ok(standings) => standings,
        Err(error @ WebhookError::List { .. }) => {
            let todo = both(
                "改正 webhooks.txt；服务每秒都会查看它",
                "put webhooks.txt right; the server looks at it every second",
            );
            found.todo("webhooks", Words::said(&error), todo);
            return;
        }
        Err(error) => {
            let todo = both(
                "检查谁能读取 webhooks.txt 和 webhooks 目录",
                "see who may read webhooks.txt and the folder webhooks",
            );
            found.not_looked("webhooks", &error, todo);
            return;
        }
    };
    for receiver in standings {
        let says = both(receiver.in_words_of(Lang::Zh), receiver.in_words());
        if receiver.is_late() {
            let name = &receiver.name;
            let todo = both(
                format!("联系对方系统的负责人；用 wuping webhook test {name} 看它有没有回应"),
                format!("ask who runs it; see whether it answers with “wuping webhook test {name}”"),
            );
            found.todo("webhooks", says, todo);
        } else if receiver.failing_seconds.is_some() || !running {
            found.note("webhooks", says);
        } else {
            found.well("webhooks", says);
        }
    }
}

//! How it stands with the departments' systems that are told of hazards.

use std::path::Path;

use wuping_ledger::reader::Reader;
use wuping_projections::error::causes;

use super::Findings;
use crate::webhooks::{WebhookError, standings};

pub(super) fn examine(folder: &Path, reader: &Reader, running: bool, found: &mut Findings) {
    let standings = match standings(folder, reader) {
        Ok(standings) => standings,
        Err(error @ WebhookError::List { .. }) => {
            let todo = "put webhooks.txt right; the server looks at it every second";
            found.todo("webhooks", causes(&error).join(": "), todo);
            return;
        }
        Err(error) => {
            found.not_looked("webhooks", &error, "see who may read webhooks.txt and the folder webhooks");
            return;
        }
    };
    for receiver in standings {
        let says = receiver.in_words();
        if receiver.is_late() {
            let name = &receiver.name;
            let todo =
                format!("ask the department; see whether it answers with “wuping webhook test {name}”");
            found.todo("webhooks", says, todo);
        } else if receiver.failing_seconds.is_some() || !running {
            found.note("webhooks", says);
        } else {
            found.well("webhooks", says);
        }
    }
}

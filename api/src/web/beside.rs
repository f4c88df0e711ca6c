//! What stands beside a grade on its public page: that an appeal or a dispute runs, that a new assessment was asked for, and the
//! party's own reply. A grade that is contested is never shown as if nobody had said a word.

use chrono::NaiveDate;
use serde_json::Value;
use wuping_domain::matter::{Kind, Sight};
use wuping_projections::queries::{GradeView, MatterFilter, MatterView};

use super::state::{ReadError, Site};
use crate::look::words::{Lang, local_day};

/// What runs about a grade, and what its party replied.
#[derive(Debug, Default)]
pub(super) struct Beside {
    running: Vec<MatterView>,
    reply: Option<Reply>,
}

#[derive(Debug)]
struct Reply {
    on: NaiveDate,
    text: String,
}

impl Beside {
    /// What is public of what runs about the grade of these premises.
    pub(super) fn of(site: &Site, id: &str, grade: Option<&GradeView>) -> Result<Self, ReadError> {
        let open_to_all = vec![Sight::Office { area: None, kinds: &OPEN_TO_ALL }];
        let today = local_day(chrono::Utc::now());
        let filter =
            MatterFilter { premises: Some(id.to_owned()), ..MatterFilter::running(open_to_all, today) };
        let mut running = site.views().matters(&filter, None, SHOWN)?.rows;
        // what a proxy filed without authority is a draft until the party says that it is its own
        running.retain(|matter| matter.stage != "awaiting_owner");
        let in_force = grade.and_then(|grade| grade.in_force.as_ref()).map(|result| result.determination);
        let reply = in_force.map(|number| newest_reply(site, id, number)).transpose()?.flatten();
        Ok(Self { running, reply })
    }

    /// Whether an appeal runs.
    pub(super) fn under_appeal(&self) -> bool {
        self.running.iter().any(|matter| matter.kind == Kind::Appeal)
    }

    /// Each as a sentence.
    pub(super) fn remarks(&self, lang: Lang) -> Vec<String> {
        let running = self.running.iter().filter_map(|matter| remark(lang, matter));
        let reply = self.reply.iter().map(|reply| {
            lang.pick(
                format!("业主于 {} 说明：“{}”", lang.day(reply.on), reply.text),
                format!("The owner replied on {}: “{}”", lang.day(reply.on), reply.text),
            )
        });
        running.chain(reply).collect()
    }
}

fn remark(lang: Lang, matter: &MatterView) -> Option<String> {
    let on = lang.day(matter.opened_on);
    Some(match matter.kind {
        Kind::Appeal if matter.stage == "filed" => lang.pick(
            format!("已提出申诉，等待受理：{on} 提出；作出决定以前，原结果继续有效。"),
            format!("An appeal was filed on {on} and is to be admitted; what was decided stands until it is decided."),
        ),
        Kind::Appeal => lang.pick(
            format!("申诉中：{on} 提出，正在审查；作出决定以前，原结果继续有效。"),
            format!("Under appeal since {on}; what was decided stands until the appeal is decided."),
        ),
        Kind::Dispute => lang.pick(
            format!("复议或诉讼中：{on} 起。"),
            format!("In reconsideration or before a court since {on}."),
        ),
        Kind::Reevaluation => {
            lang.pick(format!("已申请复评：{on} 提出。"), format!("A new assessment was asked for on {on}."))
        }
        _ => return None,
    })
}

/// What the party replied in public to this determination: its newest word replaces the one before on the page, and the record
/// keeps both.
fn newest_reply(site: &Site, id: &str, determination: u64) -> Result<Option<Reply>, ReadError> {
    let entries = site.reader.stream(&format!("premises/{id}/grade"))?;
    let replied = entries.iter().filter(|entry| entry.event_type == "OwnerReplied");
    let said = replied.filter_map(|entry| serde_json::from_str::<Value>(&entry.data).ok());
    let of_this = said.filter(|said| said["determination"] == determination);
    Ok(of_this
        .filter_map(|said| {
            let (on, text) = (said["on"].as_str()?.parse().ok()?, said["text"].as_str()?.to_owned());
            Some(Reply { on, text })
        })
        .next_back())
}

/// What anybody may know of: that it runs, and since when; never what was said in it.
const OPEN_TO_ALL: [Kind; 3] = [Kind::Appeal, Kind::Dispute, Kind::Reevaluation];
const SHOWN: u64 = 20;

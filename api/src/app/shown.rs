//! The list of grades that a command says was posted or shown, made again as it stood at the position that it names.

use serde_json::Value;
use wuping_domain::aggregate::Concept;
use wuping_domain::board::Board;
use wuping_domain::event::{Event, aggregate_type};
use wuping_domain::meeting::Meeting;
use wuping_domain::shown_list::{ListThen, MadeList};
use wuping_projections::error::causes;
use wuping_projections::recording::recorded;
use wuping_projections::{Views, ViewsError};

use super::App;
use crate::asking::{Asked, ExecuteError};
use crate::past::NotThen;

impl App {
    /// The list at the position that is named; nothing where none is, or where it is still being made.
    pub(super) async fn list_then(&self, asked: &Asked) -> Result<Option<ListThen>, ExecuteError> {
        let at = match aggregate_type(&asked.stream) {
            Board::TYPE => asked.command.get("at"),
            Meeting::TYPE => asked.command.pointer("/shown/at"),
            _ => None,
        };
        let Some(at) = at.and_then(Value::as_u64) else { return Ok(None) };
        let entries = self.reader().size()?;
        if at >= entries {
            return Ok(Some(ListThen { entries, lists: vec![] }));
        }
        let areas = self.areas_meant(asked)?;
        let now = self.views.views();
        let mut made = match now.progress().is_ok_and(|now| now.position() == Some(at)) {
            true => lists(now, &areas, at),
            false => Ok(None),
        };
        // it is not what stands now, or that moved on while it was read
        if let Ok(None) = made {
            made = match self.past.then(Some(at), None).await {
                Ok(then) => lists(&then.views, &areas, at),
                Err(NotThen::Failed(error)) => {
                    tracing::error!(causes = %causes(error.as_ref()).join(": "), "a list of the past could not be made");
                    return Ok(None);
                }
                Err(_) => return Ok(None),
            };
        }
        match made {
            Ok(made) => Ok(made.map(|lists| ListThen { entries, lists })),
            Err(error) => {
                tracing::error!(causes = %causes(&error).join(": "), "a list could not be made");
                Ok(None)
            }
        }
    }

    /// The areas whose list may be meant: a board's own; of a meeting the whole district, and the subdistrict that it is of.
    fn areas_meant(&self, asked: &Asked) -> Result<Vec<Option<String>>, ExecuteError> {
        if aggregate_type(&asked.stream) == Meeting::TYPE {
            let area = asked.command.get("area").and_then(Value::as_str).map(str::to_owned);
            let own = area.filter(|area| !area.is_empty()).map(Some);
            return Ok(std::iter::once(None).chain(own).collect());
        }
        let mut board = Board::default();
        for entry in self.reader().stream(&asked.stream)? {
            if let Event::Board(event) = recorded(&entry.row())?.event {
                board.evolve(&event);
            }
        }
        Ok(vec![board.place.and_then(|place| place.area)])
    }
}

/// The lists of these areas at that position; none where the views have gone on from it.
fn lists(views: &Views, areas: &[Option<String>], at: u64) -> Result<Option<Vec<MadeList>>, ViewsError> {
    let mut lists = Vec::new();
    for area in areas {
        let sheet = views.sheet(area.as_deref())?;
        if sheet.at != at {
            return Ok(None);
        }
        lists.push(MadeList { sha256: sheet.sha256, lines: sheet.lines.len() as u64 });
    }
    Ok(Some(lists))
}

//! What a command says was posted or shown, made again as it stood at the position that it names: the list of grades on a board, the
//! analysis of the situation before a meeting.

use std::sync::Arc;

use chrono::NaiveDate;
use serde_json::Value;
use wuping_domain::aggregate::Concept;
use wuping_domain::board::Board;
use wuping_domain::event::{Event, aggregate_type};
use wuping_domain::meeting::Meeting;
use wuping_domain::shown_list::{ListThen, MadeList};
use wuping_projections::error::causes;
use wuping_projections::recording::recorded;
use wuping_projections::{Views, ViewsError};
use wuping_replay::report::Question;
use wuping_replay::statistics::{Asked as ReportAsked, Made, Statistic};

use super::App;
use crate::asking::{Asked, ExecuteError};
use crate::past::NotThen;
use crate::statistics::kept::NotMade;

impl App {
    /// What was shown, at the position that is named; nothing where none is, or where it is still being made.
    pub(super) async fn list_then(&self, asked: &Asked) -> Result<Option<ListThen>, ExecuteError> {
        let at = match aggregate_type(&asked.stream) {
            Board::TYPE => asked.command.get("at"),
            Meeting::TYPE => return Ok(self.situation_then(&asked.command).await),
            _ => None,
        };
        let Some(at) = at.and_then(Value::as_u64) else { return Ok(None) };
        let entries = self.reader().size()?;
        if at >= entries {
            return Ok(Some(ListThen { entries, lists: vec![] }));
        }
        let areas = [self.area_of_board(&asked.stream)?];
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

    /// The analysis of the situation over a meeting's period, as it stood at a position; as it stands where there is none.
    ///
    /// # Errors
    /// [`NotMade`]: what is asked for cannot be, or something failed.
    pub(crate) async fn situation(
        &self,
        (from, until): (NaiveDate, NaiveDate),
        at: Option<u64>,
    ) -> Result<Arc<Made>, NotMade> {
        let question = Question { at, valid_at: Some(until), ..Question::default() };
        let asked = ReportAsked { question, from: Some(from), ..ReportAsked::default() };
        self.reports.made(self.reader(), Statistic::Situation, asked).await
    }

    /// The analysis that a meeting's command says was shown; nothing where it names none, or where it could not be made.
    async fn situation_then(&self, command: &Value) -> Option<ListThen> {
        let at = command.pointer("/shown/at")?.as_u64()?;
        let day = |name: &str| command.get(name)?.as_str()?.parse::<NaiveDate>().ok();
        let days = day("from").zip(day("until"))?;
        let entries = self.reader().size().ok()?;
        if at >= entries {
            return Some(ListThen { entries, lists: vec![] });
        }
        match self.situation(days, Some(at)).await {
            Ok(made) => {
                let lines = made.table.rows.len() as u64;
                Some(ListThen { entries, lists: vec![MadeList { sha256: made.digest.clone(), lines }] })
            }
            Err(not_made) => {
                if let NotMade::Failed(error) = not_made {
                    tracing::error!(causes = %causes(error.as_ref()).join(": "), "an analysis could not be made");
                }
                None
            }
        }
    }

    /// The area whose list hangs on a board.
    fn area_of_board(&self, stream: &str) -> Result<Option<String>, ExecuteError> {
        let mut board = Board::default();
        for entry in self.reader().stream(stream)? {
            if let Event::Board(event) = recorded(&entry.row())?.event {
                board.evolve(&event);
            }
        }
        Ok(board.place.and_then(|place| place.area))
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

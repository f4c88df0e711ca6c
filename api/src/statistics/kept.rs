//! Reports that were made are kept for a while, since a report of a position never changes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;
use wuping_ledger::reader::Reader;
use wuping_replay::statistics::{Asked, Made, Statistic, StatisticError, make};

use crate::look::words::Lang;

/// Reports that were made. One is made at a time: it takes every core that there is.
#[derive(Clone)]
pub(crate) struct Reports {
    kept: Arc<Mutex<VecDeque<Arc<Made>>>>,
    one: Arc<Semaphore>,
}

impl Default for Reports {
    fn default() -> Self {
        Self { kept: Arc::default(), one: Arc::new(Semaphore::new(1)) }
    }
}

/// Why there is no report.
pub(crate) enum NotMade {
    /// What was asked for cannot be.
    Asked(StatisticError),
    /// Something failed.
    Failed(Box<dyn std::error::Error + Send + Sync>),
}

impl Reports {
    /// The report, made now or kept from before.
    pub(crate) async fn made(
        &self,
        reader: &Reader,
        statistic: Statistic,
        mut asked: Asked,
    ) -> Result<Arc<Made>, NotMade> {
        let failed = |error: Box<dyn std::error::Error + Send + Sync>| NotMade::Failed(error);
        let _one = self.one.acquire().await.map_err(|error| failed(error.into()))?;
        let (reader, reports) = (reader.clone(), self.clone());
        let made = tokio::task::spawn_blocking(move || {
            if asked.question.at.is_none() && asked.question.as_of.is_none() {
                asked.question.at = reader.size()?.checked_sub(1);
            }
            // every subdistrict's is a part of one that is kept, so that the log is read once for all of them
            let asked_whole = asked.whole(statistic)?;
            let whole = match reports.find(statistic, &asked_whole) {
                Some(kept) => kept,
                None => {
                    let made = Arc::new(make(&reader, statistic, &asked_whole)?);
                    reports.keep(made.clone());
                    made
                }
            };
            match asked.subdistrict() {
                Some(subdistrict) => Ok(Arc::new(whole.within(subdistrict)?)),
                None => Ok(whole),
            }
        });
        match made.await {
            Ok(Ok(made)) => Ok(made),
            Ok(Err(
                error @ (StatisticError::Beyond { .. }
                | StatisticError::Span { .. }
                | StatisticError::NoParty
                | StatisticError::OfParties
                | StatisticError::UnknownParty { .. }
                | StatisticError::UnknownSubdistrict { .. }),
            )) => Err(NotMade::Asked(error)),
            Ok(Err(error)) => Err(failed(error.into())),
            Err(error) => Err(failed(error.into())),
        }
    }

    fn find(&self, statistic: Statistic, asked: &Asked) -> Option<Arc<Made>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|made| made.statistic == statistic && made.asked == *asked).cloned()
    }

    fn keep(&self, made: Arc<Made>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        // what is asked as of a time that is to come changes yet
        if made.asked.question.as_of.is_none_or(|as_of| made.recorded_at.is_some_and(|at| at >= as_of)) {
            kept.push_front(made);
            kept.truncate(KEPT_MAX);
        }
    }
}

impl NotMade {
    /// Whether what was asked for is not there: the position, the party, the subdistrict, or a part of a report that has none.
    pub(crate) const fn is_absent(&self) -> bool {
        matches!(
            self,
            Self::Asked(
                StatisticError::Beyond { .. }
                    | StatisticError::OfParties
                    | StatisticError::UnknownParty { .. }
                    | StatisticError::UnknownSubdistrict { .. }
            )
        )
    }

    /// Why not, where the person can mend it.
    pub(crate) fn told(&self, lang: Lang) -> Option<String> {
        match self {
            Self::Asked(error) => told(lang, error),
            Self::Failed(_) => None,
        }
    }
}

/// Why a report cannot be what was asked for; nothing where something failed.
pub(crate) fn told(lang: Lang, error: &StatisticError) -> Option<String> {
    Some(match error {
        StatisticError::Beyond { position, entries } => lang.pick(
            format!("账本只有 {entries} 条记录，没有第 {position} 条。请写小一些的位置。"),
            format!("The ledger holds {entries} entries, and none at position {position}. Ask for a lower one."),
        ),
        StatisticError::NoParty => lang.say("请写责任人的编号。", "Name the party by its id."),
        StatisticError::OfParties => lang.say(
            "这张报表说的是责任人，责任人不属于哪一个街道。请不写街道，看全区的。",
            "This report is about parties, and a party is of no one subdistrict. Leave the subdistrict out for the whole district.",
        ),
        StatisticError::Span { from, until } => lang.pick(
            format!("起始日 {from} 在截止日 {until} 之后。请改早一些。"),
            format!("The first day {from} is after the last, {until}. Choose an earlier one."),
        ),
        StatisticError::UnknownParty { party } => lang.pick(
            format!("没有登记责任人 {party}，也没有房屋由它负责。请核对编号，例如 y-21。"),
            format!("There is no party {party}, and it answers for no premises. Check its id, such as y-21."),
        ),
        StatisticError::UnknownSubdistrict { subdistrict, known } if known.is_empty() => lang.pick(
            format!("还没有房屋登记在任何街道，{subdistrict} 也没有。请不写街道，看全区的。"),
            format!("No premises were registered in any subdistrict yet, {subdistrict} neither. Leave the subdistrict out for the whole district."),
        ),
        StatisticError::UnknownSubdistrict { subdistrict, known } => lang.pick(
            format!("没有房屋登记在街道 {subdistrict}。请写有房屋的街道：{}；不写就是全区。", known.join("、")),
            format!("No premises were registered in subdistrict {subdistrict}. Name one of those that there are: {}; without one it is the whole district.", known.join(", ")),
        ),
        _ => return None,
    })
}

/// How many reports are kept.
const KEPT_MAX: usize = 16;

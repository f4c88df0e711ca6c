//! Deadlines: which ended undone, and whose they were. The office's own stand beside the parties'.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use wuping_domain::event::Event;
use wuping_domain::hazard::Event as HazardEvent;
use wuping_domain::record::Event as RecordEvent;
use wuping_domain::recorded::Recorded;

use super::{Bars, Cell, Column, Fold, Span, Table, Terms};

/// Every deadline that ended undone.
#[derive(Default)]
pub(super) struct Deadlines(Vec<Missed>);

struct Missed {
    side: &'static str,
    deadline: String,
    whose: String,
    due: NaiveDate,
}

impl Fold for Deadlines {
    const TAKES: &'static [&'static str] = &["record", "hazard"];

    fn take(&mut self, recorded: &Recorded<Event>) {
        match &recorded.event {
            Event::Record(RecordEvent::DeadlineMissed(computed)) => {
                let missed = &computed.result;
                self.0.push(Missed {
                    side: "office",
                    deadline: missed.deadline.clone(),
                    whose: missed.whose.clone(),
                    due: missed.due,
                });
            }
            Event::Hazard(HazardEvent::HazardFellOverdue(computed)) => {
                for party in &computed.result.parties {
                    self.0.push(Missed {
                        side: "party",
                        deadline: RECTIFICATION.to_owned(),
                        whose: party.clone(),
                        due: computed.result.due,
                    });
                }
            }
            _ => {}
        }
    }

    fn table(self, span: Span) -> Table {
        let mut counts: BTreeMap<(&str, String, String), Count> = BTreeMap::new();
        for missed in self.0.into_iter().filter(|missed| span.takes_in(missed.due)) {
            let count = counts.entry((missed.side, missed.deadline, missed.whose)).or_default();
            count.missed += 1;
            count.last_due = count.last_due.max(Some(missed.due));
            count.first_due = Some(count.first_due.map_or(missed.due, |first| first.min(missed.due)));
        }
        let row = |((side, deadline, whose), count): ((&str, String, String), Count)| -> Vec<Cell> {
            vec![
                side.into(),
                deadline.into(),
                whose.into(),
                count.missed.into(),
                count.first_due.into(),
                count.last_due.into(),
            ]
        };
        let bars = &[Bars { of: "deadline", counts: Some("missed") }];
        Table { columns: &COLUMNS, rows: counts.into_iter().map(row).collect(), bars }
    }
}

#[derive(Default)]
struct Count {
    missed: u64,
    first_due: Option<NaiveDate>,
    last_due: Option<NaiveDate>,
}

/// What a party that was ordered to put a hazard right was late with.
const RECTIFICATION: &str = "rectification";

const COLUMNS: [Column; 6] = [
    Column::of("side", "哪一方", "Side", Terms::Side),
    Column::of("deadline", "期限", "Deadline", Terms::Deadline),
    Column::of("whose", "谁的", "Whose", Terms::Department),
    Column::plain("missed", "错过次数", "Missed"),
    Column::plain("first_due", "最早的期限日", "First due day"),
    Column::plain("last_due", "最近的期限日", "Last due day"),
];

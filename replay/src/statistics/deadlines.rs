//! Deadlines: which ended undone, and whose they were. The office's own stand beside the parties'.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use wuping_domain::event::Event;
use wuping_domain::hazard::Event as HazardEvent;
use wuping_domain::record::Event as RecordEvent;
use wuping_domain::recorded::Recorded;

use super::houses::Houses;
use super::{Bars, Cell, Column, Fold, Span, Table, Terms};

/// Every deadline that ended undone, with the houses about which some of them are.
#[derive(Default)]
pub(super) struct Deadlines {
    houses: Houses,
    missed: Vec<Missed>,
}

struct Missed {
    subject: String,
    side: &'static str,
    deadline: String,
    whose: String,
    due: NaiveDate,
}

impl Fold for Deadlines {
    const TAKES: &'static [&'static str] = &["record", "hazard", "premises"];

    fn take(&mut self, recorded: &Recorded<Event>) {
        match &recorded.event {
            Event::Record(RecordEvent::DeadlineMissed(computed)) => {
                let missed = &computed.result;
                self.missed.push(Missed {
                    subject: recorded.subject().to_owned(),
                    side: "office",
                    deadline: missed.deadline.clone(),
                    whose: missed.whose.clone(),
                    due: missed.due,
                });
            }
            Event::Hazard(HazardEvent::HazardFellOverdue(computed)) => {
                for party in &computed.result.parties {
                    self.missed.push(Missed {
                        subject: recorded.subject().to_owned(),
                        side: "party",
                        deadline: RECTIFICATION.to_owned(),
                        whose: party.clone(),
                        due: computed.result.due,
                    });
                }
            }
            _ => self.houses.take(recorded),
        }
    }

    fn table(self, span: Span) -> Table {
        let mut counts: BTreeMap<(&str, &str, &str, &str), Count> = BTreeMap::new();
        for missed in self.missed.iter().filter(|missed| span.takes_in(missed.due)) {
            let subdistrict = if span.apart { self.houses.subdistrict(&missed.subject) } else { "" };
            let key = (subdistrict, missed.side, missed.deadline.as_str(), missed.whose.as_str());
            let count = counts.entry(key).or_default();
            count.missed += 1;
            count.last_due = count.last_due.max(Some(missed.due));
            count.first_due = Some(count.first_due.map_or(missed.due, |first| first.min(missed.due)));
        }
        let row =
            |((subdistrict, side, deadline, whose), count): ((&str, &str, &str, &str), Count)| -> Vec<Cell> {
                vec![
                    side.into(),
                    deadline.into(),
                    whose.into(),
                    count.missed.into(),
                    count.first_due.into(),
                    count.last_due.into(),
                    subdistrict.into(),
                ]
            };
        let bars = &[Bars { of: "deadline", counts: Some("missed") }];
        Table::apart(span.apart, &COLUMNS, counts.into_iter().map(row).collect(), bars)
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

const COLUMNS: [Column; 7] = [
    Column::of("side", "哪一方", "Side", Terms::Side),
    Column::of("deadline", "期限", "Deadline", Terms::Deadline),
    Column::of("whose", "谁的", "Whose", Terms::Department),
    Column::plain("missed", "错过次数", "Missed"),
    Column::plain("first_due", "最早的期限日", "First due day"),
    Column::plain("last_due", "最近的期限日", "Last due day"),
    Column::plain("subdistrict", "街道", "Subdistrict"),
];

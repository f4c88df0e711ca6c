//! Patrols: which rounds were made and missed, by area and by whose they were.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use wuping_domain::event::Event;
use wuping_domain::facts::Role;
use wuping_domain::premises::Register;
use wuping_domain::recorded::Recorded;
use wuping_domain::rulebook::Layer;
use wuping_domain::subject::Subject;
use wuping_domain::{assessment, patrol, visit};

use super::coverage::Walkers;
use super::{Bars, Cell, Column, Fold, Span, Table, Terms, Words};

/// The rounds of all buildings.
#[derive(Default)]
pub(super) struct Patrols {
    buildings: BTreeMap<String, Building>,
    walkers: Walkers,
}

/// A building with who made what.
#[derive(Default)]
struct Building {
    subject: Subject,
    /// Who met a round, by its due day.
    met_by: BTreeMap<NaiveDate, String>,
    /// Whose a round was that ended undone, by its due day; none where it was given to nobody.
    ended: BTreeMap<NaiveDate, Option<String>>,
    /// Rounds as they were recorded, be it as the round of the list or as a visit for one.
    made: Vec<Made>,
}

/// A round that somebody made.
struct Made {
    on: NaiveDate,
    by: String,
    entered: u64,
    unanswered: u64,
    refused: u64,
}

impl Fold for Patrols {
    const TAKES: &'static [&'static str] = &["account", "assessment", "patrol", "premises", "visit"];

    fn take(&mut self, recorded: &Recorded<Event>) {
        if let Event::Account(event) = &recorded.event {
            self.walkers.take(recorded.last_segment(), event);
        }
        let Some(id) = recorded.subject().strip_prefix("premises/") else { return };
        let by = match &recorded.event {
            Event::Assessment(assessment::Event::AssessmentSubmitted { by, .. })
            | Event::Patrol(patrol::Event::PatrolCompleted { by, .. })
            | Event::Visit(visit::Event::VisitMade { by, .. }) => Some(by),
            Event::Patrol(_) | Event::Premises(_) => None,
            _ => return,
        };
        self.buildings.entry(id.to_owned()).or_default().take(recorded, by);
    }

    fn table(self, span: Span) -> Table {
        let mut counts = Counts::new();
        for building in self.buildings.values() {
            let Some(register) = building.subject.premises.register.as_ref() else { continue };
            if register.layer != Layer::Building {
                continue;
            }
            building.count(register, span, &self.walkers, &mut counts);
        }
        let row =
            |((subdistrict, community, worker), count): ((String, String, String), Count)| -> Vec<Cell> {
                let due = count.met + count.missed;
                let rate = (count.met * 100).checked_div(due);
                let mut row = vec![subdistrict.into(), community.into(), worker.into(), due.into()];
                row.extend([count.met, count.missed, count.excused].map(Cell::from));
                row.push(rate.into());
                row.extend([count.made, count.entered, count.unanswered, count.refused].map(Cell::from));
                row
            };
        let bars = &[Bars { of: "subdistrict", counts: Some("missed") }];
        Table { columns: &COLUMNS, rows: counts.into_iter().map(row).collect(), bars }
    }
}

impl Building {
    fn take(&mut self, recorded: &Recorded<Event>, by: Option<&String>) {
        let open = self.subject.rounds.patrol.open.clone();
        let before = self.subject.rounds.patrol.completed.len();
        match &recorded.event {
            Event::Patrol(patrol::Event::PatrolCompleted { round, on, repeat, by }) => {
                if let Some(due) = round.due.filter(|_| !repeat) {
                    self.met_by.entry(due).or_insert_with(|| by.clone());
                }
                self.made.push(Made {
                    on: *on,
                    by: by.clone(),
                    entered: round.units_entered.into(),
                    unanswered: round.units_unanswered.into(),
                    refused: round.units_refused.into(),
                });
            }
            Event::Visit(visit::Event::VisitMade { round, by }) if round.kind == visit::Kind::Patrol => {
                self.made.push(Made {
                    on: recorded.holds_from(),
                    by: by.clone(),
                    entered: round.units_entered.into(),
                    unanswered: round.units_unanswered.into(),
                    refused: round.units_refused.into(),
                });
            }
            Event::Patrol(patrol::Event::PatrolMissed(computed)) => {
                let to = open.as_ref().and_then(|open| open.to.clone());
                self.ended.entry(computed.result.due).or_insert(to);
            }
            _ => {}
        }
        self.subject.apply(recorded);
        // what else is kept of visits and assessments moves no round
        self.subject.assessments.clear();
        self.subject.calls.clear();
        self.subject.visits.clear();
        if let (Some(open), Some(by)) = (open, by)
            && self.subject.rounds.patrol.completed.len() > before
        {
            self.met_by.entry(open.due).or_insert_with(|| by.clone());
        }
    }

    fn count(&self, register: &Register, span: Span, walkers: &Walkers, counts: &mut Counts) {
        let mut of = |worker: String, add: &dyn Fn(&mut Count)| {
            let key = (register.subdistrict.clone(), register.community.clone(), worker);
            add(counts.entry(key).or_default());
        };
        let patrol = &self.subject.rounds.patrol;
        let whose = |due: &NaiveDate| {
            let given = self.ended.get(due).cloned().flatten();
            given.or_else(|| walkers.only(Role::GridWorker, register)).unwrap_or_default()
        };
        for due in patrol.completed.keys().filter(|due| span.takes_in(**due)) {
            of(self.met_by.get(due).cloned().unwrap_or_default(), &|count| count.met += 1);
        }
        for due in patrol.missed.iter().filter(|due| span.takes_in(**due)) {
            of(whose(due), &|count| count.missed += 1);
        }
        let undone = |due: &&NaiveDate| !patrol.missed.contains(*due) && !patrol.completed.contains_key(*due);
        for due in self.ended.keys().filter(|due| span.takes_in(**due)).filter(undone) {
            of(whose(due), &|count| count.excused += 1);
        }
        for made in self.made.iter().filter(|made| span.takes_in(made.on)) {
            of(made.by.clone(), &|count| {
                count.made += 1;
                count.entered += made.entered;
                count.unanswered += made.unanswered;
                count.refused += made.refused;
            });
        }
    }
}

/// By subdistrict, community and worker.
type Counts = BTreeMap<(String, String, String), Count>;

#[derive(Default)]
struct Count {
    met: u64,
    missed: u64,
    excused: u64,
    made: u64,
    entered: u64,
    unanswered: u64,
    refused: u64,
}

const COLUMNS: [Column; 12] = [
    Column::plain("subdistrict", "街道", "Subdistrict"),
    Column::plain("community", "社区", "Community"),
    Column { id: "worker", name: Words::new("巡查人", "Worker"), terms: Terms::Account },
    Column::plain("due", "应巡", "Due"),
    Column::plain("met", "按时完成", "Met"),
    Column::plain("missed", "漏巡", "Missed"),
    Column::plain("excused", "有正当原因", "Excused"),
    Column::plain("rate", "完成率（%）", "Rate (%)"),
    Column::plain("made", "实际巡查次数", "Rounds recorded"),
    Column::plain("units_entered", "进入套间", "Units entered"),
    Column::plain("units_unanswered", "无人应答", "Units without answer"),
    Column::plain("units_refused", "拒绝进入", "Units refused"),
];

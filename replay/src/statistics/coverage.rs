//! Coverage: what is registered and graded, why the rest is not, and where the register has gaps that somebody must fill.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{Days, NaiveDate};
use wuping_domain::account::{self, Account};
use wuping_domain::aggregate::Concept;
use wuping_domain::assessment;
use wuping_domain::derivation::SchemeRef;
use wuping_domain::event::Event;
use wuping_domain::facts::{Grant, Role};
use wuping_domain::premises::{self, Register};
use wuping_domain::publication;
use wuping_domain::reaction::Rulebooks;
use wuping_domain::recorded::Recorded;
use wuping_domain::rulebook::{Layer, Rulebook};
use wuping_domain::visit_count::{OPEN, VisitMade, VisitsQuestion, visits};
use wuping_domain::{incident, visit};
use wuping_projections::ledger_rulebooks::LedgerRulebooks;

use super::houses::{House, Houses};
use super::{Bars, Cell, Column, Fold, Span, Table, Terms};

/// The register with all that says whether it can be relied on.
pub(super) struct Coverage {
    by: Option<NaiveDate>,
    pub(super) houses: Houses,
    known: BTreeMap<String, Known>,
    /// From when premises of a layer can be graded.
    rulebooks: BTreeMap<Layer, NaiveDate>,
    /// Where the published documents are.
    kept: LedgerRulebooks,
    /// The rulebook of units by which the office works: it says after how many visits a unit is not assessed.
    of_units: Option<Arc<Rulebook>>,
    walkers: Walkers,
}

/// What else is known of premises.
#[derive(Default)]
struct Known {
    /// Assessments that are under way.
    under_way: BTreeSet<String>,
    /// Whether one was ever submitted.
    submitted: bool,
    entered: bool,
    turned_away: bool,
    /// Visits to assess it since somebody last came in.
    in_vain: Vec<VisitMade>,
    /// When somebody last said whether people live there.
    occupancy_on: Option<NaiveDate>,
    /// Incidents that are of another house, and nobody knows of which.
    unmatched: BTreeSet<String>,
}

impl Coverage {
    /// By what held on a day; by what holds where there is none.
    pub(super) fn by(day: Option<NaiveDate>, kept: LedgerRulebooks) -> Self {
        Self {
            by: day,
            houses: Houses::default(),
            known: BTreeMap::new(),
            rulebooks: BTreeMap::new(),
            kept,
            of_units: None,
            walkers: Walkers::default(),
        }
    }
}

impl Fold for Coverage {
    const TAKES: &'static [&'static str] =
        &["account", "assessment", "grade", "incident", "premises", "rulebook", "visit"];

    fn take(&mut self, recorded: &Recorded<Event>) {
        let on = recorded.holds_from();
        // a grade's own days are its chronicle's matter
        if !matches!(recorded.event, Event::Grade(_)) && self.by.is_some_and(|day| on > day) {
            return;
        }
        match &recorded.event {
            Event::Account(event) => self.walkers.take(recorded.last_segment(), event),
            Event::Publication(publication::Event::RulebookPublished(published)) => {
                let first = self.rulebooks.entry(published.layer).or_insert(published.holds_from);
                *first = published.holds_from.min(*first);
                if published.layer == Layer::Unit && published.operating {
                    let scheme = SchemeRef { id: published.id.clone(), sha256: published.sha256.clone() };
                    self.of_units = self.kept.rulebook(&scheme).or(self.of_units.take());
                }
            }
            _ => {}
        }
        self.houses.take(recorded);
        if let Some(id) = recorded.subject().strip_prefix("premises/") {
            self.known.entry(id.to_owned()).or_default().take(recorded, on);
        }
    }

    fn table(self, span: Span) -> Table {
        let twice = self.codes_held_twice(span.day);
        let mut counts: BTreeMap<(Layer, String), Count> = BTreeMap::new();
        for (id, house) in &self.houses.0 {
            let Some(register) = &house.premises.register else { continue };
            let count = counts.entry((register.layer, register.subdistrict.clone())).or_default();
            count.registered += 1;
            if house.closed_by(span.day) {
                count.closed += 1;
                continue;
            }
            if self.rulebooks.get(&register.layer).is_some_and(|from| *from <= span.day) {
                count.gradable += 1;
            }
            count.take(&self.missing(id, house, register, span));
            count.code_conflicts += u64::from(twice.contains(id));
        }
        let row = |((layer, subdistrict), count): ((Layer, String), Count)| -> Vec<Cell> {
            let named = [Cell::from(layer.to_string()), subdistrict.into()];
            named.into_iter().chain(count.cells()).collect()
        };
        let bars = &[Bars { of: "subdistrict", counts: Some("not_assessed") }];
        Table { columns: &COLUMNS, rows: counts.into_iter().map(row).collect(), bars }
    }
}

impl Coverage {
    /// Open premises one of whose codes other open premises have too.
    fn codes_held_twice(&self, day: NaiveDate) -> BTreeSet<String> {
        self.holders_of_one_code(day).flat_map(|(_, ids)| ids).cloned().collect()
    }

    /// Codes that several open premises have, with these.
    pub(super) fn holders_of_one_code(
        &self,
        day: NaiveDate,
    ) -> impl Iterator<Item = ((&String, &String), Vec<&String>)> {
        let mut holders: BTreeMap<(&String, &String), Vec<&String>> = BTreeMap::new();
        for (id, _, register) in self.houses.open(day) {
            for code in &register.codes {
                holders.entry(code).or_default().push(id);
            }
        }
        holders.into_iter().filter(|(_, ids)| ids.len() > 1)
    }

    /// What is missing of premises that are not closed.
    pub(super) fn missing<'k>(
        &'k self,
        id: &str,
        house: &'k House,
        register: &Register,
        span: Span,
    ) -> Missing<'k> {
        let known = self.known.get(id);
        let gradable = self.rulebooks.get(&register.layer).is_some_and(|from| *from <= span.day);
        Missing {
            grade: if gradable {
                why_not_graded(house, known, register, self.of_units.as_deref(), span)
            } else {
                None
            },
            no_owner: no_owner(house, span),
            no_basis: no_basis(house, span),
            no_assessor: no_assessor(house, register, span, &self.walkers),
            stale_occupancy: stale_occupancy(register, known, span, self.occupancy_days()),
            unmatched_incidents: known.into_iter().flat_map(|known| &known.unmatched).collect(),
        }
    }

    /// How long what was said about who lives there is relied on, by the rulebook of units by which the office works.
    fn occupancy_days(&self) -> u64 {
        let register = self.of_units.as_ref().map(|rulebook| rulebook.policy.register).unwrap_or_default();
        register.occupancy_days
    }
}

impl Known {
    fn take(&mut self, recorded: &Recorded<Event>, on: NaiveDate) {
        let key = recorded.last_segment();
        match &recorded.event {
            Event::Assessment(event) => match event {
                assessment::Event::AssessmentOpened(_) => {
                    self.under_way.insert(key.to_owned());
                }
                assessment::Event::AssessmentSubmitted { .. } => {
                    self.submitted = true;
                    self.under_way.remove(key);
                    self.in_vain.clear();
                }
                assessment::Event::AssessmentLapsed(_) | assessment::Event::AssessmentWithdrawn { .. } => {
                    self.under_way.remove(key);
                }
                _ => {}
            },
            Event::Incident(event) => match event {
                incident::Event::IncidentUnlinked { to: None, .. } => {
                    self.unmatched.insert(key.to_owned());
                }
                incident::Event::IncidentLinked { .. } => {
                    self.unmatched.remove(key);
                }
                _ => {}
            },
            Event::Premises(premises::Event::OccupancyChanged { .. }) => self.occupancy_on = Some(on),
            Event::Visit(visit::Event::VisitFailed { kind, why, .. }) => {
                self.turned_away = true;
                if *kind == visit::Kind::Assessment {
                    let outcome = why.code().to_owned();
                    self.in_vain.push(VisitMade { on, outcome, appointment_served: false });
                }
            }
            Event::Visit(visit::Event::VisitMade { .. }) => {
                self.entered = true;
                self.in_vain.clear();
            }
            _ => {}
        }
    }
}

/// Who walks which area, by the grants of accounts.
#[derive(Default)]
pub(super) struct Walkers(BTreeMap<String, Account>);

impl Walkers {
    pub(super) fn take(&mut self, account: &str, event: &account::Event) {
        self.0.entry(account.to_owned()).or_default().evolve(event);
    }

    /// Accounts in use that hold the role where the premises lie.
    fn of<'w>(&'w self, role: Role, register: &'w Register) -> impl Iterator<Item = &'w String> {
        let walks = move |grant: &Grant| grant.role == role && grant.takes_in(register);
        let holds = move |account: &Account| {
            account.standing == account::Standing::Open && account.grants.iter().any(walks)
        };
        self.0.iter().filter(move |(_, account)| holds(account)).map(|(id, _)| id)
    }

    /// The one account that does; none where there are several.
    pub(super) fn only(&self, role: Role, register: &Register) -> Option<String> {
        let mut all = self.of(role, register);
        let first = all.next()?;
        all.next().is_none().then(|| first.clone())
    }
}

#[derive(Default)]
struct Count {
    registered: u64,
    closed: u64,
    gradable: u64,
    not_assessed: u64,
    awaiting_confirmation: u64,
    under_way: u64,
    not_entered: u64,
    no_longer_in_force: u64,
    never_opened: u64,
    no_owner: u64,
    no_basis: u64,
    no_assessor: u64,
    code_conflicts: u64,
    stale_occupancy: u64,
    unmatched_incidents: u64,
}

impl Count {
    fn take(&mut self, missing: &Missing<'_>) {
        self.not_assessed += u64::from(missing.grade.is_some());
        match missing.grade {
            Some(AWAITING_CONFIRMATION) => self.awaiting_confirmation += 1,
            Some(UNDER_WAY) => self.under_way += 1,
            Some(NO_LONGER_IN_FORCE) => self.no_longer_in_force += 1,
            Some(NOT_ENTERED) => self.not_entered += 1,
            Some(_) => self.never_opened += 1,
            None => {}
        }
        self.no_owner += u64::from(missing.no_owner);
        self.no_basis += u64::from(!missing.no_basis.is_empty());
        self.no_assessor += u64::from(missing.no_assessor);
        self.stale_occupancy += u64::from(missing.stale_occupancy.is_some());
        self.unmatched_incidents += missing.unmatched_incidents.len() as u64;
    }

    fn cells(self) -> [Cell; 16] {
        [
            self.registered,
            self.closed,
            self.gradable,
            self.gradable - self.not_assessed,
            self.not_assessed,
            self.awaiting_confirmation,
            self.under_way,
            self.not_entered,
            self.no_longer_in_force,
            self.never_opened,
            self.no_owner,
            self.no_basis,
            self.no_assessor,
            self.code_conflicts,
            self.stale_occupancy,
            self.unmatched_incidents,
        ]
        .map(Cell::from)
    }
}

/// What is missing of premises.
pub(super) struct Missing<'k> {
    /// Why they have no grade in force, as a code.
    pub(super) grade: Option<&'static str>,
    pub(super) no_owner: bool,
    /// Who owns or runs them by what nobody ever wrote down.
    pub(super) no_basis: Vec<&'k str>,
    pub(super) no_assessor: bool,
    /// That nobody knows any more who lives there: when it was said last, if ever.
    pub(super) stale_occupancy: Option<Option<NaiveDate>>,
    /// Incidents that are of another house.
    pub(super) unmatched_incidents: Vec<&'k String>,
}

fn why_not_graded(
    house: &House,
    known: Option<&Known>,
    register: &Register,
    of_units: Option<&Rulebook>,
    span: Span,
) -> Option<&'static str> {
    if house.holds(span).is_some() {
        return None;
    }
    let known_that = |holds: fn(&Known) -> bool| known.is_some_and(holds);
    // an assessment that cannot go on is not under way
    let shut = of_units
        .filter(|_| register.layer == Layer::Unit)
        .is_some_and(|rulebook| known.is_some_and(|known| is_shut(rulebook, &known.in_vain)));
    Some(if house.waits(span).is_some() {
        AWAITING_CONFIRMATION
    } else if shut {
        NOT_ENTERED
    } else if known_that(|known| !known.under_way.is_empty()) {
        UNDER_WAY
    } else if known_that(|known| known.submitted) {
        NO_LONGER_IN_FORCE
    } else if known_that(|known| known.turned_away && !known.entered) {
        NOT_ENTERED
    } else {
        NEVER_OPENED
    })
}

/// Whether nobody could enter as often as makes a unit not assessed.
fn is_shut(rulebook: &Rulebook, calls: &[VisitMade]) -> bool {
    let question = VisitsQuestion { last_level: None, visits: calls.to_vec() };
    visits(rulebook, &question).is_ok_and(|count| count.state != OPEN)
}

fn no_owner(house: &House, span: Span) -> bool {
    !house.premises.parties.iter().any(|held| held.answers_on(span.day))
}

/// Whoever is heard and ordered as owner or operator without anybody's having said what that rests on: so it was recorded before it
/// was asked for.
fn no_basis(house: &House, span: Span) -> Vec<&str> {
    let answering = house.premises.parties.iter().filter(|held| held.answers_on(span.day));
    answering.filter(|held| held.basis.is_none()).map(|held| held.party.as_str()).collect()
}

fn no_assessor(house: &House, register: &Register, span: Span, walkers: &Walkers) -> bool {
    let assigned = house.premises.assessors.iter().any(|held| held.span.holds_on(span.day));
    !assigned && walkers.of(Role::GridWorker, register).next().is_none()
}

/// What was said about whether people live there, where that is so long ago that nobody knows any more.
fn stale_occupancy(
    register: &Register,
    known: Option<&Known>,
    span: Span,
    relied_on_days: u64,
) -> Option<Option<NaiveDate>> {
    let said = known.and_then(|known| known.occupancy_on);
    let lasts =
        |on: NaiveDate| on.checked_add_days(Days::new(relied_on_days)).is_some_and(|until| until >= span.day);
    (register.layer != Layer::Estate && !said.is_some_and(lasts)).then_some(said)
}

const AWAITING_CONFIRMATION: &str = "awaiting_confirmation";
const NEVER_OPENED: &str = "never_opened";
const NOT_ENTERED: &str = "not_entered";
const NO_LONGER_IN_FORCE: &str = "no_longer_in_force";
const UNDER_WAY: &str = "under_way";

const COLUMNS: [Column; 18] = [
    Column::of("layer", "层面", "Layer", Terms::Layer),
    Column::plain("subdistrict", "街道", "Subdistrict"),
    Column::plain("registered", "已登记", "Registered"),
    Column::plain("closed", "已关闭", "Closed"),
    Column::plain("gradable", "可评定", "Gradable"),
    Column::plain("assessed", "已评定", "Assessed"),
    Column::plain("not_assessed", "未评定", "Not assessed"),
    Column::plain("awaiting_confirmation", "等待确认", "Awaiting confirmation"),
    Column::plain("under_way", "评定中", "Being assessed"),
    Column::plain("not_entered", "没能进门", "Nobody could enter"),
    Column::plain("no_longer_in_force", "已失效", "No longer in force"),
    Column::plain("never_opened", "没有开始", "Never opened"),
    Column::plain("no_owner", "没有业主或管理人", "No owner or operator"),
    Column::plain("no_basis", "责任人没有写明依据", "Answers with no basis given"),
    Column::plain("no_assessor", "没有评定人", "No assessor"),
    Column::plain("code_conflicts", "编码重复", "Code held twice"),
    Column::plain("stale_occupancy", "居住情况过期", "Occupancy stale"),
    Column::plain("unmatched_incidents", "没有对上房屋的事件", "Incidents of no known house"),
];

//! Classes: which credit class every party's portfolio comes to under a rule that somebody asks for by file. Nothing follows from
//! it: imported schemes do not operate, and their parties have no credit file.

use std::collections::{BTreeMap, BTreeSet};

use wuping_domain::credit::IllustrativeRule;
use wuping_domain::event::Event;
use wuping_domain::party::{Event as PartyEvent, Kind};
use wuping_domain::recorded::Recorded;
use wuping_domain::rulebook::Layer;

use super::families::Families;
use super::houses::{Houses, grade_of};
use super::{Bars, Cell, Column, Fold, Span, Table, Terms};

/// Parties and premises, and the rule.
pub(super) struct Classes {
    families: Families,
    houses: Houses,
    kinds: BTreeMap<String, Kind>,
    rule: IllustrativeRule,
}

/// One party's portfolio.
#[derive(Default)]
struct Portfolio<'h> {
    /// The premises, each once, in whatever roles the party answers for it.
    premises: BTreeSet<&'h str>,
    levels: BTreeMap<String, u64>,
    /// Graded under a scheme, or by a word, that the rule does not name.
    not_counted: u64,
    not_assessed: u64,
}

impl Classes {
    /// Under this rule.
    pub(super) fn under(rule: IllustrativeRule) -> Self {
        Self { families: Families::default(), houses: Houses::default(), kinds: BTreeMap::new(), rule }
    }

    /// What every party answers for on the day, the estates left out: they are nobody's.
    fn portfolios(&self, span: Span) -> BTreeMap<&str, Portfolio<'_>> {
        let registered =
            self.kinds.keys().map(|party| (self.families.goes_on_as(party), Portfolio::default()));
        let mut portfolios: BTreeMap<&str, Portfolio<'_>> = registered.collect();
        let houses = self.houses.open(span.day).filter(|(_, _, register)| register.layer != Layer::Estate);
        for (id, house, _) in houses {
            let answering = house.premises.parties.iter();
            let answering = answering
                .filter(|held| ANSWERS.contains(&held.role.as_str()) && held.span.holds_on(span.day))
                .map(|held| self.families.goes_on_as(&held.party));
            let holds = house.holds(span);
            for party in answering.collect::<BTreeSet<_>>() {
                let portfolio = portfolios.entry(party).or_default();
                portfolio.premises.insert(id);
                let level = holds.as_ref().map(|standing| {
                    let scheme = &standing.origin.scheme.id;
                    self.rule.level(scheme, &grade_of(standing))
                });
                match level {
                    Some(Some(level)) => *portfolio.levels.entry(level.to_owned()).or_default() += 1,
                    Some(None) => portfolio.not_counted += 1,
                    None => portfolio.not_assessed += 1,
                }
            }
        }
        portfolios
    }
}

impl Fold for Classes {
    const TAKES: &'static [&'static str] = &["premises", "grade", "party"];

    fn take(&mut self, recorded: &Recorded<Event>) {
        self.families.take(recorded);
        self.houses.take(recorded);
        if let Event::Party(PartyEvent::PartyRegistered { registration, .. }) = &recorded.event {
            self.kinds.insert(recorded.last_segment().to_owned(), registration.kind);
        }
    }

    fn table(self, span: Span) -> Table {
        let row = |(party, portfolio): (&str, Portfolio<'_>)| -> Vec<Cell> {
            let at = |level: &str| portfolio.levels.get(level).copied().unwrap_or_default().into();
            // a rule that was read has a class for every portfolio
            let class = self.rule.class(&portfolio.levels).ok().flatten();
            vec![
                party.into(),
                self.kinds.get(party).map(|kind| kind.code()).into(),
                (portfolio.premises.len() as u64).into(),
                at("lenient"),
                at("attention"),
                at("strict"),
                at("prohibited"),
                portfolio.not_counted.into(),
                portfolio.not_assessed.into(),
                class.map_or(NOT_RATED, |class| class.id.as_str()).into(),
            ]
        };
        let rows = self.portfolios(span).into_iter().map(row).collect();
        Table { columns: &COLUMNS, rows, bars: &[Bars { of: "class", counts: None }] }
    }
}

/// Roles in which a party answers for premises.
const ANSWERS: [&str; 2] = ["owner", "operator"];
const NOT_RATED: &str = "not_rated";
const COLUMNS: [Column; 10] = [
    Column::plain("party", "责任人", "Party"),
    Column::of("kind", "主体类型", "Kind of party", Terms::Party),
    Column::plain("premises", "房屋数", "Premises"),
    Column::plain("lenient", "按宽管级计", "Count as lenient"),
    Column::plain("attention", "按关注级计", "Count as attention"),
    Column::plain("strict", "按严管级计", "Count as strict"),
    Column::plain("prohibited", "按禁止级计", "Count as prohibited"),
    Column::plain("not_counted", "规则未提及的等级", "Grades that the rule does not name"),
    Column::plain("not_assessed", "未评定", "Not assessed"),
    Column::of("class", "示范等级", "Demo class", Terms::DemoClass),
];

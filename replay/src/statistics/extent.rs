//! Extent: a report of the whole district, and the part of it that is of one subdistrict. Where its rows say in which subdistrict they
//! are, the part is taken out of them; else it is made once more with its rows told apart, and then gives every subdistrict's part.

use std::collections::BTreeSet;

use serde_json::Value;
use wuping_domain::event::Event;
use wuping_domain::premises::Event as PremisesEvent;
use wuping_domain::recorded::Recorded;

use super::{Asked, Cell, Column, Made, Statistic, StatisticError, Table, said};

/// How much of the district a report tells of.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub enum Extent {
    /// All of it, also what lies in no subdistrict.
    #[default]
    District,
    /// All of it, and each row says in which subdistrict it is.
    Apart,
    /// A subdistrict: premises that the register has there at the report's moment.
    Subdistrict(String),
}

impl Statistic {
    /// Whether it can be limited to a subdistrict: its rows are about premises, or what happens there. A party is of none.
    pub const fn takes_subdistrict(self) -> bool {
        !matches!(self, Self::Classes | Self::Credit | Self::Parties)
    }

    /// Whether its rows say in which subdistrict they are only where that is asked for.
    const fn is_told_apart_when_asked(self) -> bool {
        matches!(self, Self::Cases | Self::Deadlines | Self::Grades | Self::Hazards)
    }
}

impl Asked {
    /// The subdistrict to which the report is limited.
    pub fn subdistrict(&self) -> Option<&str> {
        match &self.extent {
            Extent::Subdistrict(subdistrict) => Some(subdistrict),
            Extent::Apart | Extent::District => None,
        }
    }

    /// What is asked of the report of the whole district, of which this one is a part by [`Made::within`]; the same where it is limited to
    /// no subdistrict.
    ///
    /// # Errors
    /// [`StatisticError::OfParties`]: it cannot be limited.
    pub fn whole(&self, statistic: Statistic) -> Result<Self, StatisticError> {
        let extent = match &self.extent {
            Extent::Subdistrict(_) if !statistic.takes_subdistrict() => {
                return Err(StatisticError::OfParties);
            }
            Extent::Subdistrict(_) if statistic.is_told_apart_when_asked() => Extent::Apart,
            Extent::Subdistrict(_) => Extent::District,
            whole => whole.clone(),
        };
        Ok(Self { extent, ..self.clone() })
    }
}

impl Made {
    /// Its part that is of a subdistrict, as a report of its own.
    ///
    /// # Errors
    /// [`StatisticError::UnknownSubdistrict`] where no premises were ever registered there, by what was known.
    pub fn within(&self, subdistrict: &str) -> Result<Self, StatisticError> {
        if !self.subdistricts.contains(subdistrict) {
            let known = self.subdistricts.iter().cloned().collect();
            return Err(StatisticError::UnknownSubdistrict { subdistrict: subdistrict.to_owned(), known });
        }
        let place = self.table.position(SUBDISTRICT).ok_or(StatisticError::OfParties)?;
        let here = Cell::from(subdistrict);
        let rows = self.table.rows.iter().filter(|row| row.get(place) == Some(&here)).cloned().collect();
        let table = Table { rows, ..self.table };
        let asked = Asked { extent: Extent::Subdistrict(subdistrict.to_owned()), ..self.asked.clone() };
        let digest = table.digest(&said(self.statistic, &asked, self.from, self.rule.as_ref()))?;
        let (tree_head, rule) = (self.tree_head.clone(), self.rule.clone());
        Ok(Self { asked, digest, rule, subdistricts: self.subdistricts.clone(), table, tree_head, ..*self })
    }
}

impl Table {
    /// Of rows that end with their subdistrict, which is left out unless they are told apart.
    pub(super) fn apart(
        apart: bool,
        columns: &'static [Column],
        mut rows: Vec<Vec<Cell>>,
        bars: &'static [super::Bars],
    ) -> Self {
        if apart {
            return Self { columns, rows, bars };
        }
        rows.iter_mut().for_each(|row| drop(row.pop()));
        Self { columns: columns.split_last().map_or(columns, |(_, others)| others), rows, bars }
    }
}

/// Note the subdistrict that an entry registers premises in.
pub(super) fn note(known: &mut BTreeSet<String>, recorded: &Recorded<Event>) {
    let Event::Premises(event) = &recorded.event else { return };
    let subdistrict = match event {
        PremisesEvent::PremisesRegistered(register) => Some(register.subdistrict.as_str()),
        PremisesEvent::PremisesMoved { subdistrict, .. } => Some(subdistrict.as_str()),
        PremisesEvent::PremisesAmended { changes, .. }
        | PremisesEvent::PremisesAmendmentDecided { changes, .. } => {
            changes.get(SUBDISTRICT).and_then(Value::as_str)
        }
        _ => None,
    };
    if let Some(subdistrict) = subdistrict.filter(|subdistrict| !subdistrict.is_empty())
        && !known.contains(subdistrict)
    {
        known.insert(subdistrict.to_owned());
    }
}

/// The column that says in which subdistrict a row is.
const SUBDISTRICT: &str = "subdistrict";

//! Premises: one with all that is public about it, its children, and the short line of lists.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rusqlite::{Connection, Row, params_from_iter};
use serde::Serialize;
use wuping_domain::premises::{Assessor, PartyRole, Steward};
use wuping_domain::rulebook::Layer;

use super::conditions::Conditions;
use super::{
    GradeView, HazardView, OpenAssessmentView, Page, Paged, PatrolView, ProhibitionView, all, count,
    day_if_any, first, json, parsed,
};
use super::{assessments, grades, hazards, patrols};
use crate::error::ViewsError;
use crate::pool::Views;
use crate::search::folded_code;

/// What is registered of premises.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PremisesView {
    /// Id, the second segment of their streams.
    pub id: String,
    /// Position of the first entry about them.
    pub number: u64,
    /// Estate, building or unit.
    pub layer: Layer,
    /// The building of a unit, the estate of a building.
    pub parent: Option<String>,
    /// A name, where they have one.
    pub name: Option<String>,
    /// The address.
    pub address: String,
    /// Codes by their scheme.
    pub codes: BTreeMap<String, String>,
    /// Subdistrict, or ward.
    pub subdistrict: String,
    /// Community.
    pub community: String,
    /// Grid cell.
    pub grid_cell: String,
    /// Storeys above ground.
    pub storeys: Option<u32>,
    /// Let units.
    pub units: Option<u32>,
    /// Year of building.
    pub year_built: Option<u32>,
    /// How they are held.
    pub tenure: Option<String>,
    /// Frame, brick …
    pub structure: Option<String>,
    /// Whether nobody lives there.
    pub vacant: bool,
    /// Special marks.
    pub tags: Vec<String>,
    /// Who answers for them.
    pub parties: Vec<PartyRole>,
    /// Who may assess them.
    pub assessors: Vec<Assessor>,
    /// Who looks after them day by day.
    pub stewards: Vec<Steward>,
    /// Since when they are closed.
    pub closed_on: Option<NaiveDate>,
}

/// Premises with all that hangs on them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SubjectView {
    /// The register.
    pub premises: PremisesView,
    /// The grade, once anything was determined or prohibited.
    pub grade: Option<GradeView>,
    /// The ban on letting of the building that a unit is in.
    pub building_ban: Option<ProhibitionView>,
    /// The building of a unit, the estate of a building.
    pub parent: Option<PremisesLine>,
    /// How many premises have these as their parent.
    pub children: u64,
    /// Assessments under way, oldest first.
    pub open_assessments: Vec<OpenAssessmentView>,
    /// Hazards not closed, oldest first.
    pub open_hazards: Vec<HazardView>,
    /// How many hazards were closed.
    pub closed_hazards: u64,
    /// Rounds of a building.
    pub patrol: Option<PatrolView>,
}

/// Premises in a list, with what is in force.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PremisesLine {
    /// Id.
    pub id: String,
    /// Estate, building or unit.
    pub layer: Layer,
    /// A name, where they have one.
    pub name: Option<String>,
    /// The address.
    pub address: String,
    /// Codes by their scheme.
    pub codes: BTreeMap<String, String>,
    /// Subdistrict, or ward.
    pub subdistrict: String,
    /// Community.
    pub community: String,
    /// Grid cell.
    pub grid_cell: String,
    /// Since when they are closed.
    pub closed_on: Option<NaiveDate>,
    /// Score in force.
    pub score: Option<u64>,
    /// Star in force.
    pub star: Option<u8>,
    /// Grade in force.
    pub grade: Option<String>,
    /// The rulebook's own word for it.
    pub band: Option<String>,
    /// Management level in force.
    pub management_level: Option<String>,
    /// Its colour.
    pub color: Option<String>,
    /// Since when it is in force.
    pub effective_from: Option<NaiveDate>,
    /// What a newer determination waits for.
    pub waiting_for: Option<String>,
    /// Whether letting is prohibited, by a ban of their own or by their building's.
    pub prohibited: bool,
    /// The bans on letting that stand over them: the building's, then their own.
    pub bans: Vec<BanLine>,
}

/// A ban on letting in a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BanLine {
    /// Whose it is: a unit's own, or its building's, which stands over every unit in it.
    pub of: Layer,
    /// `no_new_letting` or `vacate`.
    pub scope: String,
    /// Since when.
    pub from: Option<NaiveDate>,
}

impl Views {
    /// The premises with this id or any code of theirs, upper or lower case, blanks aside. A code that several schemes use
    /// answers the premises registered first.
    ///
    /// # Errors
    /// If the views cannot be read.
    pub fn premises_by_code(&self, code: &str) -> Result<Option<PremisesView>, ViewsError> {
        self.read(|connection| {
            let by_id = format!("{VIEW} WHERE premises = ?1");
            if let Some(found) = first(connection, &by_id, [code], read_view)? {
                return Ok(Some(found));
            }
            let by_code =
                format!("{VIEW} WHERE number = (SELECT min(number) FROM search_codes WHERE code = ?1)");
            first(connection, &by_code, [folded_code(code)], read_view)
        })
    }

    /// Premises with all that hangs on them, by id.
    ///
    /// # Errors
    /// If the views cannot be read.
    pub fn subject_view(&self, id: &str) -> Result<Option<SubjectView>, ViewsError> {
        self.read(|connection| {
            let Some(premises) = first(connection, &format!("{VIEW} WHERE premises = ?1"), [id], read_view)?
            else {
                return Ok(None);
            };
            let number = premises.number;
            let parent = premises.parent.as_deref();
            let parent = parent.map(|parent| line(connection, parent)).transpose()?.flatten();
            let children = count(connection, "SELECT count(*) FROM premises WHERE parent = ?1", [id])?;
            let closed = "SELECT count(*) FROM closed_hazards WHERE number = ?1";
            Ok(Some(SubjectView {
                grade: grades::of(connection, number)?,
                building_ban: building_ban(connection, &premises)?,
                parent,
                children,
                open_assessments: assessments::open_of(connection, number)?,
                open_hazards: hazards::open_of(connection, number)?,
                closed_hazards: count(connection, closed, [number])?,
                patrol: patrols::of(connection, number)?,
                premises,
            }))
        })
    }

    /// Premises that one of these parties answers for on a day, or that this account looks after as steward, by address.
    ///
    /// # Errors
    /// If the views cannot be read.
    pub fn premises_of(
        &self,
        parties: &[String],
        steward: &str,
        on: NaiveDate,
    ) -> Result<Vec<PremisesLine>, ViewsError> {
        let on = on.to_string();
        let within = "coalesce(e.value ->> 'from', '') <= ?3 AND coalesce(e.value ->> 'until', '9999') >= ?3";
        let sql = format!(
            "{LINE} WHERE p.closed_on IS NULL AND (EXISTS (SELECT 1 FROM json_each(p.parties) e \
             WHERE e.value ->> 'party' IN (SELECT value FROM json_each(?1)) AND {within}) \
             OR EXISTS (SELECT 1 FROM json_each(p.stewards) e WHERE e.value ->> 'account' = ?2 AND {within})) \
             ORDER BY p.address, p.number LIMIT 200"
        );
        let parties = serde_json::Value::from(parties).to_string();
        self.read(|connection| all(connection, &sql, (&parties, steward, &on), read_line))
    }

    /// Whether any premises are registered: that lie in this subdistrict, community or grid cell where one is named, and for which this
    /// party answers, or once did, where one is.
    ///
    /// # Errors
    /// If the views cannot be read.
    pub fn any_premises(&self, area: Option<&str>, party: Option<&str>) -> Result<bool, ViewsError> {
        let named = "EXISTS (SELECT 1 FROM json_each(p.parties) e WHERE e.value ->> 'party' = ?)";
        let asked = Conditions::of("TRUE")
            .with("? IN (p.subdistrict, p.community, p.grid_cell)", area.map(str::to_owned))
            .with(named, party.map(str::to_owned));
        let sql = format!("SELECT EXISTS (SELECT 1 FROM premises p WHERE {})", asked.sql());
        self.read(|connection| Ok(count(connection, &sql, params_from_iter(asked.values()))? > 0))
    }

    /// Premises that are assigned to an account, by address.
    ///
    /// # Errors
    /// If the views cannot be read.
    pub fn premises_assessed_by(&self, account: &str, page: Page) -> Result<Paged<PremisesLine>, ViewsError> {
        let held = "p.closed_on IS NULL AND EXISTS (SELECT 1 FROM json_each(p.assessors) e WHERE e.value ->> 'account' = ?1)";
        self.read(|connection| {
            let total =
                count(connection, &format!("SELECT count(*) FROM premises p WHERE {held}"), [account])?;
            let sql = format!(
                "{LINE} WHERE {held} ORDER BY p.address, p.number LIMIT {} OFFSET {}",
                page.size,
                page.offset()
            );
            Ok(Paged::of(all(connection, &sql, [account], read_line)?, page, total))
        })
    }

    /// The open premises of a subdistrict, community or grid cell that an account does not assess yet, by address: the first `most` of
    /// them, and how many there are. Where `within` names areas, those that lie in one of them alone.
    ///
    /// # Errors
    /// If the views cannot be read.
    pub fn premises_to_assign(
        &self,
        area: &str,
        account: &str,
        within: &[String],
        most: u64,
    ) -> Result<(Vec<PremisesLine>, u64), ViewsError> {
        let in_area = "? IN (p.subdistrict, p.community, p.grid_cell)";
        let assessed = "NOT EXISTS (SELECT 1 FROM json_each(p.assessors) e WHERE e.value ->> 'account' = ?)";
        let mut asked = Conditions::of("p.closed_on IS NULL")
            .with(in_area, Some(area.to_owned()))
            .with(assessed, Some(account.to_owned()));
        if !within.is_empty() {
            asked = asked
                .any(within.iter().map(|area| (in_area.to_owned(), vec![area.clone().into()])).collect());
        }
        self.read(|connection| {
            let held = asked.sql();
            let values = || params_from_iter(asked.values());
            let total =
                count(connection, &format!("SELECT count(*) FROM premises p WHERE {held}"), values())?;
            let sql = format!("{LINE} WHERE {held} ORDER BY p.address, p.number LIMIT {most}");
            Ok((all(connection, &sql, values(), read_line)?, total))
        })
    }

    /// The premises that have these as their parent, by address.
    ///
    /// # Errors
    /// If the views cannot be read.
    pub fn children(&self, id: &str, page: Page) -> Result<Paged<PremisesLine>, ViewsError> {
        self.read(|connection| {
            let total = count(connection, "SELECT count(*) FROM premises WHERE parent = ?1", [id])?;
            let sql = format!("{LINE} WHERE p.parent = ?1 ORDER BY p.address, p.number LIMIT ?2 OFFSET ?3");
            let rows = all(connection, &sql, (id, page.size, page.offset()), read_line)?;
            Ok(Paged::of(rows, page, total))
        })
    }
}

pub(super) fn line(connection: &Connection, id: &str) -> Result<Option<PremisesLine>, ViewsError> {
    first(connection, &format!("{LINE} WHERE p.premises = ?1"), [id], read_line)
}

/// The ban of the building that a unit is in, where it binds the unit; none of whatever is no unit.
fn building_ban(
    connection: &Connection,
    premises: &PremisesView,
) -> Result<Option<ProhibitionView>, ViewsError> {
    let (Layer::Unit, Some(building)) = (premises.layer, &premises.parent) else { return Ok(None) };
    let Some(building) = first(connection, &format!("{VIEW} WHERE premises = ?1"), [building], read_view)?
    else {
        return Ok(None);
    };
    let spared = "SELECT 1 FROM current_grades g JOIN current_grades b ON b.prohibition_number = g.spared_ban \
                  WHERE g.number = ?1 AND b.number = ?2";
    if first(connection, spared, [premises.number, building.number], |_| Ok(()))?.is_some() {
        return Ok(None);
    }
    Ok(grades::of(connection, building.number)?.and_then(|grade| grade.prohibition))
}

pub(super) fn read_line(row: &Row<'_>) -> rusqlite::Result<PremisesLine> {
    let layer = parsed(row.get::<_, String>("layer")?.parse())?;
    let building = ban(row, Layer::Building, "building_scope", "building_banned_from")?;
    let bans: Vec<BanLine> =
        building.into_iter().chain(ban(row, layer, "prohibition_scope", "prohibited_from")?).collect();
    Ok(PremisesLine {
        id: row.get("premises")?,
        layer,
        name: row.get("name")?,
        address: row.get("address")?,
        codes: json(row, "codes")?,
        subdistrict: row.get("subdistrict")?,
        community: row.get("community")?,
        grid_cell: row.get("grid_cell")?,
        closed_on: day_if_any(row, "closed_on")?,
        score: row.get("score")?,
        star: row.get("star")?,
        grade: row.get("grade")?,
        band: row.get("band")?,
        management_level: row.get("management_level")?,
        color: row.get("color")?,
        effective_from: day_if_any(row, "effective_from")?,
        waiting_for: row.get("waiting_for")?,
        prohibited: !bans.is_empty(),
        bans,
    })
}

fn ban(row: &Row<'_>, of: Layer, scope: &str, from: &str) -> rusqlite::Result<Option<BanLine>> {
    let Some(scope) = row.get(scope)? else { return Ok(None) };
    Ok(Some(BanLine { of, scope, from: day_if_any(row, from)? }))
}

fn read_view(row: &Row<'_>) -> rusqlite::Result<PremisesView> {
    Ok(PremisesView {
        id: row.get("premises")?,
        number: row.get("number")?,
        layer: parsed(row.get::<_, String>("layer")?.parse())?,
        parent: row.get("parent")?,
        name: row.get("name")?,
        address: row.get("address")?,
        codes: json(row, "codes")?,
        subdistrict: row.get("subdistrict")?,
        community: row.get("community")?,
        grid_cell: row.get("grid_cell")?,
        storeys: row.get("storeys")?,
        units: row.get("units")?,
        year_built: row.get("year_built")?,
        tenure: row.get("tenure")?,
        structure: row.get("structure")?,
        vacant: row.get("vacant")?,
        tags: json(row, "tags")?,
        parties: json(row, "parties")?,
        assessors: json(row, "assessors")?,
        stewards: json(row, "stewards")?,
        closed_on: day_if_any(row, "closed_on")?,
    })
}

const VIEW: &str = "SELECT * FROM premises";

pub(super) const LINE: &str = "SELECT p.premises, p.layer, p.name, p.address, p.codes, p.subdistrict, p.community, \
    p.grid_cell, p.closed_on, g.score, g.star, g.grade, g.band, g.management_level, g.color, g.effective_from, \
    g.waiting_for, g.prohibition_scope, g.prohibited_from, b.prohibition_scope AS building_scope, \
    b.prohibited_from AS building_banned_from \
    FROM premises p LEFT JOIN current_grades g ON g.number = p.number \
    LEFT JOIN current_grades b ON p.layer = 'unit' AND b.premises = p.parent AND b.prohibition_ground IS NOT NULL \
    AND b.prohibition_number IS NOT g.spared_ban";

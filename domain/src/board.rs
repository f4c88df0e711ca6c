//! Board (公告栏): a public notice board of the district, a subdistrict or a community. A list is posted on it as it was made
//! from the ledger, and somebody looks whether it still hangs. In `board/<id>`.
//!
//! Invariants:
//! - what is posted names its digest and the position it was made at, so that whoever has the sheet can hold it against the
//!   same list made anew; whoever posts it is held to it ([`crate::shown_list`]);
//! - a list is never replaced by an older one.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::aggregate::{Concept, named};
use crate::facts::{Facts, Role};
use crate::permission::{Permission, anywhere};
use crate::record::Rebuilt;
use crate::rejection::Rejection;
use crate::said::{Photo, Private, Said, photos};

/// A board as its events left it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Board {
    /// What was found when somebody looked last, and when.
    pub checked: Option<(NaiveDate, Finding)>,
    /// Where it stands.
    pub place: Option<Place>,
    /// What was posted last, and when.
    pub posted: Option<(NaiveDate, Sheet)>,
}

/// Where a board stands, and for whom. All of it is public: so is the board.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Place {
    /// Whose board it is.
    pub level: Level,
    /// The area whose premises it tells of: a subdistrict or community as the register writes it; the whole district where
    /// absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<String>,
    /// Where it stands, as one finds it: a public place.
    pub place: String,
}

/// Whose board.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are those of the glossary")]
pub enum Level {
    Community,
    District,
    Subdistrict,
}

impl Level {
    /// Its name on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Community => "community",
            Self::District => "district",
            Self::Subdistrict => "subdistrict",
        }
    }
}

/// A list that hangs.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Sheet {
    /// Which list, made at which position, with its digest.
    #[serde(flatten)]
    pub list: Rebuilt,
    /// How many lines it has.
    pub lines: u32,
    /// The last day on which it should hang; until the next one where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
}

/// What was found on a look at a board.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Finding {
    Damaged,
    InOrder,
    Missing,
    Outdated,
}

impl Finding {
    /// Its name on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Damaged => "damaged",
            Self::InOrder => "in_order",
            Self::Missing => "missing",
            Self::Outdated => "outdated",
        }
    }
}

/// What can be asked.
#[derive(Clone, Debug, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", tag = "command")]
pub enum Command {
    /// Say how it was found.
    Check {
        /// What was found.
        finding: Finding,
        /// In words: private.
        #[serde(default)]
        notes: Option<String>,
        /// Photos: private.
        #[serde(default)]
        photos: Vec<Photo>,
    },
    /// Hang a list.
    Post {
        /// Which, and until when.
        #[serde(flatten)]
        sheet: Sheet,
        /// Photos: private.
        #[serde(default)]
        photos: Vec<Photo>,
    },
    /// Set it up.
    SetUp(Place),
}

/// What can have happened.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type")]
#[allow(missing_docs, reason = "the fields are those of the commands")]
pub enum Event {
    BoardChecked {
        finding: Finding,
        on: NaiveDate,
        by: String,
    },
    BoardPosted {
        #[serde(flatten)]
        sheet: Sheet,
        on: NaiveDate,
        by: String,
    },
    BoardSetUp {
        #[serde(flatten)]
        place: Place,
        by: String,
    },
}

named!(Event { BoardChecked, BoardPosted, BoardSetUp });

impl Concept for Board {
    const TYPE: &'static str = "board";
    type Command = Command;
    type Event = Event;

    fn open_to(command: &Command) -> &'static [Permission] {
        match command {
            Command::Check { .. } | Command::Post { .. } => {
                const {
                    &[
                        anywhere(Role::CommunityLead),
                        anywhere(Role::CommissionAdmin),
                        anywhere(Role::GridWorker),
                        anywhere(Role::StreetLead),
                    ]
                }
            }
            Command::SetUp(_) => LEADS,
        }
    }

    fn decide(&self, command: Command, facts: &Facts) -> Result<Vec<Said<Event>>, Rejection> {
        let (by, on) = (facts.actor.account.clone(), facts.today);
        Ok(vec![match (&self.place, command) {
            (None, Command::SetUp(place)) => {
                if place.place.trim().is_empty() {
                    return Err(Rejection::Malformed { field: "place", needs: "where it stands" });
                }
                if place.level != Level::District
                    && place.area.as_deref().unwrap_or_default().trim().is_empty()
                {
                    return Err(Rejection::Malformed { field: "area", needs: "the area it tells of" });
                }
                facts.must_work_in(LEADS, place.area.as_deref())?;
                Said::openly(Event::BoardSetUp { place, by })
            }
            (Some(place), Command::SetUp(again)) if *place == again => return Ok(vec![]),
            (Some(_), Command::SetUp(_)) => return Err(Rejection::AlreadyExists { what: "board" }),
            (None, _) => return Err(Rejection::NotFound { what: "board" }),
            (Some(_), Command::Check { finding, notes, photos: taken }) => {
                let private = Private::none().with("notes", notes).with("photos", photos(&taken));
                Said::with(Event::BoardChecked { finding, on, by }, private)
            }
            (Some(_), Command::Post { sheet, photos: taken }) => {
                self.must_be_newer(&sheet, facts)?;
                let private = Private::none().with("photos", photos(&taken));
                Said::with(Event::BoardPosted { sheet, on, by }, private)
            }
        }])
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::BoardChecked { finding, on, .. } => self.checked = Some((*on, *finding)),
            Event::BoardPosted { sheet, on, .. } => {
                self.posted = Some((*on, sheet.clone()));
                self.checked = None;
            }
            Event::BoardSetUp { place, .. } => self.place = Some(place.clone()),
        }
    }
}

impl Board {
    fn must_be_newer(&self, sheet: &Sheet, facts: &Facts) -> Result<(), Rejection> {
        sheet.list.must_be_the_list(Some(sheet.lines), facts.list_then.as_ref())?;
        if sheet.until.is_some_and(|until| until < facts.today) {
            return Err(Rejection::Malformed { field: "until", needs: "today or a later day" });
        }
        match &self.posted {
            Some((_, hangs)) if hangs.list.at > sheet.list.at => Err(Rejection::because(
                "sheet_is_older",
                json!({ "at": sheet.list.at, "hangs": hangs.list.at }),
            )),
            _ => Ok(()),
        }
    }
}

const LEADS: &[Permission] =
    &[anywhere(Role::CommunityLead), anywhere(Role::CommissionAdmin), anywhere(Role::StreetLead)];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Grant;
    use crate::given::{Given, day, given};

    fn place() -> Place {
        Place {
            level: Level::Community, area: Some("金龟".into()), place: "金龟社区党群服务中心门口".into()
        }
    }

    fn sheet(at: u64) -> Sheet {
        let list = Rebuilt { report: "sheet".into(), at, sha256: "ab".repeat(32) };
        Sheet { list, lines: 12, until: None }
    }

    fn set_up() -> Event {
        Event::BoardSetUp { place: place(), by: "a-1".into() }
    }

    fn lead(area: &str, events: Vec<Event>) -> Given<Board> {
        given(events)
            .by_grant(Grant {
                role: Role::CommunityLead,
                department: None,
                area: Some(area.into()),
                party: None,
            })
            .showing(&"ab".repeat(32), 12)
    }

    #[test]
    fn it_is_set_up_once_by_whoever_works_in_its_area() {
        lead("金龟", vec![]).when(Command::SetUp(place())).then([set_up()]);
        lead("田心", vec![]).when(Command::SetUp(place())).then_rejected("area_not_yours");
        lead("金龟", vec![set_up()]).when(Command::SetUp(place())).then([]);
        let elsewhere = Place { place: "村口".into(), ..place() };
        lead("金龟", vec![set_up()]).when(Command::SetUp(elsewhere)).then_rejected("already_exists");
        let of_nowhere = Place { area: None, ..place() };
        lead("金龟", vec![]).when(Command::SetUp(of_nowhere)).then_rejected("malformed");
        given::<Board>([]).by_role(Role::Owner).when(Command::SetUp(place())).then_rejected("role_needed");
    }

    #[test]
    fn what_hangs_is_never_replaced_by_an_older_list() {
        let post = |at| Command::Post { sheet: sheet(at), photos: vec![] };
        let posted = |at| Event::BoardPosted { sheet: sheet(at), on: day("2026-03-02"), by: "a-1".into() };
        lead("金龟", vec![]).when(post(7)).then_rejected("not_found");
        lead("金龟", vec![set_up()]).when(post(7)).then([posted(7)]);
        lead("金龟", vec![set_up(), posted(7)]).when(post(6)).then_rejected("sheet_is_older");
        lead("金龟", vec![set_up(), posted(7)]).when(post(7)).then([posted(7)]);
        let no_digest = Sheet { list: Rebuilt { sha256: "ab".into(), ..sheet(8).list }, ..sheet(8) };
        lead("金龟", vec![set_up()])
            .when(Command::Post { sheet: no_digest, photos: vec![] })
            .then_rejected("malformed");
        let shortened = Command::Post { sheet: Sheet { lines: 11, ..sheet(8) }, photos: vec![] };
        lead("金龟", vec![set_up()]).when(shortened).then_rejected("list_differs");
        let over = Sheet { until: Some(day("2026-03-01")), ..sheet(8) };
        lead("金龟", vec![set_up()])
            .when(Command::Post { sheet: over, photos: vec![] })
            .then_rejected("malformed");
    }

    #[test]
    fn a_look_holds_until_something_else_is_hung() {
        let check =
            Command::Check { finding: Finding::Missing, notes: Some("被撕下".into()), photos: vec![] };
        let said = lead("金龟", vec![set_up()]).when(check).said();
        let wire = serde_json::to_value(&said[0]).unwrap();
        assert_eq!(wire["private"]["notes"], "被撕下");
        let mut board = Board::default();
        board.evolve(&set_up());
        board.evolve(&said[0].event);
        assert_eq!(board.checked, Some((day("2026-03-02"), Finding::Missing)));
        board.evolve(&Event::BoardPosted { sheet: sheet(9), on: day("2026-03-03"), by: "a-1".into() });
        assert_eq!(board.checked, None);
    }
}

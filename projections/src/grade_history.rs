//! Grade history: a row for every determination, and for every other entry by which what binds changed.

use chrono::SecondsFormat;
use rusqlite::params;
use wuping_domain::event::Event;
use wuping_domain::grade;
use wuping_domain::recorded::Recorded;

use crate::error::ViewsError;
use crate::grade_book::{Change, GradeBook, Standing};
use crate::premises::id_of;
use crate::tx::{Tx, signed};

/// Raised when the fold or its rows change.
pub const VERSION: u32 = 4;

/// Take an entry: into the grade book, and as a row where it changed something.
///
/// # Errors
/// If the views file cannot be read or written.
pub fn apply(tx: &mut Tx, recorded: &Recorded<Event>) -> Result<(), ViewsError> {
    let (Event::Grade(event), Some(id)) = (&recorded.event, id_of(recorded)) else { return Ok(()) };
    let held = tx.held(id)?;
    let number = held.number.unwrap_or(recorded.position);
    let change = held.book.apply(recorded, event);
    let Some(line) = line(recorded, event, change, &held.book) else { return Ok(()) };
    let (standing, determination) =
        (line.standing.as_ref(), line.standing.as_ref().map(|s| &s.determination));
    let values = params![
        signed(number),
        id,
        signed(recorded.position),
        recorded.recorded_at.to_rfc3339_opts(SecondsFormat::Millis, true),
        line.kind,
        line.in_force,
        determination.map(|d| signed(d.number)),
        determination.map(|d| &d.assessment),
        determination.map(|d| d.assessed_on.to_string()),
        standing.map_or_else(|| recorded.holds_from(), |s| s.effective_from).to_string(),
        determination.map(|d| signed(d.score)),
        determination.and_then(|d| d.star),
        determination.and_then(|d| d.grade.as_ref()),
        determination.map(|d| &d.band),
        determination.and_then(|d| d.management_level.as_ref()),
        determination.and_then(|d| d.color.as_ref()),
        line.trigger,
        line.direction,
        standing.map(|s| &s.origin.scheme.id),
        standing.map(|s| &s.origin.scheme.sha256),
    ];
    tx.write(WRITE, values)
}

struct Line {
    direction: Option<String>,
    in_force: bool,
    kind: &'static str,
    standing: Option<Standing>,
    trigger: String,
}

/// What is said about an entry: what was determined by it, else what it changed.
fn line(recorded: &Recorded<Event>, event: &grade::Event, change: Change, book: &GradeBook) -> Option<Line> {
    if let Some(determined) = change.determined {
        let in_force =
            change.in_force.is_some_and(|now| now.is_some_and(|now| now.origin == determined.origin));
        return Some(Line {
            direction: Some(determined.determination.direction.clone()),
            in_force,
            kind: "determined",
            trigger: determined.determination.trigger.clone(),
            standing: Some(determined),
        });
    }
    let trigger = trigger(event)?.to_owned();
    let (kind, standing) = match (event, change.in_force) {
        (_, Some(Some(now))) => ("in_force", Some(now)),
        (_, Some(None)) => ("none_in_force", None),
        (grade::Event::AdverseGradeRefused { .. } | grade::Event::LiftFromProhibitedRefused { .. }, None) => {
            ("refused", book.latest())
        }
        (grade::Event::ProhibitionConfirmed { .. }, None) => ("prohibited", None),
        (grade::Event::ProhibitionLiftConfirmed { .. } | grade::Event::ProhibitionSetAside(_), None) => {
            ("prohibition_lifted", None)
        }
        _ => return None,
    };
    // What comes into force again by publication holds from that day on, not from when it was first determined.
    let standing = standing.map(|standing| Standing {
        effective_from: standing.effective_from.max(recorded.holds_from()),
        ..standing
    });
    Some(Line { direction: None, in_force: kind == "in_force", kind, standing, trigger })
}

const fn trigger(event: &grade::Event) -> Option<&'static str> {
    Some(match event {
        grade::Event::AdverseGradeConfirmed { .. } => "confirmed",
        grade::Event::AdverseGradeRefused { .. } => "refused",
        grade::Event::GradePublished { .. } => "published",
        grade::Event::GradeSetAside(_) => "set_aside",
        grade::Event::GradeUnpublished { .. } => "unpublished",
        grade::Event::LiftFromProhibitedConfirmed { .. } => "lift_confirmed",
        grade::Event::LiftFromProhibitedRefused { .. } => "refused",
        grade::Event::ProhibitionConfirmed { .. } => "prohibited",
        grade::Event::ProhibitionLiftConfirmed { .. } => "prohibition_lifted",
        grade::Event::ProhibitionSetAside(_) => "set_aside",
        grade::Event::GradeDetermined(_)
        | grade::Event::HearingRequested { .. }
        | grade::Event::OwnerReplied { .. }
        | grade::Event::PlaqueFoundMissing { .. }
        | grade::Event::PlaqueHung { .. }
        | grade::Event::PlaqueRemoved { .. }
        | grade::Event::ProhibitionLiftRefused { .. }
        | grade::Event::ProhibitionRefused { .. }
        | grade::Event::StatementConsidered { .. }
        | grade::Event::StatementInvited { .. }
        | grade::Event::StatementMade { .. }
        | grade::Event::VetoImposed(_)
        | grade::Event::VetoLifted(_) => return None,
    })
}

const WRITE: &str = "INSERT INTO grade_history VALUES \
    (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)";

//! Which steps a person may take now: asked of the rules themselves, with a sample of what would be filled in.

use serde_json::Value;
use wuping_domain::rejection::Rejection;

use super::filling::samples;
use super::reading::Matter;
use super::step::Step;
use super::words::is_about_a_field;
use crate::trying::{Answer, Trial};

/// A step, and whether it is this person's to take now.
pub(crate) struct Offered {
    /// The step.
    pub(crate) step: &'static Step,
    /// Whether and why not.
    pub(crate) standing: Standing,
}

/// Whether a step is somebody's to take now.
#[derive(Debug)]
pub(crate) enum Standing {
    /// It would be this person's, but for a rule that the page tells.
    Barred(Rejection),
    /// It is.
    Mine,
    /// It is somebody else's.
    Others(Rejection),
}

/// What stands open of these steps, in their order; what does not fit the state of the matter is left out.
pub(crate) fn offered(
    matter: &Matter,
    steps: impl Iterator<Item = &'static Step>,
    trial: impl Fn(&Step) -> Option<Trial>,
) -> Vec<Offered> {
    steps
        .filter_map(|step| Some(Offered { step, standing: standing(matter, step, &trial(step)?)? }))
        .collect()
}

fn standing(matter: &Matter, step: &Step, trial: &Trial) -> Option<Standing> {
    let mut found = None;
    for command in samples(matter, step) {
        match of_command(step, trial, &command) {
            Some(Standing::Mine) => return Some(Standing::Mine),
            other => found = found.or(other),
        }
    }
    found
}

fn of_command(step: &Step, trial: &Trial, command: &Value) -> Option<Standing> {
    // whether the matter is where the step belongs, whoever takes it
    match trial.answer_to_anybody(command) {
        Answer::New => {}
        Answer::Refused(refused) if ELSEWHERE.contains(&refused.code()) => return None,
        Answer::Refused(refused) if fits_another_hand(step, &refused) => {}
        Answer::Nothing | Answer::Refused(_) | Answer::Unreadable => return None,
    }
    match trial.answer(command) {
        Answer::New => Some(Standing::Mine),
        Answer::Refused(refused) if is_about_a_field(step, &refused) => Some(Standing::Mine),
        Answer::Refused(refused) => match refused {
            Rejection::DutiesSeparated { .. } | Rejection::Rule { .. } | Rejection::RulebookUnknown => {
                Some(Standing::Barred(refused))
            }
            Rejection::DepartmentNeeded { .. } | Rejection::RoleNeeded { .. } => {
                Some(Standing::Others(refused))
            }
            _ => None,
        },
        Answer::Nothing | Answer::Unreadable => None,
    }
}

/// Rules that say that the matter is elsewhere: what nobody may do as it stands, and few ever will, is not told of everywhere.
const ELSEWHERE: [&str; 1] = ["finding_stands"];

/// A refusal that does not say that the matter is elsewhere: of what was filled in, of whose it is, or of a rule.
fn fits_another_hand(step: &Step, refused: &Rejection) -> bool {
    is_about_a_field(step, refused)
        || matches!(
            refused,
            Rejection::DepartmentNeeded { .. }
                | Rejection::DutiesSeparated { .. }
                | Rejection::RoleNeeded { .. }
                | Rejection::Rule { .. }
                | Rejection::RulebookUnknown
        )
}

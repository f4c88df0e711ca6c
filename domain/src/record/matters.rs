//! Matters: everything a record may be about besides a correction, and who may say it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Command, Event, Matter, Record};
use crate::facts::{Facts, Role};
use crate::permission::{Permission, anywhere, in_area, on_beat};
use crate::rejection::Rejection;
use crate::said::{Private, Said};

/// A report made again from the ledger.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Rebuilt {
    /// Its name.
    pub report: String,
    /// The ledger's position it was made at.
    pub at: u64,
    /// SHA-256 of what was made, lower-case hex.
    pub sha256: String,
}

impl Rebuilt {
    /// Refuses what does not name a digest.
    pub(crate) fn must_name_a_digest(&self) -> Result<(), Rejection> {
        must_be_digest("sha256", &self.sha256)
    }
}

impl Record {
    pub(super) fn must_be_new(&self) -> Result<(), Rejection> {
        if self.matter.is_some() {
            return Err(Rejection::AlreadyExists { what: "record" });
        }
        Ok(())
    }

    /// Everything but a correction.
    pub(super) fn decide_matter(&self, command: Command, facts: &Facts) -> Result<Said<Event>, Rejection> {
        let (by, on) = (facts.actor.account.clone(), facts.today);
        Ok(match command {
            Command::ConfirmDoubtful { event_id, stream, recorded_by, reason } => {
                self.must_judge_doubt(&recorded_by, facts)?;
                let event = Event::DoubtfulRecordConfirmed { event_id, stream, recorded_by, by };
                Said::with(event, Private::none().with("reason", reason))
            }
            Command::WithdrawDoubtful { event_id, stream, recorded_by, reason } => {
                self.must_judge_doubt(&recorded_by, facts)?;
                let event = Event::DoubtfulRecordWithdrawn { event_id, stream, recorded_by, by };
                Said::with(event, Private::none().with("reason", reason))
            }
            Command::PublishCorrection { channels } => {
                self.must_wait_for_answer(Matter::Correction, "correction")?;
                must_name("channels", &channels)?;
                Said::openly(Event::CorrectionPublished { channels, by })
            }
            Command::IssueEvidence { sha256, to, basis, recipient } => {
                self.must_be_new()?;
                must_be_digest("sha256", &sha256)?;
                must_be_one_of(
                    "to",
                    &to,
                    RECIPIENTS,
                    "court, reconsideration_organ, prosecutor, party or auditor",
                )?;
                must_say("basis", &basis)?;
                let event = Event::EvidenceIssued { sha256, to, basis, on, by };
                Said::with(event, Private::none().with("recipient", recipient))
            }
            Command::Disclose { sequence, fields, digests, basis, to } => {
                must_hold_in_person(facts, &[Role::LegalOfficer])?;
                self.must_be_new()?;
                must_name("fields", &fields)?;
                if fields.len() != digests.len() {
                    let needs = "the names of the values, each with its digest";
                    return Err(Rejection::Malformed { field: "fields", needs });
                }
                must_say("basis", &basis)?;
                must_say("to", &to)?;
                let private = Private::none()
                    .with("basis", Some(basis.trim().to_owned()))
                    .with("to", Some(to.trim().to_owned()));
                Said::with(Event::DisclosureMade { by, digests, fields, sequence }, private)
            }
            Command::RebuildReport(rebuilt) => {
                self.must_be_new()?;
                must_say("report", &rebuilt.report)?;
                rebuilt.must_name_a_digest()?;
                Said::openly(Event::ReportRebuilt { rebuilt, by })
            }
            Command::RecordOnBehalf { stream, of, channel, name, scan } => {
                self.must_be_new()?;
                must_say("stream", &stream)?;
                must_be_one_of("of", &of, SPEAKERS, "owner, operator, steward, resident or department")?;
                must_be_one_of(
                    "channel",
                    &channel,
                    &["paper", "counter", "telephone"],
                    "paper, counter or telephone",
                )?;
                let private = Private::none().with("name", name).with("scan", scan);
                Said::with(Event::RecordedOnBehalf { stream, of, channel, by }, private)
            }
            other => self.decide_personal(other, facts)?,
        })
    }

    /// Requests of the persons whose data is held.
    fn decide_personal(&self, command: Command, facts: &Facts) -> Result<Said<Event>, Rejection> {
        let (by, on) = (facts.actor.account.clone(), facts.today);
        Ok(match command {
            Command::RequestErasure { streams, fields, basis, text } => {
                self.must_be_new()?;
                must_name("streams", &streams)?;
                must_name("fields", &fields)?;
                must_say("basis", &basis)?;
                let event = Event::ErasureRequested { streams, fields, basis, on, by };
                Said::with(event, Private::none().with("text", text))
            }
            Command::PostponeErasure { until, why } => {
                self.must_wait_for_answer(Matter::Erasure, "request to erase")?;
                must_be_one_of("why", &why, POSTPONED, "open_appeal, legal_retention or litigation")?;
                if until <= on {
                    return Err(Rejection::Malformed { field: "until", needs: "a later day" });
                }
                Said::openly(Event::ErasurePostponed { until, why, by })
            }
            Command::RequestPersonalData { what, text } => {
                self.must_be_new()?;
                must_be_one_of("what", &what, &["see", "copy", "correct"], "see, copy or correct")?;
                let event = Event::PersonalDataRequested { what, on, by };
                Said::with(event, Private::none().with("text", text))
            }
            Command::ProvidePersonalData { how, sha256 } => {
                self.must_wait_for_answer(Matter::PersonalData, "request about personal data")?;
                must_be_one_of("how", &how, &["paper", "file", "inspection"], "paper, file or inspection")?;
                if let Some(digest) = &sha256 {
                    must_be_digest("sha256", digest)?;
                }
                Said::openly(Event::PersonalDataProvided { how, sha256, on, by })
            }
            Command::CorrectPersonalData { stream, fields } => {
                self.must_wait_for_answer(Matter::PersonalData, "request about personal data")?;
                must_say("stream", &stream)?;
                must_name("fields", &fields)?;
                Said::openly(Event::PersonalDataCorrected { stream, fields, on, by })
            }
            _ => return Err(Rejection::NotFound { what: "matter of a record" }),
        })
    }

    /// A lead judges what somebody else recorded.
    fn must_judge_doubt(&self, recorded_by: &str, facts: &Facts) -> Result<(), Rejection> {
        self.must_be_new()?;
        must_say("recorded_by", recorded_by)?;
        if recorded_by == facts.actor.account {
            return Err(Rejection::because("own_record_in_doubt", Value::Null));
        }
        Ok(())
    }

    fn must_wait_for_answer(&self, matter: Matter, what: &'static str) -> Result<(), Rejection> {
        if self.matter != Some(matter) {
            return Err(Rejection::NotFound { what });
        }
        if self.answered {
            return Err(Rejection::WrongState { is: "answered", needs: "a request not answered yet" });
        }
        Ok(())
    }
}

/// Refuse unless the actor is a person who holds one of these roles: nobody answers for a disclosure by way of a channel.
fn must_hold_in_person(facts: &Facts, roles: &'static [Role]) -> Result<(), Rejection> {
    let holds = facts.actor.grants.iter().any(|grant| roles.contains(&grant.role));
    if holds && !facts.actor.received { Ok(()) } else { Err(Rejection::RoleNeeded { roles: roles.to_vec() }) }
}

fn must_say(field: &'static str, text: &str) -> Result<(), Rejection> {
    if text.trim().is_empty() {
        return Err(Rejection::Malformed { field, needs: "a word at least" });
    }
    Ok(())
}

fn must_name(field: &'static str, names: &[String]) -> Result<(), Rejection> {
    if names.is_empty() || names.iter().any(|name| name.trim().is_empty()) {
        return Err(Rejection::Malformed { field, needs: "at least one name, and no empty one" });
    }
    Ok(())
}

fn must_be_one_of(
    field: &'static str,
    text: &str,
    known: &[&str],
    needs: &'static str,
) -> Result<(), Rejection> {
    if known.contains(&text) { Ok(()) } else { Err(Rejection::Malformed { field, needs }) }
}

fn must_be_digest(field: &'static str, text: &str) -> Result<(), Rejection> {
    if text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return Ok(());
    }
    Err(Rejection::Malformed { field, needs: "a SHA-256 of 64 lower-case hexadecimal digits" })
}

const POSTPONED: &[&str] = &["open_appeal", "legal_retention", "litigation"];
/// Whom evidence is given out to, by a code.
pub const RECIPIENTS: &[&str] = &["court", "reconsideration_organ", "prosecutor", "party", "auditor"];
const SPEAKERS: &[&str] = &["owner", "operator", "steward", "resident", "department"];

/// Who may record what.
pub(super) fn open_to(command: &Command) -> &'static [Permission] {
    match command {
        Command::ConfirmDoubtful { .. } | Command::WithdrawDoubtful { .. } => {
            const { &[in_area(Role::StreetLead), in_area(Role::CommunityLead), anywhere(Role::LegalOfficer)] }
        }
        Command::Correct { .. } => {
            const { &[on_beat(Role::GridWorker), anywhere(Role::DepartmentOfficer), anywhere(Role::DataClerk)] }
        }
        Command::CorrectPersonalData { .. } => {
            const { &[anywhere(Role::LegalOfficer), anywhere(Role::DataClerk)] }
        }
        Command::Disclose { .. }
        | Command::IssueEvidence { .. }
        | Command::PostponeErasure { .. }
        | Command::ProvidePersonalData { .. }
        | Command::RequestErasure { .. } => const { &[anywhere(Role::LegalOfficer)] },
        Command::PublishCorrection { .. } => {
            const { &[anywhere(Role::LegalOfficer), anywhere(Role::DepartmentOfficer), anywhere(Role::DataClerk)] }
        }
        Command::RebuildReport(_) => const { &[anywhere(Role::Administrator), anywhere(Role::Auditor)] },
        Command::RecordOnBehalf { .. } => {
            const {
                &[
                    anywhere(Role::GridWorker),
                    anywhere(Role::DepartmentOfficer),
                    anywhere(Role::LegalOfficer),
                    anywhere(Role::StreetLead),
                    anywhere(Role::CommunityLead),
                    anywhere(Role::DataClerk),
                    anywhere(Role::Dispatcher),
                ]
            }
        }
        // everybody whose data is held; who has no key says it to an officer
        Command::RequestPersonalData { .. } => {
            const {
                &[
                    anywhere(Role::Owner),
                    anywhere(Role::Operator),
                    anywhere(Role::Steward),
                    anywhere(Role::LegalOfficer),
                    anywhere(Role::GridWorker),
                ]
            }
        }
    }
}

//! What a form of a credit file offers to choose from, out of the file itself and of the policy.

use serde_json::{Value, json};
use wuping_domain::credit::CreditFile;

use super::reading::Matter;
use super::step::Source;

/// The choices of a source of a credit file.
pub(super) fn from(matter: &Matter, source: Source) -> Vec<(String, String)> {
    let (lang, file) = (matter.lang, matter.trial.state::<CreditFile>());
    let of = |number: &u64, words: String| (number.to_string(), format!("{number}. {words}"));
    match source {
        Source::CreditKinds => {
            let policy = matter.rulebook().and_then(|rulebook| rulebook.policy.credit.as_ref());
            let kinds = policy.into_iter().flat_map(|policy| &policy.conduct);
            kinds.map(|rule| (rule.id.clone(), lang.credit(&rule.id).to_owned())).collect()
        }
        Source::CreditObjections => {
            let open = file.objections.iter().filter(|(_, objection)| objection.decided.is_none());
            open.map(|(number, objection)| of(number, lang.day(objection.on))).collect()
        }
        Source::CreditRepairs => {
            let open = file.repairs.iter().filter(|(_, case)| case.decided.is_none());
            open.map(|(number, case)| of(number, lang.day(case.on))).collect()
        }
        Source::CreditReports => {
            let waiting =
                file.reports.iter().filter(|(_, report)| ["waits", "recall_waits"].contains(&report.state()));
            waiting.map(|(number, report)| of(number, lang.day(report.on))).collect()
        }
        _ => records(matter, &file).into_iter().map(|(number, words)| of(&number, words)).collect(),
    }
}

/// Parts of the file that are told, published and objected to by themselves.
pub(super) fn parts(matter: &Matter) -> Vec<(String, String)> {
    let (lang, file) = (matter.lang, matter.trial.state::<CreditFile>());
    let class = file.rating.as_ref().and_then(|rating| {
        let class = rating.class.as_ref()?;
        let words = format!("{}{}", lang.pick("信用等级：", "Class: "), lang.credit(&class.shown));
        Some((format!("{CLASS}#{}", rating.number), words))
    });
    let records = records(matter, &file).into_iter();
    let records =
        records.map(|(number, words)| (format!("{CONDUCT}#{number}"), format!("{number}. {words}")));
    class.into_iter().chain(records).collect()
}

/// What a choice of a part stands for.
pub(super) fn part_of(chosen: &str) -> Option<Value> {
    let (what, number) = chosen.split_once('#')?;
    let number: u64 = number.parse().ok()?;
    Some(match what {
        CLASS => json!({ "what": CLASS, "rating": number }),
        _ => json!({ "what": CONDUCT, "number": number }),
    })
}

/// Number of the newest rating; 0 where there is none.
pub(super) fn newest_rating(matter: &Matter) -> u64 {
    matter.trial.state::<CreditFile>().rating.map_or(0, |rating| rating.number)
}

/// The records that stand, newest first.
fn records(matter: &Matter, file: &CreditFile) -> Vec<(u64, String)> {
    let lang = matter.lang;
    let standing = file.conduct.iter().rev().filter(|(_, on_file)| on_file.stands());
    let told = |on_file: &wuping_domain::credit::OnFile| {
        let conduct = &on_file.conduct;
        format!("{} {}", lang.credit(&conduct.conduct), conduct.basis.document_number)
    };
    standing.map(|(number, on_file)| (*number, told(on_file))).collect()
}

const CLASS: &str = "class";
const CONDUCT: &str = "conduct";

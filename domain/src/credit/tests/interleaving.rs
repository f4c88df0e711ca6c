//! No interleaving of what many people do leaves a published record without a living basis.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::json;

use super::*;

/// Whether everything public has a living basis, and everything that is not public any more is called back.
fn nothing_is_public_without_a_basis(town: &Town) -> Result<(), TestCaseError> {
    let policy = crate::shipped::pingshan(Layer::Unit).policy.credit.unwrap();
    for (key, subject) in town.log.subjects.iter().filter(|(key, _)| key.starts_with("party/")) {
        let file: &CreditFile = &subject.credit.state;
        for (item, published) in &file.published {
            prop_assert!(published.report.is_some(), "{key} {item:?} is not in the outbox");
            match item {
                Item::Conduct { number } => {
                    let on_file = &file.conduct[number];
                    prop_assert!(on_file.stands(), "{key} {item:?} has ended and is public");
                    prop_assert!(
                        basis::stands(&policy, &on_file.conduct, &town.log.subjects),
                        "{key} {item:?} rests on nothing"
                    );
                    let basis = on_file.conduct.basis.stream.as_ref();
                    prop_assert!(
                        basis.is_none_or(|stream| !town.put_right.contains(stream)),
                        "{key} {item:?} outlives what was put right"
                    );
                    prop_assert!(
                        published.until.is_some_and(|until| town.on < until),
                        "{key} {item:?} is over"
                    );
                    let told = file.told.get(item).copied();
                    prop_assert!(
                        told.is_some_and(|told| told + chrono::Days::new(3) < published.on),
                        "{key} {item:?} is public since {}, told {told:?}",
                        published.on
                    );
                }
                Item::Class { .. } => {
                    let may = file.rating.as_ref().and_then(|of| of.class.as_ref()?.published_class.clone());
                    prop_assert_eq!(&may, &published.class, "another class is public than counts");
                    prop_assert!(subject.party.merged_into.is_none());
                }
            }
        }
        for report in file.reports.values() {
            let public = file.published.values().any(|published| {
                published.report.is_some_and(|number| std::ptr::eq(report, &file.reports[&number]))
            });
            prop_assert!(
                public || report.recalled_on.is_some(),
                "{key}: the platform still shows {:?}",
                report.item
            );
        }
    }
    Ok(())
}

/// One step of a walk: what, of which record, and how long nothing happens afterwards.
type Step = (usize, u64, u64);

impl Town {
    /// A town of two companies, of which one did not put two serious hazards of its units right: one that an officer found and one
    /// that an assessment did.
    fn of_two() -> Self {
        let mut town = Self::of("enterprise");
        town.registers("y-3", "enterprise");
        town.log.registered("p-2", Layer::Unit, Some("b-1"));
        let named = json!({ "type": "ResponsiblePartyNamed", "party": "y-3", "role": "operator" });
        town.log.hears("2025-01-05", "premises/p-2", &named);
        town.log.assessed("2025-01-10", "p-2", "a-1", "first", Layer::Unit, &json!({}));
        town.fails_for_its_wiring();
        town.falls_overdue();
        town
    }

    /// Whatever is asked, or happens; what is refused is refused.
    fn walks(&mut self, (what, number, days): Step) {
        let other = "party/y-3/credit";
        let rating = |file: &CreditFile| file.rating.as_ref().map_or(0, |rating| rating.number);
        let (ours, theirs, told) = (rating(self.file()), rating(self.file_of("y-3")), self.at());
        let repair = json!({ "command": "decide_repair", "number": number, "granted": true, "corrected": true,
            "document_number": "1" });
        let (file, account, command) = match what {
            0 => (FILE, "dept-1", conduct("commitment_breached", "minor", &told)),
            1 => (other, "dept-1", conduct("false_materials", "serious", &told)),
            2 => (FILE, "officer-2", notice(&conduct_item(number))),
            3 => (other, "officer-2", notice(&conduct_item(number))),
            4 => (FILE, "officer-2", publish(&conduct_item(number))),
            5 => (other, "officer-2", publish(&conduct_item(number))),
            6 => (FILE, "owner-1", object(&conduct_item(number))),
            7 => (FILE, "officer-2", decide_objection(number, days % 2 == 0)),
            8 => (
                FILE,
                "owner-1",
                json!({ "command": "request_repair", "conduct": number, "commitment": true }),
            ),
            9 => (FILE, "officer-2", repair),
            10 => (FILE, "officer-2", notice(&class_item(ours))),
            11 => (FILE, "officer-2", publish(&class_item(ours))),
            12 => (other, "officer-2", publish(&class_item(theirs))),
            13 => {
                self.hazard_is_set_aside();
                (FILE, "officer-2", notice(&class_item(ours)))
            }
            14 => {
                let merged =
                    json!({ "type": "PartyMerged", "into": "y-1", "why": "same_uscc", "by": "a-clerk" });
                let at = self.at();
                self.log.hears(&at, "party/y-3", &merged);
                (FILE, "officer-2", notice(&class_item(ours)))
            }
            15 => {
                self.wiring_is_decided("varied", &json!({ "electrical_wiring": "compliant" }));
                (FILE, "officer-2", publish(&class_item(ours)))
            }
            16 => {
                self.wiring_is_decided("upheld", &json!({}));
                (FILE, "officer-2", publish(&conduct_item(number)))
            }
            17 => {
                self.wiring_is_corrected();
                (FILE, "officer-2", publish(&conduct_item(number)))
            }
            _ => (FILE, "dept-1", conduct("defies_prohibition", "serious", &told)),
        };
        drop(self.asks_of(file, account, command));
        self.later(days * days);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn no_interleaving_leaves_a_published_record_without_a_living_basis(
        steps in prop::collection::vec((0..19usize, 1..3u64, 0..12u64), 1..40),
    ) {
        let mut town = Town::of_two();
        for step in steps {
            town.walks(step);
            nothing_is_public_without_a_basis(&town)?;
        }
    }
}

/// The walks are no idle ones: something is published by them, and ends in every way there is.
#[test]
fn the_walks_of_these_tests_publish_and_end_what_they_publish() {
    let mut why = BTreeSet::new();
    let walks: [&[Step]; 7] = [
        &[(2, 2, 2), (4, 2, 0), (13, 1, 1)],
        &[(2, 1, 2), (4, 1, 0), (6, 1, 0), (7, 1, 0)],
        &[(2, 1, 2), (4, 1, 10), (8, 1, 0), (9, 1, 0)],
        &[(2, 1, 2), (4, 1, 11), (0, 1, 11), (0, 1, 11), (0, 1, 11)],
        &[(2, 1, 2), (4, 1, 0), (15, 1, 0)],
        &[(12, 1, 0), (14, 1, 0)],
        &[(10, 1, 2), (11, 1, 0), (13, 1, 0), (15, 1, 1)],
    ];
    for walk in walks {
        let mut town = Town::of_two();
        for step in walk {
            town.walks(*step);
            nothing_is_public_without_a_basis(&town).unwrap();
        }
        let files = ["y-1", "y-3"].map(|party| town.file_of(party).reports.clone());
        why.extend(
            files.iter().flat_map(|reports| reports.values()).filter_map(|report| report.ended.clone()),
        );
    }
    let ways = ["basis_set_aside", "merged", "objection_upheld", "repaired", "span_over", "superseded"];
    assert_eq!(why.iter().map(String::as_str).collect::<Vec<_>>(), ways);
}

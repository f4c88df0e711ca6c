//! The whole: many people, many premises and the runner at once, without a store. Whatever is asked, by whomever and in
//! whatever order, each invariant of docs/architecture.md that the rules hold is true after every step.

mod district;
mod invariants;
mod ten_years;

use proptest::prelude::*;

use self::district::{ASKED, District};
use self::invariants::Auditor;

/// What is asked, by whom, of which premises, how many days later, whether a runner came by, and whether an earlier command
/// is sent once more.
type Step = (usize, usize, usize, u32, bool, bool);

fn step() -> impl Strategy<Value = Step> {
    (0..ASKED, 0..24usize, 0..4usize, 0..12u32, any::<bool>(), any::<bool>())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn any_interleaving_of_commands_leaves_every_invariant_true(steps in prop::collection::vec(step(), 1..60)) {
        let (mut district, mut auditor) = (District::founded(), Auditor::default());
        for (n, who, place, days, runs, again) in steps {
            district.days_pass(days);
            if runs {
                district.runner_comes_by();
            }
            district.asks(n, who, place);
            if again {
                district.repeats(n * 7 + who);
            }
            auditor.looks_at(&district)?;
        }
        district.days_pass(3);
        district.runner_comes_by();
        auditor.looks_at(&district)?;
        auditor.all_is_settled(&district)?;
        let (before, told) = (district.log.entries.len(), district.outcomes());
        for n in (0..told.len()).rev().chain(0..told.len()) {
            district.repeats(n);
        }
        prop_assert_eq!(district.outcomes(), told, "a repeat in any order gets the first outcome");
        prop_assert_eq!(district.log.entries.len(), before, "and makes no second event");
        district.runner_comes_by();
        prop_assert_eq!(district.log.entries.len(), before, "nor does a runner that comes again");
    }
}

/// The steps are no idle ones: over a fixed walk through them people get through with most of what can be asked.
#[test]
fn the_commands_of_these_tests_are_accepted_often_enough_to_mean_something() {
    let mut district = District::founded();
    for round in 0..12 {
        for n in 0..ASKED {
            // a statement may be made for some days before anybody confirms
            district.days_pass(if n == 11 { 8 } else { 1 });
            // an owner that does nothing, every other time
            if [5, 6, 14].contains(&n) && round % 2 == 1 {
                continue;
            }
            district.asks(n, 23, round % 3);
        }
        district.runner_comes_by();
    }
    let mut kinds: Vec<&str> =
        district.log.entries.iter().filter_map(|entry| entry.data["type"].as_str()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    for kind in [
        "AdverseGradeConfirmed",
        "AdverseGradeRefused",
        "AlertIssued",
        "AppealDecided",
        "AppealFiled",
        "FactCorrected",
        "GradeDetermined",
        "GradeSetAside",
        "HazardClosed",
        "HazardFellOverdue",
        "HazardReviewed",
        "IncidentConfirmed",
        "NoticeServed",
        "OutcomeRecorded",
        "PatrolAssigned",
        "PatrolMissed",
        "ProhibitionConfirmed",
        "ProhibitionLiftConfirmed",
        "ProhibitionRefused",
        "RectificationAccepted",
        "ReportSubstantiated",
        "SuspensionOrdered",
        "VetoImposed",
        "VisitMade",
    ] {
        assert!(kinds.contains(&kind), "{kind} never happens: {kinds:?}");
    }
}

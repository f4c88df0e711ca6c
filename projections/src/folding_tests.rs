//! What always holds of the folds: however the log is cut, however little is held in memory, the views are the same.

use proptest::prelude::*;
use serde_json::{Value, json};
use wuping_domain::derivation::SchemeRef;
use wuping_domain::rulebook::Layer;

use crate::build::{Plan, build};
use crate::held::CAPACITY;
use crate::pool::Views;
use crate::projector::Projector;
use crate::test_log::{Graded, TestLog, day};

/// One thing that happens, to one of a few premises.
#[derive(Clone, Debug)]
struct Happening {
    kind: usize,
    premises: usize,
    case: usize,
    star: u8,
    waits: bool,
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    // A third of what happens is a determination, three in four of the kind that binds at once; a third is of hazards.
    let kind = prop_oneof![0..KINDS, Just(DETERMINED), HAZARD];
    let one = (kind, 0..PREMISES.len(), 0..3_usize, 0..6_u8, prop::bool::weighted(0.25));
    let one =
        one.prop_map(|(kind, premises, case, star, waits)| Happening { kind, premises, case, star, waits });
    // Most premises are registered before anything happens to them.
    let registered = prop::collection::vec(prop::bool::weighted(0.9), PREMISES.len());
    (registered, prop::collection::vec(one, 1..100)).prop_map(|(registered, happenings)| {
        let first = registered.into_iter().enumerate().filter(|(_, registered)| *registered);
        let first =
            first.map(|(premises, _)| Happening { kind: 0, premises, case: 0, star: 0, waits: false });
        first.chain(happenings).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn views_kept_up_in_any_batches_are_those_built_anew(
        happenings in happenings(),
        cuts in prop::collection::vec(1..12_usize, 1..12),
        capacity in prop::sample::select(vec![0_usize, 2, 4, CAPACITY]),
        reopens in any::<bool>(),
    ) {
        let mut log = TestLog::new();
        let path = log.views_path();
        let plan = Plan { capacity, ..Plan::of_all(&path) };
        build(&log.reader, &log.rulebooks(), &plan, |_| ()).unwrap();
        let mut projector = Projector::open(&path, log.rulebooks(), capacity).unwrap();
        let mut earlier = None;
        let mut left = happenings.as_slice();
        for (n, cut) in cuts.iter().cycle().enumerate() {
            let (now, later) = left.split_at((*cut).min(left.len()));
            for (at, happening) in now.iter().enumerate() {
                happen(&mut log, happening, happenings.len() - left.len() + at);
            }
            log.commit();
            if reopens {
                projector = Projector::open(&path, log.rulebooks(), capacity).unwrap();
            }
            let position = projector.catch_up(&log.reader).unwrap();
            if n == 1 {
                earlier = position.zip(Some(Views::at(&path).digest().unwrap().0));
            }
            left = later;
            if left.is_empty() {
                break;
            }
        }
        let (live, progress) = Views::at(&path).digest().unwrap();
        prop_assert_eq!(&live, &log.rebuilt(None, CAPACITY), "built anew, all in memory");
        prop_assert_eq!(&live, &log.rebuilt(None, 0), "built anew, nearly nothing in memory");
        prop_assert_eq!(progress.tree_root(), log.reader.head().unwrap().unwrap().frontier.root().hex());
        if let Some((position, digest)) = earlier {
            prop_assert_eq!(digest, log.rebuilt(Some(position), CAPACITY), "as it was at {}", position);
        }
    }
}

#[test]
fn a_house_closed_before_anything_ran_there_is_known_to_be_closed_when_the_views_are_opened_again() {
    // It would be asked to warn those who live there by a grade determined later, where nobody lives any more.
    opened_again_after_each(&[0, 2, 3, DETERMINED]);
}

#[test]
fn a_plaque_hung_before_anything_was_determined_hangs_when_the_views_are_opened_again() {
    opened_again_after_each(&[0, 43, 3, DETERMINED]);
}

/// What happens to a house, one after another, the views opened anew for each, is what views built anew say.
fn opened_again_after_each(kinds: &[usize]) {
    let mut log = TestLog::new();
    let path = log.views_path();
    build(&log.reader, &log.rulebooks(), &Plan::of_all(&path), |_| ()).unwrap();
    for (n, kind) in kinds.iter().enumerate() {
        happen(&mut log, &Happening { kind: *kind, premises: 0, case: 0, star: 0, waits: false }, n);
        log.commit();
        let mut projector = Projector::open(&path, log.rulebooks(), 0).unwrap();
        projector.catch_up(&log.reader).unwrap();
    }
    assert_eq!(Views::at(&path).digest().unwrap().0, log.rebuilt(None, CAPACITY));
}

#[test]
fn every_kind_of_happening_changes_the_views() {
    // Else the property above would hold of happenings that say nothing.
    let mut log = TestLog::new();
    for premises in 0..PREMISES.len() {
        happen(&mut log, &Happening { kind: 0, premises, case: 0, star: 5, waits: false }, 1);
    }
    let mut digests = vec![];
    for (n, (kind, waits, star)) in LIFE.into_iter().enumerate() {
        happen(&mut log, &Happening { kind, premises: 0, case: 0, star, waits }, 10 + n);
        log.commit();
        digests.push(log.rebuilt(None, CAPACITY));
    }
    digests.dedup();
    assert_eq!(digests.len(), LIFE.len());
}

/// One premises' life, by kind of happening, whether it waits, and star.
const LIFE: [(usize, bool, u8); 46] = [
    (3, false, 0),
    (4, false, 0),
    (5, false, 0),
    (6, false, 5),
    (43, false, 0),
    (6, true, 1),
    (23, false, 0),
    (7, false, 0),
    (8, false, 0),
    (9, false, 0),
    (10, false, 0),
    (20, false, 0),
    (19, true, 0),
    (11, false, 0),
    (12, false, 0),
    (13, false, 0),
    (14, false, 0),
    (15, false, 0),
    (16, false, 0),
    (17, false, 0),
    (24, false, 0),
    (18, false, 0),
    (3, false, 0),
    (25, false, 0),
    (21, false, 0),
    (22, true, 0),
    (26, false, 0),
    (27, false, 0),
    (28, false, 0),
    (29, false, 0),
    (30, false, 0),
    (31, false, 0),
    (32, false, 0),
    (33, false, 0),
    (10, false, 0),
    (36, false, 0),
    (34, false, 0),
    (35, false, 0),
    (37, false, 0),
    (38, false, 0),
    (39, false, 0),
    (40, false, 0),
    (41, false, 0),
    (42, false, 0),
    (1, false, 0),
    (2, false, 0),
];

fn happen(log: &mut TestLog, happening: &Happening, n: usize) {
    let (id, layer, parent) = PREMISES[happening.premises];
    let on = day(i64::try_from(n).unwrap());
    let (case, stream) = (format!("c-{}", happening.case), format!("premises/{id}"));
    let (assessment, hazard) = (format!("{stream}/assessment/{case}"), format!("{stream}/hazard/{case}"));
    let grade = format!("{stream}/grade");
    let scheme = log.scheme("pingshan", layer);
    let mut say = |stream: &str, event: Value| {
        log.say(stream, &on, &event);
    };
    match happening.kind {
        0 => {
            let codes = json!({"house_code": format!("44030{}", happening.premises)});
            log.register(id, json!({"layer": layer.to_string(), "parent": parent, "codes": codes}));
        }
        1 => say(
            &stream,
            json!({"type": "PremisesAmended", "why": "misread", "changes": {"address": format!("碧岭街道{n}号")}}),
        ),
        2 => say(&stream, json!({"type": "PremisesClosed", "on": on, "why": "demolished"})),
        3 => say(
            &assessment,
            json!({"type": "AssessmentOpened", "scheme": scheme, "reason": "periodic", "lead": "u-1"}),
        ),
        4 => {
            let indicator = if layer == Layer::Unit { "U-A1" } else { "B-A1" };
            say(
                &assessment,
                json!({"type": "IndicatorsChecked", "by": "u-1", "results": [{"indicator": indicator, "outcome": "met"}]}),
            );
        }
        5 => say(&assessment, json!({"type": "AssessmentSubmitted", "by": "u-1"})),
        6 => {
            let graded = Graded {
                assessment: &case,
                assessed_on: &day(i64::try_from(happening.case).unwrap()),
                layer,
                on: &on,
                star: happening.star,
                waits: happening.waits,
            };
            log.determine(id, &graded);
        }
        7 => {
            let confirmed = json!({
                "type": "AdverseGradeConfirmed", "determination": happening.case + 2, "on": on, "document_number": "1",
                "by": "u-2"
            });
            say(&grade, confirmed);
        }
        8 => say(&grade, json!({"type": "GradeUnpublished", "assessment": case, "why": "mistake"})),
        9 => say(&grade, json!({"type": "GradePublished", "assessment": case, "why": "mistake"})),
        10 => {
            let found = json!({
                "type": "HazardFound", "indicator": "U-A1", "severity": "serious", "works": "repair", "competent": "fire",
                "source": "patrol", "suspected": true, "by": "u-1"
            });
            say(&hazard, found);
        }
        11 => say(&hazard, json!({"type": "HazardReviewed", "outcome": "confirmed", "by": "u-2"})),
        12 => say(&hazard, json!({"type": "RectificationAccepted", "by": "u-2"})),
        13 => say(&hazard, json!({"type": "HazardClosed", "how": "rectified"})),
        14 => {
            say(&format!("{stream}/visit/v-{n}"), json!({"type": "VisitMade", "kind": "patrol", "by": "u-1"}))
        }
        15 => {
            let account = format!("account/u-{}", happening.case);
            say(&account, json!({"type": "AccountOpened"}));
            say(&account, json!({"type": "RoleGranted", "role": "grid_worker", "area": format!("area-{n}")}));
        }
        16 => {
            let enrolled = json!({"type": "KeyEnrolled", "kid": format!("k-{case}"), "holder": "u-1", "role": "officer"});
            say("keys/1", enrolled);
        }
        17 => say(
            &grade,
            json!({
                "type": "ProhibitionConfirmed", "ground": "g", "authority": "a", "scope": "vacate", "document_number": "2",
                "proposer": "u-3", "by": "u-2"
            }),
        ),
        18 => say(&grade, json!({"type": "ProhibitionLiftConfirmed", "document_number": "3", "by": "u-2"})),
        19 => say(
            &hazard,
            json!({"type": "MajorHazardDetermined", "major": happening.waits, "document_number": "4", "by": "u-4"}),
        ),
        20 => say(
            &hazard,
            json!({"type": "HazardReviewed", "outcome": {"passed_on": {"to": format!("d-{n}")}}, "by": "u-2"}),
        ),
        21 => {
            let moved = json!({
                "type": "PremisesMoved", "subdistrict": format!("s-{}", happening.case), "community": "", "grid_cell": "",
                "why": "recoded"
            });
            say(&stream, moved);
        }
        22 => say(
            &stream,
            json!({"type": "OccupancyChanged", "vacant": happening.waits, "residents_band": null}),
        ),
        23 => {
            let invited = json!({
                "type": "StatementInvited", "determination": happening.case + 2, "served_on": on, "method": "post", "by": "u-2"
            });
            say(&grade, invited);
        }
        24 => {
            say(
                "keys/1",
                json!({"type": "KeyRevoked", "kid": format!("k-{case}"), "reason": "lost", "suspect_from": n}),
            );
        }
        25 => say(&assessment, json!({"type": "AssessmentWithdrawn", "why": "wrong_house"})),
        26 => say(
            &stream,
            json!({"type": "ResponsiblePartyNamed", "party": format!("y-{}", happening.case), "role": "owner"}),
        ),
        kind => {
            let (of, event) = matter(kind, &stream, &case, &on, &scheme);
            log.say(&of, &on, &event);
        }
    }
}

/// What happens to matters of every other kind.
fn matter(kind: usize, stream: &str, case: &str, on: &str, scheme: &SchemeRef) -> (String, Value) {
    let under = |of: &str| format!("{stream}/{of}/{case}");
    let derived = |event: &str, result: Value| json!({"type": event, "derivation": {"scheme": scheme, "subjects": [stream]}, "result": result});
    match kind {
        27 => (under("report"), json!({"type": "ReportFiled", "category": "fire"})),
        28 => (
            under("report"),
            json!({"type": "ReportTriaged", "outcome": {"check": {"with": "fire"}}, "by": "u-1"}),
        ),
        29 => (under("report"), json!({"type": "ReportAnswered", "answer": "unfixed", "by": "u-1"})),
        30 => (under("report"), json!({"type": "ReportReopened"})),
        31 => (
            under("task"),
            json!({"type": "TaskDispatched", "kind": "visit", "to": "fire", "due": on, "by": "u-5"}),
        ),
        32 => (under("task"), json!({"type": "TaskTaken", "by": "u-1"})),
        33 => (under("task"), json!({"type": "TaskDone", "by": "u-1"})),
        34 => (
            under("notice"),
            json!({
                "type": "NoticeIssued", "kind": "rectification", "about": under("hazard"), "to": "y-1", "authority": "a",
                "document_number": "1", "legal_basis": "l", "handling_officers": ["u-2"], "text_version": "1", "on": on,
                "by": "u-2"
            }),
        ),
        35 => (
            under("notice"),
            json!({"type": "NoticeServed", "method": "direct", "on": on, "witnesses": 0, "by": "u-1"}),
        ),
        36 => (
            under("hazard"),
            json!({"type": "RectificationOrdered", "parties": ["y-1"], "days": 7, "document_number": "1", "by": "u-2"}),
        ),
        37 => (
            under("appeal"),
            json!({
                "type": "AppealFiled", "against": {"stream": format!("{stream}/grade"), "determination": 1}, "on": on,
                "authorised": true, "by": "u-9"
            }),
        ),
        38 => (
            under("appeal"),
            json!({"type": "AppealAdmitted", "on": on, "decide_by": on, "safety_measures_suspended": false, "by": "u-8"}),
        ),
        39 => (under("appeal"), json!({"type": "AppealWithdrawn", "on": on, "by": "u-9"})),
        40 => (
            under("reevaluation"),
            json!({"type": "ReevaluationRequested", "why": "rectified", "on": on, "photos": 0, "by": "u-9"}),
        ),
        41 => (
            format!("alert/{case}"),
            json!({
                "type": "AlertIssued", "kind": "typhoon", "colour": "blue", "areas": ["石井"],
                "issued_at": "2026-01-01T02:00:00Z", "effective_at": "2026-01-02T02:00:00Z"
            }),
        ),
        42 => (format!("alert/{case}"), json!({"type": "AlertLifted", "safe_on": on})),
        43 => (
            format!("{stream}/grade"),
            json!({"type": "PlaqueHung", "plaque": "grade_plaque", "shows": 3, "place": "entrance", "on": on, "by": "u-1"}),
        ),
        _ => {
            let assigned = json!({"counted_from": on, "due": on, "rule": "week"});
            (format!("{stream}/patrol/2026"), derived("PatrolAssigned", assigned))
        }
    }
}

const DETERMINED: usize = 6;

const HAZARD: std::ops::Range<usize> = 10..14;

const KINDS: usize = 45;

const PREMISES: [(&str, Layer, Option<&str>); 4] = [
    ("b-1", Layer::Building, None),
    ("u-1", Layer::Unit, Some("b-1")),
    ("u-2", Layer::Unit, Some("b-1")),
    ("b-2", Layer::Building, None),
];

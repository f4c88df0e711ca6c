//! A real ledger under many people at once: whatever order the commands of a day come in, however often each is sent, the
//! ledger stays sound and a repeat gets the first outcome.

use std::time::Duration;

use proptest::prelude::*;
use wuping_replay::verify::verify_folder;

use super::*;
use crate::app::Done;
use crate::runner::Runner;

/// What was told to a command: the position it was recorded at, or why not.
#[derive(Clone, Debug, PartialEq)]
enum Told {
    Recorded(u64),
    Nothing,
    Refused,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3, ..ProptestConfig::default() })]

    #[test]
    fn any_interleaving_over_a_real_ledger_is_sound_and_repeats_give_the_first_outcome(
        seed in any::<u64>(),
        order in prop::collection::vec(any::<u32>(), 24),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(lived(seed, &order));
    }
}

async fn lived(seed: u64, order: &[u32]) {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("street");
    let now: DateTime<Utc> = "2026-11-20T04:00:00Z".parse().unwrap();
    let street = Street { buildings: 2, units: 2, years: 1, until: local_date(now), seed };
    let began = now - TimeDelta::days(i64::from(street.days()));
    let clock = Arc::new(SteppedClock::starting_at(began.timestamp_millis()));
    let mut app = App::create_simulated(&folder, "sample/whole", clock.clone()).unwrap();
    let photos = Photos::drawn();
    photos.keep(&Attachments::in_folder(&folder.join("attachments")).unwrap()).await.unwrap();
    let almanac = Almanac { today: local_date(now), rulebooks: shelf::pingshan().unwrap(), photos };
    let keys = enter(&app, &clock, &almanac, began).await.unwrap();
    let steps: Vec<Step> = street::steps(&street, &almanac).into_iter().take(STEPS).collect();
    let (mut sent, mut runner) = (Vec::new(), Runner::default());
    for (n, together) in steps.chunks(6).enumerate() {
        // everybody speaks at once, in an order of chance, and some twice
        let latest = together.iter().map(|step| step.at).max().unwrap();
        clock.set_wall(latest.datetime().timestamp_millis() + 3_000);
        let mut all: Vec<(Who, Asked)> = together
            .iter()
            .map(|step| {
                let who = match &step.by {
                    By::Channel(name) => channel(name, &step.stream),
                    By::Person(login) => keys.who(login),
                };
                let asked = Asked {
                    id: Uuid::now_v7(),
                    stream: step.stream.clone(),
                    command: step.command.clone(),
                    expected: None,
                    occurred_at: latest,
                };
                (who, asked)
            })
            .collect();
        let chance = order[n % order.len()] as usize;
        let len = all.len();
        all.rotate_left(chance % len);
        let twice = all[chance % len].clone();
        all.push(twice);
        let told =
            futures_util::future::join_all(all.iter().map(|(who, asked)| tell(&app, who, asked))).await;
        sent.extend(all.into_iter().zip(told));
        if chance.is_multiple_of(3) {
            runner.pass(&app, latest).await.unwrap();
        }
    }
    let size = app.reader().size().unwrap();
    for ((who, asked), first) in sent.iter().rev() {
        assert_eq!(tell(&app, who, asked).await, *first, "{}: a repeat gets the first outcome", asked.stream);
    }
    assert_eq!(app.reader().size().unwrap(), size, "and makes no second event");
    let recorded = sent.iter().filter(|(_, told)| matches!(told, Told::Recorded(_))).count();
    assert!(recorded * 4 > sent.len(), "{recorded} of {} commands were recorded", sent.len());
    clock.set_wall(now.timestamp_millis());
    app.finish_simulation().await.unwrap();
    app.close().await.unwrap();
    let verified = verify_folder(&folder).unwrap();
    assert!(verified.findings.is_empty(), "{:?}", verified.findings);
}

/// A phone that sends again before it was answered: whichever of the two is decided first, both hear the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 6)]
async fn twins_sent_at_once_hear_one_thing() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("twins");
    let now: DateTime<Utc> = "2026-11-20T04:00:00Z".parse().unwrap();
    let clock = Arc::new(SteppedClock::starting_at(now.timestamp_millis()));
    let app = Arc::new(App::create_simulated(&folder, "sample/twins", clock).unwrap());
    for n in 0..200 {
        let asked = Asked {
            id: Uuid::now_v7(),
            stream: format!("premises/twin-b{n}"),
            command: json!({
                "command": "register", "layer": "building", "address": "石井街道1号"
            }),
            expected: None,
            occurred_at: Timestamp::from_datetime(now),
        };
        let twins: Vec<_> = (0..6)
            .map(|twin| {
                let (app, who, asked) = (app.clone(), channel("registry", &asked.stream), asked.clone());
                tokio::spawn(async move {
                    // each a little later, so that some are decided while the first is being written
                    std::thread::sleep(Duration::from_micros(twin * 40 * (n % 8)));
                    tell(&app, &who, &asked).await
                })
            })
            .collect();
        let mut told = Vec::new();
        for twin in twins {
            told.push(twin.await.unwrap());
        }
        assert!(matches!(told[0], Told::Recorded(_)), "{told:?}");
        assert!(told.iter().all(|it| *it == told[0]), "{told:?}");
    }
}

async fn tell(app: &App, who: &Who, asked: &Asked) -> Told {
    match app.execute(who, asked.clone()).await {
        Ok(Done::Recorded(receipt)) => Told::Recorded(receipt.position),
        Ok(Done::Nothing) => Told::Nothing,
        // of two that came at once the later one hears what the first was told
        Err(
            ExecuteError::Rejected(_)
            | ExecuteError::RefusedBefore { .. }
            | ExecuteError::Append(AppendError::Refused { .. }),
        ) => Told::Refused,
        Err(error) => panic!("{}: {error:?}", asked.stream),
    }
}

/// How many of the street's steps are taken: its founding, the first assessments and what comes of them.
const STEPS: usize = 150;

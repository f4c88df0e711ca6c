//! Rounds: grid workers go round every building as often as what is known of it asks, up to its newest round.

use super::diary::Diary;
use super::houses::{House, STORY};

/// Every round of a house, the oldest first. They have a diary of their own, beside what else is said about it.
pub(super) fn of(house: &House, diary: &mut Diary<'_>) {
    for back in days(house).into_iter().rev() {
        diary.round(house.worker(), &house.id(), back, 2 + back % 2);
    }
}

/// How many days before today each round was made, the newest first.
fn days(house: &House) -> Vec<u32> {
    let (mut days, mut back) = (Vec::new(), house.round);
    while back + AFTER_FIRST < house.first {
        days.push(back);
        back += step(house, back);
    }
    // a first assessment that fell on a holiday was made some days before it
    let soon = step(house, house.first - 1) / 4;
    if days.last().is_some_and(|oldest| oldest + soon < house.first) {
        days.push(house.first - soon);
    }
    days
}

/// How many days before a round the one before it was made: what was known in between asks for the most.
fn step(house: &House, back: u32) -> u32 {
    let phases = phases(house);
    let ends = phases.iter().skip(1).map(|(from, _)| *from).chain([0]);
    let known = phases.iter().zip(ends).filter(|((from, _), end)| *from > back && *end < back + MONTHLY);
    known.map(|((_, every), _)| *every).min().unwrap_or(MONTHLY)
}

/// From so many days before today on, a round at least every so many days.
fn phases(house: &House) -> Vec<(u32, u32)> {
    let first = |every| (house.first, every);
    match house.number {
        // a major hazard is suspected, then one star, until it is assessed again
        STORY => vec![first(MONTHLY), (224, DAILY), (182, WEEKLY), (149, MONTHLY)],
        10 | 17 => vec![first(HALF_MONTHLY)],
        20 => vec![first(MONTHLY), (3, WEEKLY)],
        21 => vec![first(MONTHLY), (8, WEEKLY)],
        22 => vec![first(MONTHLY), (14, WEEKLY)],
        23 => vec![first(WEEKLY)],
        24 => vec![first(MONTHLY), (34, DAILY)],
        _ => vec![first(MONTHLY)],
    }
}

/// Days between the first assessment and the first round.
const AFTER_FIRST: u32 = 3;
const DAILY: u32 = 1;
const WEEKLY: u32 = 7;
const HALF_MONTHLY: u32 = 13;
const MONTHLY: u32 = 28;

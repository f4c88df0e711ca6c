//! Deadlines and times: a date and how far it is, and the two times of every record.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use maud::{Markup, html};

use super::super::words::{Lang, machine_time};

/// A deadline on the day it is looked at.
#[derive(Clone, Copy, Debug)]
pub struct DeadlineView {
    /// The due day.
    pub due: NaiveDate,
    /// Today at UTC+8.
    pub today: NaiveDate,
    /// Where it stands.
    pub standing: DeadlineStanding,
}

/// Where a deadline stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DeadlineStanding {
    /// A right that has run out, such as the time to appeal; nobody is late, it is over.
    Ended,
    /// The office itself is late since the day given, so nothing counts against the party.
    Held(NaiveDate),
    /// Met on the day given.
    Met(NaiveDate),
    /// Beyond the published calendar: the date may only move later, and nobody is late on it.
    Provisional,
    /// Running.
    Running,
}

/// A due date and the days left; overdue is said in words.
pub fn deadline(lang: Lang, view: &DeadlineView) -> Markup {
    let class = match view.standing {
        DeadlineStanding::Ended => "ended",
        DeadlineStanding::Held(_) => "held",
        DeadlineStanding::Met(_) => "met",
        DeadlineStanding::Provisional => "provisional",
        DeadlineStanding::Running => running(view),
    };
    html! {
        span class={ "deadline deadline-" (class) } {
            (day(lang, view.due)) " "
            span.deadline-left {
                @match view.standing {
                    DeadlineStanding::Ended => (lang.pick("期限已过", "the time is over")),
                    DeadlineStanding::Held(since) => {
                        (lang.pick(
                            "部门自 ",
                            "not held against you: the office is late since ",
                        ))
                        (plain_day(since))
                        (lang.pick(" 起超时，不算您逾期", ""))
                    },
                    DeadlineStanding::Met(on) => {
                        (lang.pick("已于 ", "met on ")) (plain_day(on)) (lang.pick(" 完成", ""))
                    },
                    DeadlineStanding::Provisional =>
                    (lang.pick(
                        "暂定日期，只会更晚，不算逾期",
                        "provisional: may only move later",
                    ))
                    ,
                    DeadlineStanding::Running => (lang.days_left(view.due, view.today)),
                }
            }
        }
    }
}

fn plain_day(on: NaiveDate) -> Markup {
    html! { time { (on) } }
}

fn running(view: &DeadlineView) -> &'static str {
    match view.due.signed_duration_since(view.today).num_days() {
        ..0 => "late",
        0..=SOON_DAYS => "soon",
        _ => "running",
    }
}

/// Something wrong with the time that an author claimed; it is kept and shown, never rewritten.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ClockFlag {
    /// Later than the moment it was received.
    AheadOfReceipt,
    /// Earlier than the same key's record before it.
    BeforePrevious,
}

/// The two times of a record.
#[derive(Clone, Copy, Debug)]
pub struct TwoTimes {
    /// When the author says it happened.
    pub claimed: DateTime<Utc>,
    /// When the ledger received it.
    pub received: DateTime<Utc>,
    /// What is wrong with the claimed time, if anything.
    pub flag: Option<ClockFlag>,
}

/// Both times; one line where they are less than two minutes apart, else both with the gap in words.
pub fn two_times(lang: Lang, times: &TwoTimes) -> Markup {
    let gap = times.received.signed_duration_since(times.claimed);
    let flag = times.flag.map(|flag| match flag {
        ClockFlag::AheadOfReceipt => lang.pick("填报时间晚于收到时间", "claimed later than received"),
        ClockFlag::BeforePrevious => {
            lang.pick("填报时间早于本人上一条记录", "claimed before the author's previous record")
        }
    });
    html! {
        span.two-times {
            @if gap.abs() < SAME_TIME && flag.is_none() {
                span {
                    (moment(lang, times.received)) " " span.quiet { (lang.pick("当时收到", "received at once")) }
                }
            } @else {
                span { span.quiet { (lang.pick("填报", "claimed")) } " " (moment(lang, times.claimed)) }
                " "
                span { span.quiet { (lang.pick("收到", "received")) } " " (moment(lang, times.received)) }
                " "
                span.quiet { (lang.pick("相差 ", "apart ")) (lang.span(gap)) }
            }
            @if let Some(flag) = flag { " " span.flag { (flag) } }
        }
    }
}

/// A moment to the minute, readable by machines too.
pub fn moment(lang: Lang, at: DateTime<Utc>) -> Markup {
    html! { time datetime=(machine_time(at)) { (lang.moment(at)) } }
}

/// A day, readable by machines too.
pub fn day(lang: Lang, on: NaiveDate) -> Markup {
    html! { time datetime=(on) { (lang.day(on)) } }
}

/// From today to two days ahead is «soon».
const SOON_DAYS: i64 = 2;
const SAME_TIME: TimeDelta = TimeDelta::minutes(2);

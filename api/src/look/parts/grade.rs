//! Grade band, stars and level chip: the grade in words, stars and its level's colour, never by colour alone.

use chrono::NaiveDate;
use maud::{Markup, html};

use super::super::words::Lang;
use super::{Link, day};

/// A management level, which gives a grade its colour.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Level {
    /// 关注级, yellow.
    Attention,
    /// 宽管级, green.
    Lenient,
    /// 禁止级, red.
    Prohibited,
    /// 严管级, orange.
    Strict,
}

impl Level {
    /// All levels, mildest first.
    pub const ALL: [Self; 4] = [Self::Lenient, Self::Attention, Self::Strict, Self::Prohibited];

    /// The level of a code such as `strict`; `None` for any other.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.code() == code)
    }

    /// The code: `lenient`, `attention`, `strict`, `prohibited`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Attention => "attention",
            Self::Lenient => "lenient",
            Self::Prohibited => "prohibited",
            Self::Strict => "strict",
        }
    }

    /// The word in the page's language.
    pub fn word(self, lang: Lang) -> &'static str {
        lang.level(self.code())
    }
}

/// Where a grade stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum GradeState {
    /// Determined, but it binds only once it has been confirmed.
    AwaitingConfirmation,
    /// It holds.
    InForce,
    /// Nobody could enter; a state of its own, never a bad grade.
    NotAssessed,
    /// It holds, and an appeal is being looked at.
    UnderAppeal,
    /// It was set aside.
    Void,
}

impl GradeState {
    /// The code, as in `Lang::grade_state`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::AwaitingConfirmation => "awaiting_confirmation",
            Self::InForce => "in_force",
            Self::NotAssessed => "not_assessed",
            Self::UnderAppeal => "under_appeal",
            Self::Void => "void",
        }
    }
}

/// A grade as the band shows it.
#[derive(Clone, Debug)]
pub struct GradeView {
    /// 5 to 0; `None` where there are no stars (not assessed, or a rulebook without stars).
    pub stars: Option<u8>,
    /// The rulebook's own word where it is not one of the district's grades; else `None`: the stars' word
    /// stands.
    pub word: Option<String>,
    /// The level, which gives the colour; `None` is shown in grey.
    pub level: Option<Level>,
    /// The score of 100, where it may be shown.
    pub score: Option<u32>,
    /// The day from which it holds.
    pub since: Option<NaiveDate>,
    /// Name and version of the rulebook, linked to its text; `None` where no result is in force.
    pub rulebook: Option<Link>,
    /// Where it stands.
    pub state: GradeState,
    /// The bans on letting over these premises, their building's too, which come first and make the band red.
    pub banned: Vec<String>,
    /// One sentence on what is pending beside it, such as a lower grade that awaits confirmation.
    pub pending: Option<String>,
    /// Further sentences, such as what star zero does and does not mean.
    pub remarks: Vec<String>,
}

impl GradeView {
    fn word(&self, lang: Lang) -> &str {
        self.word.as_deref().unwrap_or_else(|| lang.stars(self.stars))
    }

    const fn is_coloured(&self) -> bool {
        !matches!(self.state, GradeState::Void | GradeState::NotAssessed)
    }

    fn color(&self) -> &'static str {
        if !self.banned.is_empty() {
            return Level::Prohibited.code();
        }
        self.level.filter(|_| self.is_coloured()).map_or("none", Level::code)
    }
}

/// The band at the head of a subject page: stars, grade and level on the level's colour, then date, state,
/// rulebook.
pub fn grade_band(lang: Lang, grade: &GradeView) -> Markup {
    html! {
        section class={ "band band-" (grade.color()) } aria-label=(lang.pick("等级", "Grade")) {
            @for told in &grade.banned { p.band-banned { (told) } }
            div.band-head {
                @if grade.stars.is_some() { (stars(lang, grade.stars)) }
                p.band-grade {
                    strong { (grade.word(lang)) }
                    @if let (Some(level), true) = (grade.level, grade.is_coloured()) {
                        span.band-level { (level.word(lang)) }
                    }
                }
            }
            dl.band-facts {
                div {
                    dt { (lang.pick("状态", "State")) } dd { strong { (lang.grade_state(grade.state.code())) } }
                }
                @if let Some(since) = grade.since {
                    div { dt { (lang.pick("从哪天起", "Since")) } dd { (day(lang, since)) } }
                }
                @if let Some(score) = grade.score {
                    div {
                        dt { (lang.pick("得分", "Score")) }
                        dd { (lang.pick(format!("{score} 分（满分 100 分）"), format!("{score} of 100"))) }
                    }
                }
                @if let Some(rulebook) = &grade.rulebook {
                    div {
                        dt { (lang.pick("评分规则", "Rulebook")) }
                        dd { a href=(rulebook.href) { (rulebook.label) } }
                    }
                }
            }
            @if let Some(pending) = &grade.pending { p.band-pending { (pending) } }
            @for remark in &grade.remarks { p.band-remark { (remark) } }
        }
    }
}

/// Stars out of five, with the number in words for who cannot see them.
pub fn stars(lang: Lang, stars: Option<u8>) -> Markup {
    let filled = usize::from(stars.unwrap_or(0).min(STARS_MAX));
    html! {
        span.stars role="img" aria-label=(lang.stars(stars)) {
            @if stars.is_some() {
                (STAR_FILLED.repeat(filled))
                span.stars-empty { (STAR_EMPTY.repeat(usize::from(STARS_MAX) - filled)) }
            } @else { (lang.stars(None)) }
        }
    }
}

/// A level as a small chip; `None` is «not assessed».
pub fn level_chip(lang: Lang, level: Option<Level>) -> Markup {
    let class = level.map_or("none", Level::code);
    let word = level.map_or(lang.stars(None), |level| level.word(lang));
    html! { span class={ "chip chip-" (class) } { (word) } }
}

/// Stars and chip on one line, for lists: `★★☆☆☆ 关注级`.
pub fn grade_line(lang: Lang, stars_given: Option<u8>, level: Option<Level>) -> Markup {
    html! {
        span.grade-line {
            @if stars_given.is_some() { (stars(lang, stars_given)) " " }
            (level_chip(lang, level))
        }
    }
}

const STARS_MAX: u8 = 5;
const STAR_FILLED: &str = "★";
const STAR_EMPTY: &str = "☆";

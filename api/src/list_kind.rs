//! Kinds of lists that other systems and the office deliver. A channel is opened for some of them.

use serde::Serialize;

/// What a list is about.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Results of indicators, for assessments that are open.
    Indicators,
    /// Incidents, of the system that knows them.
    Incidents,
    /// Weather alerts, issued and lifted.
    Alerts,
    /// Premises: registered, amended, moved.
    Premises,
    /// Parties, and what they answer for.
    Parties,
    /// Who may assess what.
    Assessors,
}

impl Kind {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 6] =
        [Self::Indicators, Self::Incidents, Self::Alerts, Self::Premises, Self::Parties, Self::Assessors];

    /// Those that are the office's own, which its data clerk keeps.
    pub const OWN: [Self; 3] = [Self::Premises, Self::Parties, Self::Assessors];

    /// Its name on the wire.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Indicators => "indicators",
            Self::Incidents => "incidents",
            Self::Alerts => "alerts",
            Self::Premises => "premises",
            Self::Parties => "parties",
            Self::Assessors => "assessors",
        }
    }

    /// What it is about, in Chinese.
    #[must_use]
    pub const fn zh(self) -> &'static str {
        match self {
            Self::Indicators => "指标结果",
            Self::Incidents => "事件",
            Self::Alerts => "天气预警",
            Self::Premises => "房屋清单",
            Self::Parties => "责任人清单",
            Self::Assessors => "评定人清单",
        }
    }

    /// What it is about, in English.
    #[must_use]
    pub const fn en(self) -> &'static str {
        match self {
            Self::Indicators => "results of indicators",
            Self::Incidents => "incidents",
            Self::Alerts => "weather alerts",
            Self::Premises => "list of premises",
            Self::Parties => "list of parties",
            Self::Assessors => "list of assessors",
        }
    }

    /// The kind of a name.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

//! Why written files are no rulebook: each error in both languages, with the line where the fault is in a file.

use std::fmt;

use super::FORMAT;
use super::fault::Fault;
use super::lines::{line_at, line_of};
use super::misread::of_toml;

/// Why three files are no rulebook, or a document is none. Displays as English; [`RulebookError::zh`] is the Chinese.
#[derive(Debug, thiserror::Error)]
pub enum RulebookError {
    /// The document is of another format.
    #[error("this is no document of format {FORMAT} but of {found}; compile the rulebook's files again")]
    Format {
        /// The format it states.
        found: String,
    },
    /// The files of a draft are not the parts of one rulebook.
    #[error("{told}")]
    Parts {
        /// What is there twice or missing, and what to do.
        told: Fault,
    },
    /// A value that is no whole number, text, yes-or-no or date.
    #[error("{place}: this is a fraction; rulebooks hold whole numbers only, so scale it up")]
    Fraction {
        /// Where.
        place: Box<Place>,
    },
    /// The document's id and its parts disagree.
    #[error("the document calls itself {stated}, but its parts make it {made}; compile it again")]
    Id {
        /// The id in the document.
        stated: String,
        /// The id that follows from layer and version, under the document's own name.
        made: String,
    },
    /// A member is missing, misspelt or of another kind than the engine reads.
    #[error(
        "{place}: a member is missing, misspelt or of the wrong kind; see the fields in rulebooks/README.md"
    )]
    Shape {
        /// Where.
        place: Box<Place>,
        /// What exactly.
        #[source]
        source: Fault,
    },
    /// A file is not TOML.
    #[error("the {part} file is not TOML; correct it at the line named")]
    Toml {
        /// The file: `indicators`, `policy` or `calendar`.
        part: &'static str,
        /// The line, from 1, where it is known.
        line: Option<usize>,
        /// Where and why.
        #[source]
        source: Fault,
    },
    /// Everything reads, but the rules do not fit together. All faults are named at once.
    #[error(
        "the rulebook does not hold together: {}",
        .faults.iter().map(|fault| fault.en.as_str()).collect::<Vec<_>>().join("; ")
    )]
    Unsound {
        /// Each: what is wrong, and what to do.
        faults: Vec<Fault>,
    },
}

/// Where in a rulebook a member stands. Displays as English.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Place {
    /// The part: `indicators`, `policy`, `calendar`, or `credit` of an illustrative rule.
    pub part: &'static str,
    /// The member, as a path from the part: `band[1].min_score`; empty for the part itself.
    pub member: String,
    /// The id of the indicator that it belongs to, where it is of one that has an id.
    pub indicator: Option<String>,
    /// The line of the written file, from 1, where there is a file.
    pub line: Option<usize>,
}

impl RulebookError {
    /// The error itself in Chinese, without what lies under it.
    pub fn zh(&self) -> String {
        match self {
            Self::Format { found } => {
                format!("这份文档的格式是 {found}，不是 {FORMAT}；请用规则文件重新编译")
            }
            Self::Parts { told } => told.zh.clone(),
            Self::Fraction { place } => {
                format!("{}：这里是小数；规则里只写整数，请换成更小的单位", place.zh())
            }
            Self::Id { stated, made } => {
                format!("文档自称 {stated}，按它的内容应是 {made}；请重新编译")
            }
            Self::Shape { place, .. } => {
                format!("{}：有字段缺少、拼错或者类型不对；字段见 rulebooks/README.md", place.zh())
            }
            Self::Toml { part, line: Some(line), .. } => {
                format!("{}文件第 {line} 行不是 TOML，请改正这一行", part_zh(part))
            }
            Self::Toml { part, line: None, .. } => format!("{}文件不是 TOML，请改正", part_zh(part)),
            Self::Unsound { faults } => {
                let all: Vec<&str> = faults.iter().map(|fault| fault.zh.as_str()).collect();
                format!("规则之间对不上：{}", all.join("；"))
            }
        }
    }

    /// Everything that keeps the files from being a rulebook, outermost first: each fault by itself where there are several.
    pub fn faults(&self) -> Vec<Fault> {
        let this = || Fault::new(self.zh(), self.to_string());
        match self {
            Self::Unsound { faults } => faults.clone(),
            Self::Shape { source, .. } | Self::Toml { source, .. } => vec![this(), source.clone()],
            Self::Format { .. } | Self::Fraction { .. } | Self::Id { .. } | Self::Parts { .. } => {
                vec![this()]
            }
        }
    }

    /// The same with the line of its member, where one of these files is the part at fault.
    pub(super) fn in_files(mut self, files: &[(&str, &str)]) -> Self {
        if let Self::Shape { place, .. } | Self::Fraction { place } = &mut self
            && let Some((_, written)) = files.iter().find(|(part, _)| *part == place.part)
        {
            place.line = line_of(written, &place.member);
        }
        self
    }

    /// A file that is not TOML.
    pub(super) fn not_toml(part: &'static str, written: &str, source: &toml::de::Error) -> Self {
        let line = source.span().map(|span| line_at(written, span.start));
        Self::Toml { part, line, source: of_toml(source) }
    }
}

impl Place {
    /// A member of a part, with no line yet.
    pub(super) fn of(part: &'static str, member: impl Into<String>) -> Self {
        Self { part, member: member.into(), indicator: None, line: None }
    }

    /// Goes down to a member, by its path from here as serde tells it.
    pub(super) fn descend(&mut self, path: &str) {
        if path == "." {
            return;
        }
        if !self.member.is_empty() && !path.starts_with('[') {
            self.member.push('.');
        }
        self.member.push_str(path);
    }

    fn zh(&self) -> String {
        let indicator = self.indicator.as_ref().map(|id| format!("指标 {id}"));
        let line = self.line.map(|line| format!("第 {line} 行")).unwrap_or_default();
        let file = Some(format!("{}文件{line}", part_zh(self.part)));
        let member = Some(self.member.clone()).filter(|member| !member.is_empty());
        [indicator, file, member].into_iter().flatten().collect::<Vec<_>>().join("，")
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(id) = &self.indicator {
            write!(f, "indicator {id}, ")?;
        }
        f.write_str(self.part)?;
        if let Some(line) = self.line {
            write!(f, " line {line}")?;
        }
        if !self.member.is_empty() {
            write!(f, ", {}", self.member)?;
        }
        Ok(())
    }
}

/// A part's name in Chinese.
pub(super) fn part_zh(part: &str) -> &'static str {
    match part {
        "indicators" => "指标",
        "policy" => "办法",
        "calendar" => "日历",
        "credit" => "信用规则",
        _ => "草案",
    }
}

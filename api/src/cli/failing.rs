//! How a command ends that did not do what it was asked: told once, with its causes, in the language of whoever asked.

use std::error::Error;
use std::path::Path;

use wuping_projections::error::with_causes;

use super::Common;
use super::failing_words::chinese;
use crate::look::words::Lang;

/// Why a command ended without doing what it was asked.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) code: u8,
    /// What went wrong, outermost first.
    lines: Vec<Told>,
}

/// A line as it is told.
#[derive(Debug)]
struct Told {
    en: String,
    /// In Chinese, where somebody has written it.
    zh: Option<String>,
}

impl Failure {
    /// The caller asked for something that cannot be.
    pub(super) fn asked_in_both(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { code: 2, lines: vec![Told { en: en.into(), zh: Some(zh.into()) }] }
    }

    /// A file could not be read.
    pub(super) fn unread(file: &Path, why: &dyn Error) -> Self {
        let file = file.display();
        Self::asked_in_both(format!("{file} 无法读取：{why}"), format!("{file} could not be read: {why}"))
    }

    /// A file could not be written.
    pub(super) fn unwritten(file: &Path, why: &dyn Error) -> Self {
        let file = file.display();
        Self::asked_in_both(format!("{file} 无法写入：{why}"), format!("{file} could not be written: {why}"))
    }

    /// The same with its first line in Chinese too; the causes below it have their own words.
    pub(super) fn in_chinese(mut self, zh: impl Into<String>) -> Self {
        if let Some(first) = self.lines.first_mut() {
            first.zh = Some(zh.into());
        }
        self
    }

    pub(super) fn tell(&self, common: &Common) {
        if common.json {
            let lines: Vec<_> = self.lines.iter().map(|line| line.en.as_str()).collect();
            println!("{}", serde_json::json!({ "error": lines.join(": ") }));
        }
        let lang = common.lang();
        for (depth, line) in self.told(lang).enumerate() {
            let before = if depth == 0 { "wuping: " } else { lang.pick("  原因：", "  because: ") };
            eprintln!("{before}{line}");
        }
    }

    /// What went wrong, in a language as far as there are words.
    pub(super) fn told(&self, lang: Lang) -> impl Iterator<Item = &str> {
        self.lines.iter().map(move |line| lang.pick(line.zh.as_deref().unwrap_or(&line.en), &line.en))
    }
}

impl<E: Error + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        let lines =
            with_causes(&error).map(|cause| Told { en: cause.to_string(), zh: chinese(cause) }).collect();
        Self { code: 2, lines }
    }
}

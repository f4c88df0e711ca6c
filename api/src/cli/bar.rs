//! A bar for what takes longer than a second, on a terminal only.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::backup::{Doing, Progress};
use crate::look::words::Lang;

pub(super) struct Bar {
    bar: ProgressBar,
    since: Instant,
    shown: bool,
    lang: Lang,
}

impl Bar {
    pub(super) fn new(lang: Lang) -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::hidden());
        Self { bar, since: Instant::now(), shown: false, lang }
    }

    /// Shows how far it has come, from the second second on.
    pub(super) fn show(&mut self, Progress { doing, done, of }: Progress) {
        // what says no more until it is done is announced at once
        if !self.shown && (of == 0 || self.since.elapsed() >= PATIENCE) {
            self.shown = true;
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        if !self.shown {
            return;
        }
        let style = match of {
            0 => "{spinner} {msg}",
            _ => self.lang.pick(
                "{msg} {bar:40} {bytes}/{total_bytes}，还需 {eta}",
                "{msg} {bar:40} {bytes}/{total_bytes}, {eta} left",
            ),
        };
        // both are sound, and a bar without a style is one still
        if let Ok(style) = ProgressStyle::with_template(style) {
            self.bar.set_style(style);
        }
        self.bar.set_message(in_words(doing, self.lang));
        self.bar.set_length(of);
        self.bar.set_position(done);
        if of == 0 {
            self.bar.enable_steady_tick(PATIENCE);
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn in_words(doing: Doing, lang: Lang) -> &'static str {
    match doing {
        Doing::Checking => lang.pick("正在核对备份的摘要", "checking"),
        Doing::CopyingDatabases => lang.pick("正在复制数据库", "copying databases"),
        Doing::FillingDatabase => lang.pick("正在写入数据库", "filling the database"),
        Doing::Packing => lang.pick("正在打包", "packing"),
        Doing::Unpacking => lang.pick("正在解包", "unpacking"),
        Doing::Verifying => lang.pick("正在验证", "verifying"),
    }
}

/// A bar that counts `of`, such as rows; how many there are is set once it is known.
pub(super) fn counting(of: &str) -> ProgressBar {
    let bar = ProgressBar::new(0);
    let style = format!("{{bar:40}} {{pos}}/{{len}} {of}, {{per_sec}}, {{eta}} left");
    // it is sound, and a bar without a style is one still
    if let Ok(style) = ProgressStyle::with_template(&style) {
        bar.set_style(style);
    }
    bar
}

const PATIENCE: Duration = Duration::from_secs(1);

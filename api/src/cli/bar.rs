//! A bar for what takes longer than a second, on a terminal only.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::backup::Progress;

pub(super) struct Bar {
    bar: ProgressBar,
    since: Instant,
    shown: bool,
}

impl Bar {
    pub(super) fn new() -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::hidden());
        Self { bar, since: Instant::now(), shown: false }
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
        let style =
            if of == 0 { "{spinner} {msg}" } else { "{msg} {bar:40} {bytes}/{total_bytes}, {eta} left" };
        // both are sound, and a bar without a style is one still
        if let Ok(style) = ProgressStyle::with_template(style) {
            self.bar.set_style(style);
        }
        self.bar.set_message(doing);
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

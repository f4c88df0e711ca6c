//! Words: both languages of every page, dates, numbers and the field's terms.
//!
//! Chinese comes first and is written for a landlord of sixty; English is complete and equal. Fixed texts
//! stand where they are used, as `lang.pick("中文", "English")`; terms that have a code stand in the tables of
//! `terms` and `events`, what the codes of a verification mean in `findings`.

mod events;
pub(crate) mod findings;
pub(crate) mod rehearsals;
mod ruled;
mod tables;
mod terms;

pub(crate) use self::ruled::Ruled;
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, Timelike, Utc, Weekday};

/// The language a page speaks.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Lang {
    /// English.
    En,
    /// Simplified Chinese, the language of the office.
    #[default]
    Zh,
}

impl Lang {
    /// Both languages, Chinese first.
    pub const ALL: [Self; 2] = [Self::Zh, Self::En];

    /// The one of two that this language reads: `lang.pick("街道", "Subdistrict")`. Works for texts made on the
    /// spot too: `lang.pick(format!("第 {n} 层"), format!("storey {n}"))`.
    pub fn pick<T>(self, zh: T, en: T) -> T {
        match self {
            Self::En => en,
            Self::Zh => zh,
        }
    }

    /// The one of two that this language reads, as a text of its own: `lang.say("坑梓街道", "Kengzi")`.
    pub fn say(self, zh: &str, en: &str) -> String {
        self.pick(zh, en).to_owned()
    }

    /// The other language, for the switch in the header.
    pub const fn other(self) -> Self {
        match self {
            Self::En => Self::Zh,
            Self::Zh => Self::En,
        }
    }

    /// Short code, as in a cookie or `--lang`: `zh` or `en`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh",
        }
    }

    /// Value of the `lang` attribute: `zh-CN` or `en`.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh-CN",
        }
    }

    /// The language's own name, for the switch.
    pub const fn own_name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::Zh => "中文",
        }
    }

    /// Reads a short code or a language tag; `None` for any other language.
    pub fn from_code(code: &str) -> Option<Self> {
        match code.trim().get(..2)?.to_ascii_lowercase().as_str() {
            "en" => Some(Self::En),
            "zh" => Some(Self::Zh),
            _ => None,
        }
    }

    /// The first of a browser's preferred languages that we speak; Chinese if it names neither.
    pub fn from_accept_language(header: &str) -> Self {
        header.split(',').find_map(Self::from_code).unwrap_or_default()
    }

    /// A day: `2026-03-09 周一`, `2026-03-09 Mon`.
    pub fn day(self, day: NaiveDate) -> String {
        format!("{} {}", day.format("%Y-%m-%d"), self.weekday(day.weekday()))
    }

    /// A moment at UTC+8, to the minute: `2026-03-09 周一 14:05`.
    pub fn moment(self, moment: DateTime<Utc>) -> String {
        let local = local(moment);
        format!("{} {:02}:{:02}", self.day(local.date()), local.hour(), local.minute())
    }

    /// A moment at UTC+8, to the second, for pages that compare times: `2026-03-09 周一 14:05:09`.
    pub fn moment_to_second(self, moment: DateTime<Utc>) -> String {
        format!("{}:{:02}", self.moment(moment), local(moment).second())
    }

    /// How far a day is from `today`, in words: `还剩 3 天`, `今天到期`, `逾期 2 天`.
    pub fn days_left(self, due: NaiveDate, today: NaiveDate) -> String {
        match due.signed_duration_since(today).num_days() {
            0 => self.pick("今天到期", "due today").to_owned(),
            1 => self.pick("明天到期", "due tomorrow").to_owned(),
            days @ 2.. => self.pick(format!("还剩 {days} 天"), format!("{days} days left")),
            days => {
                let late = days.unsigned_abs();
                self.pick(
                    format!("逾期 {late} 天"),
                    format!("{late} {} overdue", plural(late, "day", "days")),
                )
            }
        }
    }

    /// A length of time in its two largest units: `6 小时 28 分`, `2 天 3 小时`. The sign is dropped.
    pub fn span(self, span: TimeDelta) -> String {
        let minutes = span.num_minutes().unsigned_abs();
        let (days, hours, rest) = (minutes / 1_440, minutes / 60 % 24, minutes % 60);
        let units = [(days, "天", "d"), (hours, "小时", "h"), (rest, "分", "min")];
        let named: Vec<String> = units
            .iter()
            .skip_while(|(n, ..)| *n == 0)
            .take(2)
            .filter(|(n, ..)| *n > 0)
            .map(|(n, zh, en)| format!("{n} {}", self.pick(zh, en)))
            .collect();
        if named.is_empty() {
            self.pick("不到 1 分钟", "under 1 min").to_owned()
        } else {
            named.join(" ")
        }
    }

    /// A whole number with its thousands set apart by a narrow space; none in Chinese below 10,000.
    pub fn count(self, n: u64) -> String {
        if self == Self::Zh && n < 10_000 {
            return n.to_string();
        }
        let digits = n.to_string();
        let mut out = String::with_capacity(digits.len() + digits.len() / 3 * THIN_SPACE.len_utf8());
        for (i, digit) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i).is_multiple_of(3) {
                out.push(THIN_SPACE);
            }
            out.push(digit);
        }
        out
    }

    /// A size on disk, rounded up: `312 KB`. The units are codes in both languages.
    pub fn bytes(self, bytes: u64) -> String {
        match bytes {
            0..1_000 => format!("{bytes} B"),
            1_000..1_000_000 => format!("{} KB", bytes.div_ceil(1_000)),
            _ => format!("{} MB", bytes.div_ceil(1_000_000)),
        }
    }

    /// Several words as one phrase: `住建、消防`, `housing, fire`.
    pub fn list<S: AsRef<str>>(self, words: &[S]) -> String {
        let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
        words.join(self.pick("、", ", "))
    }

    /// A sentence's end followed by the next: nothing in Chinese, a space in English.
    pub fn gap(self) -> &'static str {
        self.pick("", " ")
    }

    fn weekday(self, day: Weekday) -> &'static str {
        match day {
            Weekday::Mon => self.pick("周一", "Mon"),
            Weekday::Tue => self.pick("周二", "Tue"),
            Weekday::Wed => self.pick("周三", "Wed"),
            Weekday::Thu => self.pick("周四", "Thu"),
            Weekday::Fri => self.pick("周五", "Fri"),
            Weekday::Sat => self.pick("周六", "Sat"),
            Weekday::Sun => self.pick("周日", "Sun"),
        }
    }
}

/// The calendar day of a moment at UTC+8, the only clock of the office.
pub fn local_day(moment: DateTime<Utc>) -> NaiveDate {
    local(moment).date()
}

/// A moment as machines read it, at UTC+8: `2026-03-09T14:05:09+08:00`.
pub fn machine_time(moment: DateTime<Utc>) -> String {
    format!("{}+08:00", local(moment).format("%Y-%m-%dT%H:%M:%S"))
}

/// The English form for a number: `plural(1, "day", "days")` is `day`.
pub const fn plural(n: u64, one: &'static str, many: &'static str) -> &'static str {
    if n == 1 { one } else { many }
}

/// The first eight and last four characters of a hash, for a place where the whole would not be read anyway.
pub fn short_hash(hash: &str) -> String {
    let chars: Vec<char> = hash.chars().collect();
    if chars.len() <= 14 {
        return hash.to_owned();
    }
    let start: String = chars.iter().take(8).collect();
    let end: String = chars.iter().skip(chars.len() - 4).collect();
    format!("{start}…{end}")
}

/// One term: its code, the Chinese and the English word.
struct Term(&'static str, &'static str, &'static str);

/// The term's word, or the code itself where the tables do not know it: a new code is shown, never hidden.
fn find<'a>(lang: Lang, table: &'static [Term], code: &'a str) -> &'a str {
    table.iter().find(|term| term.0 == code).map_or(code, |term| lang.pick(term.1, term.2))
}

/// UTC+8 has no summer time, so a fixed step is exact. A moment at the very end of time stays as it is.
fn local(moment: DateTime<Utc>) -> NaiveDateTime {
    let utc = moment.naive_utc();
    utc.checked_add_signed(OFFSET).unwrap_or(utc)
}

const OFFSET: TimeDelta = TimeDelta::hours(8);
const THIN_SPACE: char = '\u{202f}';

/// Whether there is a Chinese letter in a text: tests ask what speaks which language.
#[cfg(test)]
pub(crate) fn is_chinese(told: &str) -> bool {
    told.chars().any(|letter| ('\u{4e00}'..='\u{9fff}').contains(&letter))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;

    fn at(hour: u32, minute: u32) -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 3, 9, hour, minute, 9).unwrap()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_moment_is_told_at_the_clock_of_the_office() {
        assert_eq!(Lang::Zh.moment(at(6, 5)), "2026-03-09 周一 14:05");
        assert_eq!(Lang::En.moment(at(6, 5)), "2026-03-09 Mon 14:05");
        assert_eq!(Lang::Zh.moment(at(16, 30)), "2026-03-10 周二 00:30");
        assert_eq!(machine_time(at(6, 5)), "2026-03-09T14:05:09+08:00");
        assert_eq!(Lang::En.moment_to_second(at(6, 5)), "2026-03-09 Mon 14:05:09");
    }

    #[test]
    fn thousands_are_set_apart_as_each_language_does() {
        assert_eq!(Lang::Zh.count(9_999), "9999");
        assert_eq!(Lang::Zh.count(10_000), "10\u{202f}000");
        assert_eq!(Lang::En.count(1_234), "1\u{202f}234");
        assert_eq!(Lang::En.count(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(Lang::En.count(999), "999");
    }

    #[test]
    fn a_due_day_is_told_in_days() {
        let today = day("2026-03-09");
        assert_eq!(Lang::Zh.days_left(day("2026-03-12"), today), "还剩 3 天");
        assert_eq!(Lang::Zh.days_left(day("2026-03-08"), today), "逾期 1 天");
        assert_eq!(Lang::En.days_left(day("2026-03-08"), today), "1 day overdue");
        assert_eq!(Lang::En.days_left(today, today), "due today");
    }

    #[test]
    fn a_span_names_its_two_largest_units() {
        assert_eq!(Lang::Zh.span(TimeDelta::minutes(388)), "6 小时 28 分");
        assert_eq!(Lang::En.span(TimeDelta::minutes(-1_440)), "1 d");
        assert_eq!(Lang::En.span(TimeDelta::minutes(1_445)), "1 d");
        assert_eq!(Lang::Zh.span(TimeDelta::seconds(20)), "不到 1 分钟");
    }

    #[test]
    fn the_browsers_language_is_taken_when_we_speak_it() {
        assert_eq!(Lang::from_accept_language("fr-FR,en;q=0.8,zh;q=0.5"), Lang::En);
        assert_eq!(Lang::from_accept_language("fr, ru"), Lang::Zh);
        assert_eq!(Lang::from_accept_language(""), Lang::Zh);
    }

    #[test]
    fn every_term_has_one_code_and_both_languages() {
        for table in tables::TABLES.iter().chain([&events::EVENTS]) {
            let mut codes: Vec<&str> = table.iter().map(|term| term.0).collect();
            codes.sort_unstable();
            assert!(
                codes.windows(2).all(|pair| pair[0] != pair[1]),
                "a code twice in the table of {}",
                codes[0]
            );
            for Term(code, zh, en) in *table {
                assert!(!zh.is_empty() && !zh.chars().any(|c| c.is_ascii_alphabetic()), "{code}: {zh}");
                assert!(
                    !en.is_empty() && en.chars().all(|c| c.is_ascii() || "“”".contains(c)),
                    "{code}: {en}"
                );
            }
        }
    }

    #[test]
    fn an_unknown_code_is_shown_and_not_hidden() {
        assert_eq!(Lang::Zh.event("HazardFound"), "发现隐患");
        assert_eq!(Lang::En.event("MoonLanded"), "MoonLanded");
        assert_eq!(Lang::Zh.level("strict"), "严管级");
    }

    #[test]
    fn causes_name_what_failed() {
        let name = |id: &str| (id == "smoke_alarm").then(|| "感烟报警器".to_owned());
        assert_eq!(Lang::Zh.cause("indicator:smoke_alarm", name), "“感烟报警器”不合格");
        assert_eq!(Lang::En.cause("indicator:gas_alarm", name), "not met: gas_alarm");
        assert_eq!(Lang::Zh.cause("incident:public_order_serious", name), "已确认的治安事件（严重）");
        assert_eq!(
            Lang::En.cause("rule:seven_ones_incomplete", name),
            "three or more of the fire “seven ones” missing"
        );
        assert_eq!(Lang::Zh.cause("hazard:serious_open", name), "较大隐患还没有整改好");
        assert_eq!(Lang::Zh.cap(3), "最高三星级");
        assert_eq!(Lang::En.cap(1), "1 star at most");
    }

    #[test]
    fn what_is_not_met_is_said_and_not_the_good_state() {
        assert_eq!(Lang::Zh.not_met("安全出口未锁闭封堵"), "“安全出口未锁闭封堵”不合格");
        let exits = "Exits neither locked nor walled up";
        assert_eq!(Lang::En.not_met(exits), "not met: exits neither locked nor walled up");
        assert_eq!(Lang::En.not_met("LPG cylinders"), "not met: LPG cylinders");
        assert_eq!(Lang::Zh.hazard("B-12", None), "B-12");
    }

    #[test]
    fn a_long_hash_keeps_both_ends() {
        assert_eq!(short_hash("0123456789abcdef0123"), "01234567…0123");
        assert_eq!(short_hash("0123"), "0123");
    }
}

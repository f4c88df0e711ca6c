//! Time as the format spells it (docs/format.md §1): RFC 3339, UTC, three decimals, `Z`.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, SecondsFormat, Utc};

use crate::refusal::Refusal;

/// A moment with its one spelling, `2026-03-01T09:30:00.000Z`; years 0001 to 9999, no leap seconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp([u8; LENGTH]);

impl Timestamp {
    /// Reads a time; the code names what was being read.
    ///
    /// # Errors
    /// That code, for another spelling or a date that does not exist.
    pub fn parse(text: &str, code: &'static str) -> Result<Timestamp, Refusal> {
        text.as_bytes().try_into().ok().map(Timestamp).filter(|time| time.moment().is_some()).ok_or_else(
            || Refusal::new(code, format!("{text:?} is not a UTC time like 2026-03-01T09:30:00.000Z")),
        )
    }

    /// The spelling of a moment, cut to whole milliseconds; years outside 0001 to 9999 become the nearest of these.
    pub fn from_datetime(moment: DateTime<Utc>) -> Timestamp {
        match moment.year() {
            ..=0 => Timestamp(*FIRST),
            10_000.. => Timestamp(*LAST),
            _ => {
                let text = moment.to_rfc3339_opts(SecondsFormat::Millis, true);
                Timestamp::parse(&text, "timestamp").unwrap_or_else(|_| Timestamp::before_leap_second(moment))
            }
        }
    }

    /// Now, by the machine's clock.
    pub fn now() -> Timestamp {
        Timestamp::from_datetime(Utc::now())
    }

    /// The spelling.
    pub fn as_str(&self) -> &str {
        // only ASCII passes `parse`, and every constructor goes through it or a constant
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The moment.
    pub fn datetime(&self) -> DateTime<Utc> {
        // every constructor has checked that the moment exists
        self.moment().unwrap_or_default()
    }

    /// The last millisecond before a leap second, of which the format has no spelling.
    fn before_leap_second(moment: DateTime<Utc>) -> Timestamp {
        DateTime::from_timestamp(moment.timestamp(), 999_000_000)
            .map_or(Timestamp(*LAST), Timestamp::from_datetime)
    }

    fn moment(&self) -> Option<DateTime<Utc>> {
        let part = |from: usize, digits: usize| -> Option<u32> {
            self.0[from..from + digits]
                .iter()
                .try_fold(0, |n, b| b.is_ascii_digit().then(|| n * 10 + u32::from(b - b'0')))
        };
        let marked = MARKS.iter().all(|(at, mark)| self.0[*at] == *mark);
        let year = part(0, 4).filter(|year| marked && *year > 0)?;
        let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, part(5, 2)?, part(8, 2)?)?;
        let second = part(17, 2).filter(|second| *second < 60)?;
        let time = NaiveTime::from_hms_milli_opt(part(11, 2)?, part(14, 2)?, second, part(20, 3)?)?;
        Some(date.and_time(time).and_utc())
    }
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Timestamp({})", self.as_str())
    }
}

const LENGTH: usize = 24;
const FIRST: &[u8; LENGTH] = b"0001-01-01T00:00:00.000Z";
const LAST: &[u8; LENGTH] = b"9999-12-31T23:59:59.999Z";
const MARKS: [(usize, u8); 7] =
    [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':'), (19, b'.'), (23, b'Z')];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_one_spelling_of_a_real_moment_is_read() {
        let good = "2024-02-29T23:59:59.999Z";
        assert_eq!(Timestamp::parse(good, "t").unwrap().as_str(), good);
        for bad in [
            "2023-02-29T00:00:00.000Z",
            "2026-03-01T09:30:00Z",
            "2026-03-01T09:30:00.00Z",
            "2026-03-01T09:30:00.0000Z",
            "2026-03-01T09:30:00.000+00:00",
            "2026-03-01t09:30:00.000Z",
            "2026-03-01T24:00:00.000Z",
            "2026-03-01T23:59:60.000Z",
            "0000-03-01T09:30:00.000Z",
            "2026-3-01T09:30:000.000Z",
            "2026-03-01T09:30:00.０Z",
            "",
        ] {
            assert_eq!(Timestamp::parse(bad, "t").unwrap_err().code, "t", "{bad:?}");
        }
    }

    #[test]
    fn a_clock_outside_the_calendar_stays_spellable() {
        assert_eq!(Timestamp::from_datetime(DateTime::<Utc>::MAX_UTC).as_str().as_bytes(), LAST);
        assert_eq!(Timestamp::from_datetime(DateTime::<Utc>::MIN_UTC).as_str().as_bytes(), FIRST);
        let leap =
            NaiveDate::from_ymd_opt(2016, 12, 31).unwrap().and_hms_milli_opt(23, 59, 59, 1_500).unwrap();
        assert_eq!(Timestamp::from_datetime(leap.and_utc()).as_str(), "2016-12-31T23:59:59.999Z");
    }

    proptest! {
        #[test]
        fn moments_are_read_back_and_keep_their_order(a in 0i64..253_402_300_799_999, b in 0i64..253_402_300_799_999) {
            let [x, y] = [a, b].map(|ms| Timestamp::from_datetime(DateTime::from_timestamp_millis(ms).unwrap()));
            prop_assert_eq!(x.datetime().timestamp_millis(), a);
            prop_assert_eq!(Timestamp::parse(x.as_str(), "t").unwrap(), x);
            prop_assert_eq!(a.cmp(&b), x.cmp(&y));
        }
    }
}

//! When hours, days and months begin and end, in the zone of the user's choice.
//!
//! A day of a change to or from summer time has 23 or 25 hours, and starts once. An hour begins where the clock on the wall
//! shows a full one.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, ZonedDateTime};

use super::Period;

/// From `start` until before `end`, in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub start: i64,
    pub end: i64,
}

const HOUR: i64 = 3_600;

/// A zone by its IANA name. The error names the setting.
pub fn zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name)
        .map_err(|_| format!("`budget.timeZone`: `{name}` is no time zone; use a name as `Europe/Berlin`"))
}

/// The period that `now` lies in; None for a request's and a session's, and for times beyond the year 9999.
pub(super) fn span(period: Period, now: i64, zone: &TimeZone) -> Option<Span> {
    let at = Timestamp::from_second(now).ok()?.to_zoned_datetime(zone.clone());
    let (start, end) = match period {
        Period::Request | Period::Session => return None,
        Period::Hour => {
            // By the offset, not by the calendar: in autumn one hour comes twice, and each is an hour.
            let start = now - (now + i64::from(at.offset().seconds())).rem_euclid(HOUR);
            return Some(Span { start, end: start + HOUR });
        }
        Period::Day => (at.start_of_day().ok()?, at.tomorrow().ok()?.start_of_day().ok()?),
        Period::Month => (first_of_month(&at)?, first_of_month(&at.checked_add(1.month()).ok()?)?),
    };
    Some(Span { start: start.timestamp().as_second(), end: end.timestamp().as_second() })
}

fn first_of_month(at: &ZonedDateTime) -> Option<ZonedDateTime> {
    at.first_of_month().ok()?.start_of_day().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_second()
    }

    /// Start, length in hours.
    fn shown(period: Period, now: &str, name: &str) -> (String, i64) {
        let span = span(period, at(now), &zone(name).unwrap()).unwrap();
        assert!((span.start..span.end).contains(&at(now)), "{span:?}");
        (Timestamp::from_second(span.start).unwrap().to_string(), (span.end - span.start) / HOUR)
    }

    #[test]
    fn periods_begin_by_the_zones_calendar() {
        let now = "2026-01-31T23:30:00Z";
        assert_eq!(shown(Period::Month, now, "UTC"), ("2026-01-01T00:00:00Z".into(), 31 * 24));
        assert_eq!(shown(Period::Month, now, "Europe/Berlin"), ("2026-01-31T23:00:00Z".into(), 28 * 24));
        assert_eq!(shown(Period::Day, now, "America/New_York"), ("2026-01-31T05:00:00Z".into(), 24));
        assert_eq!(shown(Period::Hour, now, "Asia/Kolkata"), ("2026-01-31T23:30:00Z".into(), 1));
        assert_eq!(shown(Period::Month, "2028-02-29T12:00:00Z", "UTC"), ("2028-02-01T00:00:00Z".into(), 29 * 24));
    }

    #[test]
    fn days_of_a_change_of_the_clock_are_whole() {
        assert_eq!(shown(Period::Day, "2026-03-29T12:00:00Z", "Europe/Berlin"), ("2026-03-28T23:00:00Z".into(), 23));
        assert_eq!(shown(Period::Day, "2026-10-25T12:00:00Z", "Europe/Berlin"), ("2026-10-24T22:00:00Z".into(), 25));
        // Two o'clock comes twice.
        assert_eq!(shown(Period::Hour, "2026-10-25T00:59:59Z", "Europe/Berlin").0, "2026-10-25T00:00:00Z");
        assert_eq!(shown(Period::Hour, "2026-10-25T01:00:00Z", "Europe/Berlin").0, "2026-10-25T01:00:00Z");
        // Midnight does not exist: the day begins at one.
        assert_eq!(shown(Period::Day, "2024-09-08T12:00:00Z", "America/Santiago"), ("2024-09-08T04:00:00Z".into(), 23));
    }

    #[test]
    fn days_follow_each_other_without_a_gap() {
        for name in ["UTC", "Europe/Berlin", "America/Santiago", "Australia/Lord_Howe", "Pacific/Apia"] {
            let zone = zone(name).unwrap();
            for period in [Period::Day, Period::Month] {
                let mut day = span(period, at("2011-01-15T10:00:00Z"), &zone).unwrap();
                for _ in 0..500 {
                    let next = span(period, day.end, &zone).unwrap();
                    assert_eq!(next.start, day.end, "{name} {period:?}");
                    day = next;
                }
            }
        }
    }

    #[test]
    fn what_has_no_span_has_none() {
        assert_eq!(span(Period::Request, 0, &TimeZone::UTC), None);
        assert_eq!(span(Period::Session, 0, &TimeZone::UTC), None);
        assert_eq!(span(Period::Day, i64::MAX, &TimeZone::UTC), None);
        assert!(zone("Europe/Atlantis").unwrap_err().contains("budget.timeZone"));
    }
}

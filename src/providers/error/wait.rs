//! How long a provider asks to be left alone, in all the forms that it is told.

use std::time::{Duration, SystemTime};

/// Longer waits are told as this one: nobody waits for them.
const MAX_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// From the headers: `retry-after-ms`, else `retry-after` in seconds or as a date. None where nothing usable is told, a wait
/// of nothing included: the usual backoff is longer then.
pub(super) fn from_headers(headers: &[(String, String)], now: SystemTime) -> Option<Duration> {
    let milliseconds = header(headers, "retry-after-ms").and_then(|value| positive(value, 0.001));
    milliseconds.or_else(|| {
        let value = header(headers, "retry-after")?;
        positive(value, 1.0).or_else(|| until_date(value, now))
    })
}

/// Google's `21s` or `1.5s`.
pub(super) fn from_duration(text: &str) -> Option<Duration> {
    positive(text.trim().strip_suffix('s')?, 1.0)
}

pub(super) fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let (_, value) = headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name))?;
    Some(value.trim())
}

fn positive(number: &str, unit: f64) -> Option<Duration> {
    let seconds = number.trim().parse::<f64>().ok()? * unit;
    if seconds > MAX_WAIT.as_secs_f64() {
        return Some(MAX_WAIT);
    }
    // Not a number and negative ones fail here.
    Duration::try_from_secs_f64(seconds).ok().filter(|wait| !wait.is_zero())
}

fn until_date(date: &str, now: SystemTime) -> Option<Duration> {
    let seconds = jiff::fmt::rfc2822::parse(date).ok()?.timestamp().as_second();
    let then = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(u64::try_from(seconds).ok()?))?;
    then.duration_since(now).ok().filter(|wait| !wait.is_zero()).map(|wait| wait.min(MAX_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_read_in_all_their_forms() {
        // Sun, 06 Nov 1994 08:49:37 GMT.
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let wait = |headers: &[(&str, &str)]| {
            let headers: Vec<_> = headers.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
            from_headers(&headers, now).map(|wait| wait.as_millis())
        };
        for (headers, expected) in [
            (&[("retry-after-ms", "1234.5"), ("retry-after", "60")][..], Some(1234)),
            (&[("Retry-After", "60")], Some(60_000)),
            (&[("retry-after", " 0.5 ")], Some(500)),
            (&[("retry-after-ms", "soon"), ("retry-after", "2")], Some(2_000)),
            (&[("retry-after", "Sun, 06 Nov 1994 08:50:37 GMT")], Some(60_000)),
            (&[("retry-after", "Sun, 06 Nov 1994 08:40:37 GMT")], None),
            (&[("retry-after", "Mon, 06 Nov 2094 08:40:37 GMT")], None),
            (&[("retry-after", "Sat, 06 Nov 2094 08:40:37 GMT")], Some(86_400_000)),
            (&[("retry-after", "0")], None),
            (&[("retry-after", "-5")], None),
            (&[("retry-after", "NaN")], None),
            (&[("retry-after", "inf")], Some(86_400_000)),
            (&[("retry-after", "1e300")], Some(86_400_000)),
            (&[("retry-after", "")], None),
            (&[("retry-after", "tomorrow")], None),
            (&[], None),
        ] {
            assert_eq!(wait(headers), expected, "{headers:?}");
        }
        assert_eq!(from_duration("21s"), Some(Duration::from_secs(21)));
        assert_eq!(from_duration("1.5s"), Some(Duration::from_millis(1500)));
        assert_eq!(from_duration("21"), None);
        assert_eq!(from_duration("-1s"), None);
    }
}

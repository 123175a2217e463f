//! Numbers in answers, whatever a gateway made of them: nothing that stands where a count is expected stops an answer.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A count of tokens. Negative is 0, too large is the largest, a fraction is cut, text is read, all else is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count(pub u64);

/// An amount of dollars as a number or as text, in pico-dollars; None where it is neither, or negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cost(pub Option<u64>);

pub(super) fn count(count: Option<Count>) -> u64 {
    count.unwrap_or_default().0
}

/// What stood there.
enum Lenient {
    Whole(u64),
    Number(f64),
    Text(String),
    Nothing,
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Casts of floats saturate, and make 0 of what is no number.
        let from_float = |number: f64| number as u64;
        Ok(Self(match deserializer.deserialize_any(LenientVisitor)? {
            Lenient::Whole(number) => number,
            Lenient::Number(number) => from_float(number),
            Lenient::Text(text) => text.trim().parse().unwrap_or_else(|_| text.trim().parse().map_or(0, from_float)),
            Lenient::Nothing => 0,
        }))
    }
}

impl<'de> Deserialize<'de> for Cost {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(match deserializer.deserialize_any(LenientVisitor)? {
            Lenient::Whole(dollars) => Some(dollars.saturating_mul(PICO)),
            // The shortest decimals that mean this number are those that were written.
            Lenient::Number(dollars) => picodollars(&dollars.to_string()),
            Lenient::Text(text) => picodollars(text.trim()),
            Lenient::Nothing => None,
        }))
    }
}

const PICO: u64 = 1_000_000_000_000;

/// Exact to the twelfth decimal, rounded there.
fn picodollars(dollars: &str) -> Option<u64> {
    if dollars.contains(['e', 'E']) {
        // Written out, numbers have no exponent.
        let number = dollars.parse::<f64>().ok().filter(|number| number.is_finite())?;
        return picodollars(&number.to_string());
    }
    let (whole, fraction) = dollars.split_once('.').unwrap_or((dollars, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let whole = whole.parse::<u64>().unwrap_or(u64::MAX).saturating_mul(PICO);
    let digits: u64 = format!("{fraction:0<13}").get(..13)?.parse().ok()?;
    Some(whole.saturating_add((digits + 5) / 10))
}

struct LenientVisitor;

impl<'de> Visitor<'de> for LenientVisitor {
    type Value = Lenient;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }

    fn visit_u64<E>(self, number: u64) -> Result<Lenient, E> {
        Ok(Lenient::Whole(number))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Lenient, E> {
        Ok(u64::try_from(number).map_or(Lenient::Number(-1.0), Lenient::Whole))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Lenient, E> {
        Ok(Lenient::Number(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Lenient, E> {
        Ok(Lenient::Text(text.to_owned()))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Lenient, E> {
        Ok(Lenient::Nothing)
    }

    fn visit_unit<E>(self) -> Result<Lenient, E> {
        Ok(Lenient::Nothing)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Lenient, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Lenient::Nothing)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Lenient, A::Error> {
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Lenient::Nothing)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn counts_survive_nonsense() {
        for (json, expected) in [
            ("12", 12),
            ("0", 0),
            ("-5", 0),
            ("3.9", 3),
            ("-0.5", 0),
            ("1e30", u64::MAX),
            ("18446744073709551615", u64::MAX),
            ("18446744073709551616", u64::MAX),
            ("\"42\"", 42),
            ("\"4.5\"", 4),
            ("\"-1\"", 0),
            ("\"many\"", 0),
            ("\"NaN\"", 0),
            ("true", 0),
            ("null", 0),
            ("[1,[2]]", 0),
            ("{\"a\":{\"b\":1}}", 0),
        ] {
            assert_eq!(serde_json::from_str::<Count>(json).unwrap().0, expected, "{json}");
        }
    }

    #[test]
    fn costs_are_exact() {
        for (json, expected) in [
            ("0.00014", Some(140_000_000)),
            ("\"0.00014\"", Some(140_000_000)),
            ("1.4e-05", Some(14_000_000)),
            ("\"1.4e-05\"", Some(14_000_000)),
            ("0", Some(0)),
            ("3", Some(3_000_000_000_000)),
            ("0.1", Some(100_000_000_000)),
            ("12.345678901234", Some(12_345_678_901_234)),
            ("0.0000000000004", Some(0)),
            ("0.0000000000005", Some(1)),
            ("\"\"", None),
            ("\".5\"", None),
            ("\"free\"", None),
            ("-1", None),
            ("-0.5", None),
            ("\"-1\"", None),
            ("null", None),
            ("{}", None),
            ("1e30", Some(u64::MAX)),
        ] {
            assert_eq!(serde_json::from_str::<Cost>(json).unwrap().0, expected, "{json}");
        }
    }

    proptest! {
        #[test]
        fn costs_are_the_same_as_numbers_and_as_text(picodollars in 0u64..100_000_000_000_000) {
            let dollars = format!("{}.{:012}", picodollars / PICO, picodollars % PICO);
            for json in [dollars.clone(), format!("\"{dollars}\"")] {
                prop_assert_eq!(serde_json::from_str::<Cost>(&json).unwrap().0, Some(picodollars));
            }
        }
    }
}

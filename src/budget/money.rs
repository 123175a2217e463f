//! Money in whole pico-dollars: one dollar for a million tokens is 1,000,000 of them for a token, so no price is a fraction.

use std::fmt;
use std::iter::Sum;

/// An amount of US dollars in units of 10⁻¹². 18 million dollars at most; sums saturate there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Picodollars(pub u64);

impl Picodollars {
    pub const ZERO: Self = Self(0);
    pub const DOLLAR: Self = Self(1_000_000_000_000);

    pub fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    pub fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// So many times this: a price for a token, and tokens.
    pub fn times(self, count: u64) -> Self {
        Self(self.0.saturating_mul(count))
    }

    /// Dollars as people write them, `20` or `0.35`, to the last digit. None where that is no amount: a sign, an exponent,
    /// more than 12 decimals, more than fits.
    pub fn parse_dollars(text: &str) -> Option<Self> {
        scaled(text, 12).map(Self)
    }

    /// The amount without rounding: `$20`, `$0.35`.
    pub fn exact(self) -> String {
        let (dollars, rest) = (self.0 / Self::DOLLAR.0, self.0 % Self::DOLLAR.0);
        let decimals = format!("{rest:012}");
        match decimals.trim_end_matches('0') {
            "" => format!("${dollars}"),
            decimals => format!("${dollars}.{decimals}"),
        }
    }
}

/// A decimal number times a power of ten, where that is a whole number. No sign, no exponent, no float on the way.
pub(super) fn scaled(text: &str, digits: usize) -> Option<u64> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() + decimals.len() == 0 || !is_number(whole) || !is_number(decimals) {
        return None;
    }
    let decimals = decimals.trim_end_matches('0');
    if decimals.len() > digits {
        return None;
    }
    format!("{whole}{decimals:0<digits$}").parse().ok()
}

impl Sum for Picodollars {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Self::saturating_add)
    }
}

/// Cents and above as money is written, less with as many digits as say something: `$12.30`, `$0.0042`.
impl fmt::Display for Picodollars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (dollars, rest) = (self.0 / Self::DOLLAR.0, self.0 % Self::DOLLAR.0);
        if self.0 >= Self::DOLLAR.0 / 10 || self.0 == 0 {
            // Rounded up: what is shown is never less than what it costs.
            let cents = rest.div_ceil(Self::DOLLAR.0 / 100);
            return write!(f, "${}.{:02}", dollars + cents / 100, cents % 100);
        }
        let digits = format!("{rest:012}");
        let first = digits.find(|digit| digit != '0').unwrap_or(0);
        let unit = 10u64.pow(u32::try_from(12 - (first + 2).min(12)).unwrap_or(0));
        let rounded = rest.div_ceil(unit) * unit;
        let digits = format!("{rounded:012}");
        write!(f, "$0.{}", digits.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_shown_rounded_up() {
        let shown = |amount| Picodollars(amount).to_string();
        assert_eq!(shown(0), "$0.00");
        assert_eq!(shown(12_300_000_000_000), "$12.30");
        assert_eq!(shown(12_300_000_000_001), "$12.31");
        assert_eq!(shown(999_999_999_999), "$1.00");
        assert_eq!(shown(4_200_000_000), "$0.0042");
        assert_eq!(shown(4_210_000_000), "$0.0043");
        assert_eq!(shown(99_900_000_000), "$0.1");
        assert_eq!(shown(1), "$0.000000000001");
    }

    #[test]
    fn dollars_are_read_to_the_last_digit() {
        let read = |text| Picodollars::parse_dollars(text).map(|amount| amount.0);
        assert_eq!(read("20"), Some(20_000_000_000_000));
        assert_eq!(read("0.1"), Some(100_000_000_000));
        assert_eq!(read(".5"), Some(500_000_000_000));
        assert_eq!(read("0.000000000001"), Some(1));
        assert_eq!(read("1.5000000000000000"), Some(1_500_000_000_000));
        for wrong in ["", ".", "-1", "+1", "1e3", "1,5", "1 000", "0.0000000000001", "18446745", "٣"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn exact_amounts_lose_nothing() {
        let shown = |amount| Picodollars(amount).exact();
        assert_eq!(shown(20_000_000_000_000), "$20");
        assert_eq!(shown(350_000_000_000), "$0.35");
        assert_eq!(shown(1), "$0.000000000001");
        assert_eq!(shown(0), "$0");
    }
}

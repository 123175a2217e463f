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
}

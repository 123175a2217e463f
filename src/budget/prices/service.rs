//! What a service costs that is not the usual one, as a multiple of a row's prices: sooner, later, or kept in one region.
//!
//! Nobody asks for such a service here. Accounts have them switched on all the same, and the provider says in the answer which one
//! it was.

use crate::budget::Picodollars;
use crate::providers::{ServiceTier, Usage};

/// The usual price.
const ONCE: u64 = 1000;

/// Multiples of a row's prices, in per mille. None where nobody says: then the dearest that is named counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Services {
    pub flex: Option<u64>,
    pub batch: Option<u64>,
    pub priority: Option<u64>,
    pub fast: Option<u64>,
    pub ultrafast: Option<u64>,
    /// Kept in one region; on top of the others.
    pub regional: Option<u64>,
}

impl Services {
    /// Their names in a table of prices.
    pub const NAMES: [&str; 6] = ["flex", "batch", "priority", "fast", "ultrafast", "regional"];

    pub(super) fn named(&mut self, name: &str) -> Option<&mut Option<u64>> {
        match name {
            "flex" => Some(&mut self.flex),
            "batch" => Some(&mut self.batch),
            "priority" => Some(&mut self.priority),
            "fast" => Some(&mut self.fast),
            "ultrafast" => Some(&mut self.ultrafast),
            "regional" => Some(&mut self.regional),
            _ => None,
        }
    }

    /// What these leave open, as the others have it.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            flex: self.flex.or(other.flex),
            batch: self.batch.or(other.batch),
            priority: self.priority.or(other.priority),
            fast: self.fast.or(other.fast),
            ultrafast: self.ultrafast.or(other.ultrafast),
            regional: self.regional.or(other.regional),
        }
    }

    /// An amount at the usual prices, at those of the service that the request got. Rounded up.
    pub fn charge(&self, usual: Picodollars, usage: &Usage) -> Picodollars {
        let region = if usage.is_regional { self.regional.unwrap_or(ONCE) } else { ONCE };
        let times = u128::from(self.times(usage.tier)) * u128::from(region);
        let charged = (u128::from(usual.0) * times).div_ceil(u128::from(ONCE * ONCE));
        Picodollars(u64::try_from(charged).unwrap_or(u64::MAX))
    }

    fn times(&self, tier: ServiceTier) -> u64 {
        let named = match tier {
            ServiceTier::Standard => return ONCE,
            ServiceTier::Flex => self.flex,
            ServiceTier::Batch => self.batch,
            ServiceTier::Priority => self.priority,
            ServiceTier::Fast => self.fast,
            ServiceTier::Ultrafast => self.ultrafast,
            ServiceTier::Unknown => None,
        };
        named.unwrap_or_else(|| self.dearest())
    }

    fn dearest(&self) -> u64 {
        [self.flex, self.batch, self.priority, self.fast, self.ultrafast].into_iter().flatten().fold(ONCE, u64::max)
    }

    /// Whether any service is cheaper than the others have it.
    pub(super) fn is_anywhere_below(&self, other: &Self) -> bool {
        use ServiceTier::{Batch, Fast, Flex, Priority, Ultrafast, Unknown};
        let is_below = |tier| self.times(tier) < other.times(tier);
        [Flex, Batch, Priority, Fast, Ultrafast, Unknown].into_iter().any(is_below)
            || self.regional.unwrap_or(ONCE) < other.regional.unwrap_or(ONCE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn charged(services: Services, tier: ServiceTier, is_regional: bool) -> u64 {
        services.charge(Picodollars(1000), &Usage { tier, is_regional, ..Usage::default() }).0
    }

    #[test]
    fn a_service_that_nobody_named_costs_as_the_dearest_that_is() {
        let some = Services { flex: Some(500), fast: Some(2000), ultrafast: Some(6000), ..Services::default() };
        let times = [
            (ServiceTier::Standard, 1000),
            (ServiceTier::Flex, 500),
            (ServiceTier::Fast, 2000),
            (ServiceTier::Ultrafast, 6000),
            (ServiceTier::Batch, 6000),
            (ServiceTier::Priority, 6000),
            (ServiceTier::Unknown, 6000),
        ];
        for (tier, expected) in times {
            assert_eq!(charged(some, tier, false), expected, "{tier:?}");
        }
        let discount = Services { flex: Some(500), ..Services::default() };
        assert_eq!(charged(discount, ServiceTier::Unknown, false), 1000, "what is unknown is no discount");
    }

    #[test]
    fn a_region_comes_on_top() {
        let some = Services { priority: Some(2000), regional: Some(1100), ..Services::default() };
        assert_eq!(charged(some, ServiceTier::Standard, true), 1100);
        assert_eq!(charged(some, ServiceTier::Priority, true), 2200);
        assert_eq!(charged(Services::default(), ServiceTier::Standard, true), 1000);
        let odd = some.charge(Picodollars(1), &Usage { is_regional: true, ..Usage::default() });
        assert_eq!(odd, Picodollars(2), "rounded up");
    }
}

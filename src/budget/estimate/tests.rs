//! Bounds hold whatever the provider does within what was announced, and what fits a budget fits it.

use proptest::prelude::*;

use super::*;
use crate::budget::{Limit, Period, Rates, Scope, Tier};
use crate::providers::Usage;

fn rates(input: u64, read: u64, short: u64, long: u64, output: u64) -> Rates {
    let [input, cache_read, cache_write_short, cache_write_long, output] =
        [input, read, short, long, output].map(Picodollars);
    Rates { input, cache_read, cache_write_short, cache_write_long, output }
}

fn row(base: Rates, tiers: &[(u64, Rates)]) -> Arc<PriceRow> {
    let tiers = tiers.iter().map(|(above, rates)| Tier { above: *above, rates: *rates }).collect();
    Arc::new(PriceRow { id: "m".to_owned(), base, tiers, ..PriceRow::free() })
}

/// Four, 0.2, five, eight and twenty dollars for a million.
fn opus() -> Arc<PriceRow> {
    row(rates(4_000_000, 200_000, 5_000_000, 8_000_000, 20_000_000), &[])
}

/// Five times as dear above 100,000.
fn haiku() -> Arc<PriceRow> {
    let base = rates(100_000, 10_000, 125_000, 200_000, 500_000);
    row(base, &[(100_000, rates(500_000, 50_000, 625_000, 1_000_000, 2_500_000))])
}

fn estimate(row: &Arc<PriceRow>, input: (u64, u64), max_output: u32, cache: Option<CacheLife>) -> Estimate {
    Estimate::with_input(&Planned { size: &TextSize::default(), max_output, cache }, row, input)
}

fn upper(row: &Arc<PriceRow>, prompt: u64, max_output: u32, cache: Option<CacheLife>) -> String {
    estimate(row, (0, prompt), max_output, cache).money.1.exact()
}

#[test]
fn the_upper_bound_takes_the_dearest_price_that_may_apply() {
    assert_eq!(upper(&opus(), 60_000, 8192, None), "$0.46384");
    assert_eq!(upper(&opus(), 60_000, 8192, Some(CacheLife::Short)), "$0.46384");
    assert_eq!(upper(&opus(), 60_000, 8192, Some(CacheLife::Long)), "$0.64384");
}

#[test]
fn a_prompt_that_may_cross_a_tier_is_reserved_as_one_that_does() {
    assert_eq!(upper(&haiku(), 100_000, 1000, None), "$0.013");
    assert_eq!(upper(&haiku(), 100_001, 1000, None), "$0.065000625");
    let cheaper_above = row(rates(10, 10, 10, 10, 10), &[(1000, rates(1, 1, 1, 1, 1))]);
    assert_eq!(
        estimate(&cheaper_above, (0, 1100), 0, None).money.1,
        Picodollars(10_000),
        "1000 tokens cost more than 1100"
    );
}

#[test]
fn the_lower_bound_takes_the_cheapest() {
    let low = |row, input| estimate(&row, input, 1000, None).money.0;
    assert_eq!(low(opus(), (10_000, 20_000)), Picodollars(10_000 * 200_000));
    assert_eq!(low(haiku(), (90_000, 150_000)), Picodollars(90_000 * 10_000));
    assert_eq!(low(haiku(), (110_000, 150_000)), Picodollars(110_000 * 50_000));
}

#[test]
fn an_answer_is_shortened_to_what_is_left_but_not_below_what_is_of_use() {
    let whole = estimate(&opus(), (50_000, 60_000), 8192, Some(CacheLife::Short));
    let left = |dollars: &str| whole.fitting(Picodollars::parse_dollars(dollars), None).map(|fit| fit.max_output);
    assert_eq!(left("1"), Some(8192));
    assert_eq!(left("0.46384"), Some(8192), "to the last pico-dollar");
    assert_eq!(left("0.46383"), Some(8191));
    assert_eq!(left("0.34"), Some(2000));
    assert_eq!(left("0.32048"), Some(1024));
    assert_eq!(left("0.32047"), None, "fewer than 1024 tokens are no answer");
    assert_eq!(left("0"), None);
    let tokens = |left| whole.fitting(None, Some(left)).map(|fit| fit.max_output);
    assert_eq!([tokens(70_000), tokens(65_000), tokens(61_000)], [Some(8192), Some(5000), None]);
    let short = estimate(&opus(), (50_000, 60_000), 300, None);
    assert_eq!(short.fitting(Picodollars::parse_dollars("0.306"), None).map(|fit| fit.max_output), Some(300));
    assert_eq!(short.fitting(Picodollars::parse_dollars("0.305"), None), None, "it was asked for 300");
    assert_eq!(whole.fitting(None, None).unwrap(), whole);
}

#[test]
fn a_limit_of_nothing_lets_nothing_pass_that_is_free_either() {
    let window = |cents: u64| {
        let amount = Amount::Money(Picodollars(cents * Picodollars::DOLLAR.0 / 100));
        let limit = Limit { amount, period: Period::Month, scope: Scope::User };
        WindowState { limit, settled: 0, open: 0, resets_at: None, clock_is_behind: 0 }
    };
    let free = estimate(&Arc::new(PriceRow::free()), (50, 60), 8192, None);
    assert_eq!(free.within(&[window(1)]).as_ref(), Some(&free));
    assert_eq!(free.within(&[window(1), window(0)]), None);
}

#[test]
fn what_a_model_cannot_take_is_said_with_numbers() {
    let row = |max_input, max_output| Arc::new(PriceRow { max_input, max_output, ..(*opus()).clone() });
    let misfit = |row, input, output| estimate(&row, input, output, None).misfit();
    assert_eq!(misfit(row(Some(1000), None), (900, 2000), 100), None, "it may still fit");
    assert_eq!(
        misfit(row(Some(1000), None), (1001, 2000), 100).unwrap(),
        "the question has at least 1001 tokens, and `m` reads 1000 at most"
    );
    assert_eq!(
        misfit(row(None, Some(4096)), (10, 20), 8192).unwrap(),
        "`m` writes 4096 tokens at most; lower `cloud.maxOutputTokens`"
    );
}

#[test]
fn nothing_overflows() {
    let dear = row(rates(u64::MAX, 1, u64::MAX, 1, u64::MAX), &[(u64::MAX, rates(1, 1, 1, 1, 1))]);
    let estimate = estimate(&dear, (u64::MAX, u64::MAX), u32::MAX, Some(CacheLife::Long));
    assert_eq!((estimate.money.1, estimate.tokens()), (Picodollars(u64::MAX), u64::MAX));
}

fn any_rates() -> impl Strategy<Value = Rates> {
    let price = || 0u64..20_000_000;
    (price(), price(), price(), price(), price())
        .prop_map(|(input, read, short, long, output)| rates(input, read, short, long, output))
}

fn any_row() -> impl Strategy<Value = Arc<PriceRow>> {
    let tiers = prop::collection::btree_map(0u64..400_000, any_rates(), 0..4);
    (any_rates(), tiers).prop_map(|(base, tiers)| row(base, &tiers.into_iter().collect::<Vec<_>>()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Any prices, any tiers, any split between reading and writing a cache: within the announced tokens the cost is within
    /// the announced bounds.
    #[test]
    fn the_cost_is_within_the_bounds(
        row in any_row(),
        low in 0u64..300_000,
        span in 0u64..300_000,
        prompt in 0f64..=1.0,
        shares in prop::array::uniform3(0f64..=1.0),
        max_output in 0u32..130_000,
        output in 0f64..=1.0,
        is_long in any::<bool>(),
    ) {
        let part = |whole: u64, share: f64| (whole as f64 * share) as u64;
        let mut rest = low + part(span, prompt);
        let mut take = |share: f64| {
            let taken = part(rest, share);
            rest -= taken;
            taken
        };
        let (cache_read, cache_write_short, long) = (take(shares[0]), take(shares[1]), take(shares[2]));
        let usage = Usage {
            cache_read,
            cache_write_short,
            cache_write_long: if is_long { long } else { 0 },
            input_uncached: rest + if is_long { 0 } else { long },
            output: part(u64::from(max_output), output),
            ..Usage::default()
        };
        let cache = is_long.then_some(CacheLife::Long);
        let estimate = estimate(&row, (low, low + span), max_output, cache);
        let cost = row.cost(&usage);
        prop_assert!(estimate.money.0 <= cost && cost <= estimate.money.1, "{:?} {cost} {:?}", estimate.money, usage);
        prop_assert!(usage.input() + usage.output <= estimate.tokens());
    }

    /// What is cut to fit fits, and is cut no more than that.
    #[test]
    fn what_fits_is_the_longest_that_does(
        row in any_row(),
        prompt in 0u64..300_000,
        max_output in 1u32..130_000,
        left in 0u64..3_000_000_000_000,
    ) {
        let whole = estimate(&row, (0, prompt), max_output, None);
        let left = Picodollars(left);
        match whole.fitting(Some(left), None) {
            None => {
                let least = estimate(&row, (0, prompt), max_output.min(LEAST_OUTPUT), None);
                prop_assert!(least.money.1 > left);
            }
            Some(fit) => {
                prop_assert!(fit.money.1 <= left && fit.max_output <= max_output);
                if fit.max_output < max_output {
                    prop_assert!(estimate(&row, (0, prompt), fit.max_output + 1, None).money.1 > left);
                }
            }
        }
    }
}

/// The numbers of docs/budget.md.
#[test]
fn the_worked_example_is_right() {
    let document = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/budget.md")).unwrap();
    let endpoint = crate::providers::Endpoint::of("anthropic", &crate::config::ProviderSettings::default()).unwrap();
    let today = jiff::civil::date(2026, 11, 28);
    let asked = crate::budget::Asked { endpoint: &endpoint, model: "claude-opus-5-5", price_as: None, today };
    let opus = crate::budget::PriceTable::shipped("prices.toml".as_ref()).find(&asked).unwrap();
    let first = Usage { cache_write_short: 48_000, output: 1_500, ..Usage::default() };
    let next = Usage { cache_read: 48_000, output: 1_500, ..Usage::default() };
    let reserved = estimate(&opus, (0, 60_000), 8_192, Some(CacheLife::Short)).money.1;
    for (amount, sentence) in [
        (reserved, "= **{}** is reserved"),
        (opus.cost(&first), "settled at 48,000 × $5/M + 1,500 × $20/M = **{}**"),
        (opus.cost(&next), "48,000 × $0.20/M + 1,500 × $20/M = **{}**; the same"),
    ] {
        let sentence = sentence.replace("{}", &amount.exact());
        assert!(document.contains(&sentence), "{sentence}");
    }
}

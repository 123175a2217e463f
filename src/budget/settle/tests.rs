//! Every way in which a request ends, and what it is settled at.

use std::path::Path;
use std::sync::Arc;

use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::budget::{Asked, Planned, PriceTable, Tokenizer};
use crate::config::{ProviderKind, ProviderSettings};
use crate::providers::{CacheLife, ServiceTier};

const ALL_KINDS: [ProviderKind; 10] = [
    ProviderKind::Anthropic,
    ProviderKind::OpenAi,
    ProviderKind::OpenAiChat,
    ProviderKind::Gemini,
    ProviderKind::Bedrock,
    ProviderKind::Azure,
    ProviderKind::OpenRouter,
    ProviderKind::Mistral,
    ProviderKind::DeepSeek,
    ProviderKind::Compatible,
];

/// As the provider itself is usually set up.
fn endpoint(kind: ProviderKind) -> Endpoint {
    let settings = ProviderSettings {
        kind: Some(kind),
        region: Some("eu-central-1".to_owned()),
        base_url: match kind {
            ProviderKind::Azure => Some("https://desk.openai.azure.com".to_owned()),
            ProviderKind::Compatible => Some("https://box.example".to_owned()),
            _ => None,
        },
        ..ProviderSettings::default()
    };
    Endpoint::of("x", &settings).unwrap()
}

fn row(kind: ProviderKind, model: &str) -> Arc<PriceRow> {
    let asked = Asked { endpoint: &endpoint(kind), model, price_as: None, today: date(2026, 11, 28) };
    PriceTable::shipped(Path::new("prices.toml")).find(&asked).unwrap()
}

fn opus() -> Arc<PriceRow> {
    row(ProviderKind::Anthropic, "claude-opus-5-5")
}

/// A prompt of 1,000 to 2,000 tokens and an answer of 1,000 at most: 4, 5 and 20 dollars for a million.
fn estimate() -> Estimate {
    let planned = Planned { size: &TextSize::default(), max_output: 1000, cache: Some(CacheLife::Short) };
    Estimate::with_input(&planned, &opus(), (1000, 2000))
}

/// What a story comes to, in millionths of a dollar and with its outcome.
fn ends(kind: ProviderKind, end: End, story: impl FnOnce(&mut Progress)) -> Option<(u64, u64, Outcome)> {
    let mut progress = Progress::default();
    story(&mut progress);
    let settled = settlement(&progress, end, &estimate(), &endpoint(kind))?;
    Some((settled.money.0.div_ceil(1_000_000), settled.tokens, settled.outcome))
}

#[test]
fn what_was_not_sent_or_turned_away_costs_nothing() {
    for kind in ALL_KINDS {
        for end in [End::Complete, End::Broken] {
            assert_eq!(ends(kind, end, |_| {}), None, "no address, no connection, no TLS, cancelled before");
            let rejected = |progress: &mut Progress| {
                progress.written();
                progress.rejected();
            };
            assert_eq!(ends(kind, end, rejected), None, "a status from 300 on");
        }
    }
}

#[test]
fn a_count_at_the_end_is_what_it_cost() {
    let usage =
        Usage { input_uncached: 100, cache_read: 1000, cache_write_short: 400, output: 300, ..Usage::default() };
    let counted = |progress: &mut Progress| {
        progress.written();
        progress.text("An answer.");
        progress.usage(&usage);
    };
    // 100 × 4 + 1000 × 0.2 + 400 × 5 + 300 × 20
    for kind in ALL_KINDS {
        assert_eq!(ends(kind, End::Complete, counted), Some((8600, 1800, Outcome::Counted)), "{kind:?}");
    }
    let larger = Usage { input_uncached: 10_000, output: 5_000, ..Usage::default() };
    let promised_less = |progress: &mut Progress| {
        progress.written();
        progress.usage(&larger);
    };
    let reserved = estimate().money.1.0 / 1_000_000;
    let (money, tokens, outcome) = ends(ProviderKind::OpenAi, End::Complete, promised_less).unwrap();
    assert_eq!((money, tokens, outcome), (140_000, 15_000, Outcome::Counted));
    assert!(money > reserved, "more than was promised is written down as it is");
}

#[test]
fn a_refusal_before_any_output_costs_what_was_counted() {
    let refused = |progress: &mut Progress| {
        progress.written();
        progress.usage(&Usage { input_uncached: 1500, ..Usage::default() });
    };
    assert_eq!(ends(ProviderKind::Anthropic, End::Complete, refused), Some((6000, 1500, Outcome::Counted)));
}

#[test]
fn the_dearer_of_two_bills_counts() {
    let billed = |cost: u64| {
        move |progress: &mut Progress| {
            progress.written();
            let usage = Usage { input_uncached: 1000, output: 100, provider_cost: Some(cost), ..Usage::default() };
            progress.usage(&usage);
        }
    };
    assert_eq!(ends(ProviderKind::OpenRouter, End::Complete, billed(9_000_000_000)).unwrap().0, 9000);
    assert_eq!(ends(ProviderKind::OpenRouter, End::Complete, billed(1)).unwrap().0, 6000);
    // Both are kept, so that either of them may show that the table is old.
    let mut progress = Progress::default();
    billed(9_000_000_000)(&mut progress);
    let settled = settlement(&progress, End::Complete, &estimate(), &endpoint(ProviderKind::OpenRouter)).unwrap();
    let costs = (settled.own_cost.unwrap(), settled.provider_cost.unwrap(), settled.money);
    assert_eq!(costs, (Picodollars(6_000_000_000), Picodollars(9_000_000_000), Picodollars(9_000_000_000)));
}

#[test]
fn a_service_that_was_not_asked_for_is_settled_at_its_price() {
    let served = |tier, end| {
        ends(ProviderKind::Anthropic, end, |progress| {
            progress.written();
            progress.silent_for(Duration::ZERO);
            progress.usage(&Usage { input_uncached: 1000, output: 100, tier, is_regional: true, ..Usage::default() });
        })
    };
    // 1000 × 4 + 100 × 20, and a tenth more for the region.
    assert_eq!(served(ServiceTier::Standard, End::Complete), Some((6600, 1100, Outcome::Counted)));
    assert_eq!(served(ServiceTier::Fast, End::Complete), Some((13_200, 1100, Outcome::Counted)));
    assert_eq!(served(ServiceTier::Unknown, End::Broken), Some((13_200, 1100, Outcome::Estimated)));
}

#[test]
fn without_a_count_the_most_that_can_have_been_written_counts() {
    // The prompt at its upper bound and the dearer price, 2000 × 5, and 20 for each token of the answer.
    let seconds = |silence: u64, text: &'static str| {
        move |progress: &mut Progress| {
            progress.written();
            progress.silent_for(Duration::from_secs(silence));
            progress.text(text);
        }
    };
    let cancelled = End::Broken;
    let text = "let answer = 42;";
    let streamed = Tokenizer::Claude.text_bound(&TextSize::of(text));
    for (kind, end, silence, text, expected) in [
        (ProviderKind::Anthropic, cancelled, 0, "", (10_000, 2000, Outcome::Estimated)),
        (ProviderKind::Anthropic, cancelled, 1, "", (20_000, 2500, Outcome::Estimated)),
        (ProviderKind::Anthropic, cancelled, 60, "", (30_000, 3000, Outcome::Presumed)),
        (ProviderKind::OpenAi, cancelled, 0, text, (10_000 + 20 * streamed, 2000 + streamed, Outcome::Estimated)),
        (ProviderKind::Azure, cancelled, 1, text, (20_000 + 20 * streamed, 2500 + streamed, Outcome::Estimated)),
        (ProviderKind::Gemini, cancelled, 0, text, (30_000, 3000, Outcome::Presumed)),
        (ProviderKind::Bedrock, cancelled, 0, "", (30_000, 3000, Outcome::Presumed)),
        (ProviderKind::Compatible, cancelled, 0, text, (30_000, 3000, Outcome::Presumed)),
        (
            ProviderKind::Compatible,
            End::Complete,
            0,
            text,
            (10_000 + 20 * streamed, 2000 + streamed, Outcome::Estimated),
        ),
    ] {
        assert_eq!(ends(kind, end, seconds(silence, text)), Some(expected), "{kind:?} {end:?} {silence} s {text:?}");
    }
    let nothing_said = |progress: &mut Progress| {
        progress.written();
        progress.text(text);
    };
    assert_eq!(ends(ProviderKind::DeepSeek, cancelled, nothing_said), Some((30_000, 3000, Outcome::Presumed)));
}

#[test]
fn a_count_from_the_beginning_holds_for_the_prompt_of_a_broken_answer() {
    let begun = |progress: &mut Progress| {
        progress.written();
        progress.usage(&Usage { cache_read: 1900, output: 1, ..Usage::default() });
        progress.silent_for(Duration::ZERO);
    };
    // 1900 × 0.2, and the one token that was counted.
    assert_eq!(ends(ProviderKind::Anthropic, End::Broken, begun), Some((400, 1901, Outcome::Estimated)));
    // The others finish the answer: 1000 tokens of it.
    assert_eq!(ends(ProviderKind::Bedrock, End::Broken, begun), Some((20_380, 2900, Outcome::Estimated)));
    let counted_on = |progress: &mut Progress| {
        begun(progress);
        progress.usage(&Usage { cache_read: 1900, output: 1200, ..Usage::default() });
    };
    assert_eq!(ends(ProviderKind::Gemini, End::Broken, counted_on), Some((24_380, 3100, Outcome::Estimated)));
}

#[test]
fn a_count_that_cannot_be_is_none() {
    let nothing = |progress: &mut Progress| {
        progress.written();
        progress.silent_for(Duration::ZERO);
        progress.text("An answer.");
        progress.usage(&Usage::default());
    };
    let (money, _, outcome) = ends(ProviderKind::Compatible, End::Complete, nothing).unwrap();
    assert!(money > 10_000 && outcome == Outcome::Estimated, "zeros are not a count: {money}");
    let no_output = |progress: &mut Progress| {
        nothing(progress);
        progress.usage(&Usage { input_uncached: 1000, ..Usage::default() });
    };
    let (money, _, outcome) = ends(ProviderKind::Compatible, End::Complete, no_output).unwrap();
    assert!(money > 4000 && outcome == Outcome::Estimated, "text came, so tokens did: {money}");
}

#[test]
fn a_tier_is_chosen_by_the_whole_prompt_that_was_counted() {
    let sol = row(ProviderKind::OpenAi, "gpt-6.1-sol");
    let planned = Planned { size: &TextSize::default(), max_output: 1000, cache: None };
    let estimate = Estimate::with_input(&planned, &sol, (200_000, 300_000));
    let cost = |cached: u64| {
        let mut progress = Progress::default();
        progress.written();
        progress.usage(&Usage { input_uncached: 2_000, cache_read: cached, output: 100, ..Usage::default() });
        settlement(&progress, End::Complete, &estimate, &endpoint(ProviderKind::OpenAi))
            .map(|settled| settled.money.0.div_ceil(1_000_000))
    };
    assert_eq!(cost(270_000), Some(2_000 * 2 + 27_000 + 1_000));
    assert_eq!(cost(270_001), Some(2_000 * 4 + 54_001 + 1_500), "above 272,000 the whole request is dearer");
}

#[test]
fn the_floor_is_what_was_counted_by_now() {
    let mut progress = Progress::default();
    progress.written();
    assert_eq!(progress.floor(&estimate()), Picodollars::ZERO);
    progress.usage(&Usage { input_uncached: 1000, output: 10, ..Usage::default() });
    assert_eq!(progress.floor(&estimate()), Picodollars(4_200_000_000));
}

proptest! {
    /// However it ends: if the provider keeps to what was announced, no more is settled than was reserved, and no less than
    /// is known.
    #[test]
    fn nothing_is_settled_above_the_reservation_or_below_the_floor(
        kind in prop::sample::select(&ALL_KINDS[..]),
        is_complete in any::<bool>(),
        input in 1000u64..=2000,
        cached in 0u64..=1000,
        counted in prop::option::of(0u64..=1000),
        text in "[a-z =;\n]{0,400}",
        silence in prop::option::of(0u64..5000),
    ) {
        let estimate = estimate();
        let mut progress = Progress::default();
        progress.written();
        if let Some(output) = counted {
            progress.usage(&Usage { input_uncached: input - cached, cache_write_short: cached, output, ..Usage::default() });
        }
        progress.text(&text);
        if let Some(silence) = silence {
            progress.silent_for(Duration::from_millis(silence));
        }
        let end = if is_complete { End::Complete } else { End::Broken };
        let settled = settlement(&progress, end, &estimate, &endpoint(kind)).unwrap();
        prop_assert!(settled.money <= estimate.money.1 && settled.tokens <= estimate.tokens());
        prop_assert!(settled.money >= progress.floor(&estimate) && settled.money > Picodollars::ZERO);
        if settled.outcome == Outcome::Presumed {
            prop_assert_eq!(settled.money, estimate.money.1);
        }
    }
}

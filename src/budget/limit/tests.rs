//! Limits in all spellings, what cannot be read, and that what is printed reads back.

use proptest::prelude::*;

use super::*;

fn money(dollars_in_cents: u64) -> Amount {
    Amount::Money(Picodollars(dollars_in_cents * 10_000_000_000))
}

fn read(text: &str) -> Limit {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

fn error(text: &str) -> String {
    let error = text.parse::<Limit>().unwrap_err();
    format!("{}: {}", error.at, error.message)
}

#[test]
fn suggestions_have_limits_in_money_in_any_case() {
    let all = |texts: &[&str]| {
        let limits = Limits::read(texts).with_usual_for_suggestions().readable;
        limits.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let usual = ["$0.01 per request for suggestions", "$1 per day for suggestions"];
    assert_eq!(all(&[]), usual);
    let mine = ["$5 per day for suggestions", "10 tokens per request for suggestions", "$1 per request"];
    assert_eq!(
        all(&mine),
        [&mine[..], &usual[..1]].concat(),
        "tokens and limits on all are no limit in money on these"
    );
}

#[test]
fn limits_are_read_as_people_write_them() {
    let limit = |amount, period, scope| Limit { amount, period, scope };
    let provider = |name: &str| Scope::Provider(name.to_owned());
    let model = |id: &str| Scope::Model(id.to_owned());
    for (text, expected) in [
        ("$20 per month", limit(money(2000), Period::Month, Scope::User)),
        ("20$ per month", limit(money(2000), Period::Month, Scope::User)),
        ("20 USD per month", limit(money(2000), Period::Month, Scope::User)),
        ("usd 20 PER Months", limit(money(2000), Period::Month, Scope::User)),
        ("  $ 0.50   per\trequest ", limit(money(50), Period::Request, Scope::User)),
        ("$20/month", limit(money(2000), Period::Month, Scope::User)),
        ("$0 per day", limit(money(0), Period::Day, Scope::User)),
        ("$1_000 a month", limit(money(100_000), Period::Month, Scope::User)),
        ("500000 tokens per day", limit(Amount::Tokens(500_000), Period::Day, Scope::User)),
        ("1.5M tokens per hour", limit(Amount::Tokens(1_500_000), Period::Hour, Scope::User)),
        ("2k tokens per session", limit(Amount::Tokens(2_000), Period::Session, Scope::User)),
        ("1 token per session", limit(Amount::Tokens(1), Period::Session, Scope::User)),
        ("$1 per day for suggestions", limit(money(100), Period::Day, Scope::Suggestions)),
        ("$2 per day for workspace", limit(money(200), Period::Day, Scope::Workspace)),
        ("$2 per day for this workspace", limit(money(200), Period::Day, Scope::Workspace)),
        ("$5 per month for provider openai", limit(money(500), Period::Month, provider("openai"))),
        ("$5 per month for Provider My Azure", limit(money(500), Period::Month, provider("My Azure"))),
        ("9 tokens per day for model gpt-6.1-sol", limit(Amount::Tokens(9), Period::Day, model("gpt-6.1-sol"))),
        ("$1 per day for model us.meta.llama4:0", limit(money(100), Period::Day, model("us.meta.llama4:0"))),
    ] {
        assert_eq!(read(text), expected, "{text}");
    }
}

#[test]
fn what_cannot_be_read_says_where_and_how_it_is_written() {
    for (text, expected) in [
        ("", "1: an amount is missing"),
        ("per month", "1: an amount is missing; `per` stands there"),
        ("20 per month", "4: the amount needs a `$`, `USD` or `tokens`; `per` stands there"),
        ("€20 per month", "1: an amount is missing; `€` stands there"),
        ("-$20 per month", "1: an amount cannot be negative"),
        ("$-20 per month", "2: an amount cannot be negative"),
        ("$1,000 per month", "3: a comma may mean thousands or decimals: leave it out, or write a point"),
        (
            "$0.0000000000001 per day",
            "2: `0.0000000000001` is no amount of dollars from 0 to 1 million, with 12 decimals at most",
        ),
        ("$1.2.3 per day", "2: `1.2.3` is no amount of dollars from 0 to 1 million, with 12 decimals at most"),
        (
            "$1000000.01 per day",
            "2: `1000000.01` is no amount of dollars from 0 to 1 million, with 12 decimals at most",
        ),
        ("0.5 tokens per day", "1: `0.5` is no number of tokens from 0 to 1,000 billion"),
        ("1.0005k tokens per day", "1: `1.0005` is no number of tokens from 0 to 1,000 billion"),
        ("9999999999999 tokens per day", "1: `9999999999999` is no number of tokens from 0 to 1,000 billion"),
        ("$5 tokens per day", "2: an amount is of dollars or of tokens, not of both"),
        ("$20", "4: `per` and a period are missing"),
        ("$20 monthly", "5: `per` and a period are missing; `monthly` stands there"),
        ("$20 per", "8: a period is missing: request, session, hour, day or month"),
        ("$20 per week", "9: a period is missing: request, session, hour, day or month; `week` stands there"),
        ("$20 per month please", "15: only `for` and whose spending counts may follow; `please` stands there"),
        ("$20 per month for", "18: `workspace`, `suggestions`, `provider NAME` or `model ID` is missing"),
        (
            "$20 per month for me",
            "19: `workspace`, `suggestions`, `provider NAME` or `model ID` is missing; `me` stands there",
        ),
        ("$20 per month for provider ", "28: the name of the provider is missing"),
        ("$20 per month for workspace x", "29: nothing may follow; `x` stands there"),
    ] {
        assert_eq!(error(text), expected, "{text}");
    }
    let long = format!("$1 per day for model {}", "x".repeat(400));
    assert_eq!(error(&long), "1: it is longer than 300 bytes");
    let shown = "$20 per fortnight".parse::<Limit>().unwrap_err().to_string();
    assert_eq!(
        shown,
        "`$20 per fortnight`: a period is missing: request, session, hour, day or month; `fortnight` stands there \
         (character 9). Write it as `$20 per month`"
    );
}

#[test]
fn one_limit_that_cannot_be_read_closes_the_cloud() {
    let sound = Limits::read(&["$20 per month", "$20 per month", "1M tokens per day"]);
    assert_eq!((sound.readable.len(), sound.refusal()), (2, None));
    assert!(sound.has_monthly());
    let broken = Limits::read(&["$20 per month", "$2 per dai"]);
    let refusal = broken.refusal().unwrap();
    assert!(refusal.starts_with("a limit in `budget.limits` cannot be read, so no cloud model is asked: `$2 per dai`"));
    assert!(Limits::read(&["x", "y", "z"]).refusal().unwrap().ends_with("(and 2 others)"));
}

#[test]
fn the_cloud_needs_a_monthly_limit_on_everything() {
    for (text, opens) in [
        ("$20 per month", true),
        ("5M tokens per month", true),
        ("$0 per month", true),
        ("$20 per day", false),
        ("$20 per month for workspace", false),
        ("$20 per month for provider openai", false),
        ("$20 per month for model gpt-6.1-sol", false),
    ] {
        assert_eq!(Limits::read(&[text]).has_monthly(), opens, "{text}");
    }
    assert!(!Limits::default().has_monthly());
}

#[test]
fn amounts_are_shown_in_their_unit() {
    assert_eq!(money(0).show(1_500_000_000_000), "$1.50");
    assert_eq!(Amount::Tokens(0).show(1_234_567), "1,234,567 tokens");
    assert_eq!(Amount::Tokens(0).show(999), "999 tokens");
}

fn any_limit() -> impl Strategy<Value = Limit> {
    let amount = prop_oneof![
        (0u64..=1_000_000_000_000_000_000).prop_map(|units| Amount::Money(Picodollars(units))),
        (0u64..=1_000_000_000_000).prop_map(Amount::Tokens),
    ];
    let name = "[a-zA-Z0-9äß._:/-]([a-zA-Z0-9 ._:/-]{0,20}[a-z0-9])?";
    let scope = prop_oneof![
        Just(Scope::User),
        Just(Scope::Workspace),
        name.prop_map(Scope::Provider),
        name.prop_map(Scope::Model),
    ];
    (amount, prop::sample::select(&Period::ALL[..]), scope).prop_map(|(amount, period, scope)| Limit {
        amount,
        period,
        scope,
    })
}

proptest! {
    #[test]
    fn what_is_printed_reads_back(limit in any_limit()) {
        prop_assert_eq!(read(&limit.to_string()), limit);
    }

    #[test]
    fn nothing_panics_and_what_is_read_is_within_bounds(text in "(\\PC|[ $0-9.kM]|per|day|tokens|for){0,12}") {
        if let Ok(limit) = text.parse::<Limit>() {
            let most = match limit.amount {
                Amount::Money(money) => money.0 / 1_000_000,
                Amount::Tokens(tokens) => tokens,
            };
            prop_assert!(most <= 1_000_000_000_000, "{}", limit);
            prop_assert_eq!(read(&limit.to_string()), limit);
        }
    }
}

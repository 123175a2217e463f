//! The shipped table, the user's file, and which row counts.

use jiff::civil::date;

use super::*;
use crate::budget::Picodollars;
use crate::config::ProviderKind;
use crate::providers::{Endpoint, ServiceTier, Usage};

const TODAY: Date = date(2026, 11, 28);

fn table(users: &str) -> PriceTable {
    PriceTable::shipped(Path::new("prices.toml")).with_user(users)
}

fn endpoint(name: &str, kind: ProviderKind, base_url: &str) -> Endpoint {
    Endpoint {
        name: name.to_owned(),
        kind,
        base_url: base_url.to_owned(),
        region: None,
        api_version: None,
        price_as: None,
        shows_bearer: false,
        is_local: false,
    }
}

fn anthropic() -> Endpoint {
    endpoint("anthropic", ProviderKind::Anthropic, "https://api.anthropic.com/v1")
}

fn find(
    table: &PriceTable,
    endpoint: &Endpoint,
    model: &str,
    price_as: Option<&str>,
) -> Result<Arc<PriceRow>, PriceError> {
    table.find(&Asked { endpoint, model, price_as, today: TODAY })
}

/// The row's name and its prices of input and output, in pico-dollars.
fn found(table: &PriceTable, endpoint: &Endpoint, model: &str, price_as: Option<&str>) -> (String, u64, u64) {
    let row = find(table, endpoint, model, price_as).unwrap_or_else(|error| panic!("{error}"));
    (row.to_string(), row.base.input.0, row.base.output.0)
}

#[test]
fn the_shipped_table_is_whole() {
    let rows = read::rows(SHIPPED, Whose::Ours).unwrap();
    assert_eq!(rows.bad, []);
    assert_eq!(rows.good.len(), 67);
    assert_eq!(rows.services.iter().map(|(provider, _)| &**provider).collect::<Vec<_>>(), ["*", "anthropic", "openai"]);
    for row in &rows.good {
        let name = row.to_string();
        assert!(row.as_of.is_some(), "{name}: without a date nobody knows when to doubt it");
        assert!(row.context.is_some() && row.max_output.is_some(), "{name}");
        for (rates, ..) in row.segments(u64::MAX) {
            assert!(rates.output > rates.input || name.contains("llama3"), "{name}");
            assert!(rates.cache_read <= rates.input && rates.input <= rates.cache_write_short, "{name}");
            assert!(rates.cache_write_short <= rates.cache_write_long, "{name}");
        }
    }
}

#[test]
fn prices_are_read_to_the_last_digit() {
    let row = find(&table(""), &anthropic(), "claude-haiku-5-5", None).unwrap();
    let rates = |rates: &Rates| {
        let Rates { input, cache_read, cache_write_short, cache_write_long, output } = *rates;
        [input, cache_read, cache_write_short, cache_write_long, output].map(|rate| rate.0)
    };
    assert_eq!(rates(&row.base), [100_000, 10_000, 125_000, 200_000, 500_000]);
    assert_eq!(rates(row.rates(100_000)), [100_000, 10_000, 125_000, 200_000, 500_000]);
    assert_eq!(rates(row.rates(100_001)), [500_000, 50_000, 625_000, 1_000_000, 2_500_000]);
    let facts = (row.context, row.max_output, row.cache_minimum, row.takes_sampling, row.always_thinks);
    assert_eq!(facts, (Some(1_000_000), Some(128_000), Some(512), Some(false), Some(false)));
}

#[test]
fn a_request_is_billed_by_the_tier_of_its_whole_prompt() {
    let row = find(&table(""), &anthropic(), "claude-haiku-5-5", None).unwrap();
    let usage = |cache_read| Usage { input_uncached: 10_000, cache_read, output: 100, ..Usage::default() };
    assert_eq!(row.cost(&usage(90_000)), Picodollars(10_000 * 100_000 + 90_000 * 10_000 + 100 * 500_000));
    assert_eq!(row.cost(&usage(90_001)), Picodollars(10_000 * 500_000 + 90_001 * 50_000 + 100 * 2_500_000));
}

#[test]
fn a_model_has_the_price_of_exactly_its_id() {
    let table = table("");
    assert_eq!(
        found(&table, &anthropic(), "claude-opus-5-5", None),
        ("anthropic/claude-opus-5-5 2026-11-12".to_owned(), 4_000_000, 20_000_000)
    );
    let mine = endpoint("mine", ProviderKind::OpenAiChat, "https://api.openai.com/v1");
    assert_eq!(found(&table, &mine, "gpt-6.1-sol", None).0, "openai/gpt-6.1-sol 2026-11-12");
    let bedrock = endpoint("bedrock", ProviderKind::Bedrock, "https://bedrock-runtime.eu-central-1.amazonaws.com");
    assert_eq!(found(&table, &bedrock, "global.anthropic.claude-opus-5-5", None).1, 4_000_000);
    assert_eq!(found(&table, &bedrock, "eu.anthropic.claude-opus-5-5", None).1, 4_400_000);
    // A dated id, a profile of a region without a row, another provider's: each may cost something else.
    for (endpoint, model) in [
        (&anthropic(), "claude-opus-5-5-20261101"),
        (&anthropic(), "Claude-Opus-5-5"),
        (&bedrock, "eu.anthropic.claude-sonnet-5-5"),
        (&bedrock, "claude-opus-5-5"),
        (
            &endpoint("openrouter", ProviderKind::OpenRouter, "https://openrouter.ai/api/v1"),
            "anthropic/claude-opus-5-5",
        ),
        (&endpoint("azure", ProviderKind::Azure, "https://us.openai.azure.com/openai/v1"), "gpt-6.1-sol"),
        (&endpoint("box", ProviderKind::Compatible, "https://llm.example/v1"), "gpt-6.1-sol"),
    ] {
        let error = find(&table, endpoint, model, None).unwrap_err();
        assert!(matches!(error, PriceError::Unknown { .. }), "{model}: {error}");
    }
}

#[test]
fn a_gateway_has_prices_of_its_own() {
    let table = table("");
    let at = |base_url: &str| {
        let endpoint = endpoint("anthropic", ProviderKind::Anthropic, base_url);
        find(&table, &endpoint, "claude-opus-5-5", None).is_ok()
    };
    for own in
        ["https://api.anthropic.com", "https://API.Anthropic.com:443/v1", "http://127.0.0.1:9", "http://[::1]:9/v1"]
    {
        assert!(at(own), "{own}");
    }
    for other in [
        "https://gateway.example/anthropic",
        "https://api.anthropic.com.example",
        "https://api.anthropic.com@gateway.example",
        "https://gateway.example/?https://api.anthropic.com",
        "api.anthropic.com",
        "",
    ] {
        assert!(!at(other), "{other}");
    }
    let gateway = endpoint("gate", ProviderKind::Anthropic, "https://gateway.example");
    assert_eq!(found(&table, &gateway, "opus", Some("claude-opus-5-5")).1, 4_000_000);
}

#[test]
fn openai_asks_a_tenth_more_where_the_region_is_chosen() {
    let europe = endpoint("openai", ProviderKind::OpenAi, "https://eu.api.openai.com/v1");
    let row = find(&table(""), &europe, "gpt-6.1-sol", None).unwrap();
    assert_eq!((row.base.input.0, row.base.cache_read.0, row.base.output.0), (2_200_000, 110_000, 11_000_000));
    assert_eq!(row.rates(300_000).output.0, 16_500_000);
    let own = table("[openai.\"gpt-6.1-sol\"]\ninput = 3\noutput = 9\n");
    assert_eq!(found(&own, &europe, "gpt-6.1-sol", None).1, 3_000_000, "the user's price is what the user says");
}

#[test]
fn price_as_names_the_row_where_the_id_says_nothing() {
    let table = table("[desk.small]\ninput = 1\noutput = 2\n");
    let azure = endpoint("desk", ProviderKind::Azure, "https://desk.openai.azure.com/openai/v1");
    let name = |price_as| found(&table, &azure, "deployment-7", Some(price_as)).0;
    assert_eq!(name("gpt-6.1-sol"), "azure/gpt-6.1-sol 2026-11-12");
    assert_eq!(name("us/gpt-6.1-sol"), "azure/us/gpt-6.1-sol 2026-11-12");
    assert_eq!(name("openai/gpt-6.1-terra"), "openai/gpt-6.1-terra 2026-11-12");
    assert_eq!(name("small"), "desk/small (yours)");
    let error = find(&table, &azure, "deployment-7", Some("gpt-6.1-sun")).unwrap_err().to_string();
    assert_eq!(
        error,
        "no row of the price table is called `gpt-6.1-sun`, as `cloud.providers.desk.priceAs` says; `tandem prices` shows \
         them all, for example `azure/gpt-6.1-sol`"
    );
    // It does not make a model cheaper whose price is known.
    assert_eq!(found(&table, &anthropic(), "claude-opus-5-5", Some("claude-haiku-5-5")).1, 4_000_000);
}

#[test]
fn an_unknown_price_says_the_lines_that_would_price_it() {
    let error = find(&table(""), &anthropic(), "claude-fable-5-2", None).unwrap_err().to_string();
    for line in [
        "the price of `claude-fable-5-2` at `anthropic` is not known, so it is not asked. Write into prices.toml what it costs",
        "\n[anthropic.\"claude-fable-5-2\"]\ninput = …\noutput = …\n",
        "\n[cloud.providers.anthropic]\npriceAs = \"anthropic/claude-fable-5-1\"\n",
    ] {
        assert!(error.contains(line), "{line}\n---\n{error}");
    }
    let priced = table("[anthropic.\"claude-fable-5-2\"]\ninput = 12.50\noutput = 60\n");
    assert_eq!(found(&priced, &anthropic(), "claude-fable-5-2", None).1, 12_500_000);
    // Copied without a number, the lines price nothing.
    let copied = table("[anthropic.\"claude-fable-5-2\"]\ninput = …\noutput = …\n");
    assert!(find(&copied, &anthropic(), "claude-fable-5-2", None).is_err());
}

#[test]
fn servers_of_the_user_s_cost_nothing() {
    let own = Endpoint { is_local: true, ..endpoint("box", ProviderKind::Compatible, "http://box.local:8080/v1") };
    let row = find(&table("not toml"), &own, "whatever", None).unwrap();
    assert_eq!((row.base, row.tiers.len()), (Rates::default(), 0));
}

#[test]
fn a_model_that_is_no_longer_served_is_told_and_may_be_priced() {
    let openai = endpoint("openai", ProviderKind::OpenAi, "https://api.openai.com/v1");
    let error = find(&table(""), &openai, "gpt-4-turbo", None).unwrap_err().to_string();
    assert!(error.starts_with("`gpt-4-turbo` is no longer served since 2026-10-23;"), "{error}");
    let at =
        |today| table("").find(&Asked { endpoint: &anthropic(), model: "claude-sonnet-4-5", price_as: None, today });
    let row = at(TODAY).unwrap();
    assert_eq!(row.warning(TODAY).unwrap(), "`claude-sonnet-4-5` ends on 2026-11-30");
    assert!(matches!(at(date(2026, 11, 30)), Err(PriceError::Retired { .. })));
    let own = table("[openai.gpt-4-turbo]\ninput = 10\noutput = 30\n");
    assert_eq!(found(&own, &openai, "gpt-4-turbo", None).1, 10_000_000);
}

#[test]
fn an_old_row_is_warned_about() {
    let row = find(&table(""), &anthropic(), "claude-opus-5-5", None).unwrap();
    assert_eq!(row.warning(TODAY), None);
    assert_eq!(row.warning(date(2027, 2, 10)), None, "90 days");
    assert_eq!(
        row.warning(date(2027, 2, 11)).unwrap(),
        "the price of `claude-opus-5-5` was checked 91 days ago and may be another one by now"
    );
    let own =
        find(&table("[anthropic.claude-opus-5-5]\ninput = 4\noutput = 20\n"), &anthropic(), "claude-opus-5-5", None);
    assert_eq!(own.unwrap().warning(date(2028, 1, 1)), None, "the user's own, without a date");
}

#[test]
fn the_user_s_row_replaces_prices_and_keeps_facts() {
    let table = table("[anthropic.claude-haiku-5-5]\ninput = 0.09\noutput = 0.5\n");
    let row = find(&table, &anthropic(), "claude-haiku-5-5", None).unwrap();
    assert!(row.is_users && row.is_lower);
    assert_eq!(row.tiers, [], "tiers are prices");
    assert_eq!(row.base.cache_read, row.base.input, "a price that is left out is never cheaper");
    assert_eq!((row.max_output, row.tokenizer), (Some(128_000), crate::budget::Tokenizer::Claude));
    assert_eq!(table.rows().filter(|row| row.id == "claude-haiku-5-5").count(), 1);
    let dearer = self::table("[anthropic.claude-opus-5-5]\ninput = 4\noutput = 20.000001\n");
    let row = find(&dearer, &anthropic(), "claude-opus-5-5", None).unwrap();
    assert!(!row.is_lower && row.base.output.0 == 20_000_001);
    // As dear below the tier, and cheaper above it.
    let flat = self::table("[anthropic.claude-haiku-5-5]\ninput = 0.2\noutput = 0.5\n");
    assert!(find(&flat, &anthropic(), "claude-haiku-5-5", None).unwrap().is_lower);
}

#[test]
fn the_name_of_the_user_s_provider_goes_before_its_kind() {
    let table = table("[openai.m]\ninput = 1\noutput = 1\n[desk.m]\ninput = 2\noutput = 2\n");
    let desk = endpoint("desk", ProviderKind::OpenAi, "https://gateway.example");
    assert_eq!(found(&table, &desk, "m", None).1, 2_000_000);
    let other = endpoint("other", ProviderKind::OpenAi, "https://gateway.example");
    assert_eq!(found(&table, &other, "m", None).1, 1_000_000);
}

#[test]
fn an_id_with_a_point_needs_no_quotes() {
    let table = table("[openai.gpt-7.2-sol]\ninput = 1\noutput = 2\n[openai.gpt-7]\ninput = 3\noutput = 4\n");
    assert_eq!(table.problems(), [""; 0]);
    let openai = endpoint("openai", ProviderKind::OpenAi, "https://api.openai.com/v1");
    assert_eq!(found(&table, &openai, "gpt-7.2-sol", None).1, 1_000_000);
    assert_eq!(found(&table, &openai, "gpt-7", None).1, 3_000_000);
}

#[test]
fn a_bad_row_takes_the_price_away_until_it_is_mended() {
    let price = "no price from 0 to 10,000 dollars for a million tokens, with 6 decimals at most";
    for (lines, line, message) in [
        ("input = 1", 1, "`output` is missing".to_owned()),
        ("output = 1", 1, "`input` is missing".to_owned()),
        ("", 1, "there is no price in it".to_owned()),
        ("input = -1\noutput = 1", 2, format!("`input` is {price}")),
        ("input = 1\noutput = 1e3", 3, format!("`output` is {price}")),
        ("input = nan\noutput = 1", 2, format!("`input` is {price}")),
        ("input = 0.0000001\noutput = 1", 2, format!("`input` is {price}")),
        ("input = 10000.01\noutput = 1", 2, format!("`input` is {price}")),
        ("input = 0x10\noutput = 1", 2, format!("`input` is {price}")),
        ("input = \"four\"\noutput = 1", 2, format!("`input` is {price}")),
        ("input = true\noutput = 1", 2, format!("`input` is {price}")),
        ("input = 1\noutput = 1\nmoney = 2", 4, "nothing of a price is called `money`".to_owned()),
        ("input = 1\noutput = 1\ncontext = 0", 4, "`context` is not a number of tokens".to_owned()),
        ("input = 1\noutput = 1\nthinking = 1", 4, "`thinking` is not true or false".to_owned()),
        ("input = 1\noutput = 1\nasOf = 7", 4, "`asOf` is not a day such as 2026-11-12".to_owned()),
        (
            "input = 1\noutput = 1\nstatus = \"x\"",
            4,
            "`status` is not active, legacy, deprecated or retired".to_owned(),
        ),
        ("input = 1\noutput = 1\ntiers = 3", 4, "`tiers` is no list of 16 tiers at most".to_owned()),
        (
            "input = 1\noutput = 1\ntiers = [{ input = 1, output = 1 }]",
            4,
            "a tier needs `above`, a number of tokens".to_owned(),
        ),
        ("input = 1\noutput = 1\ntiers = [{ above = 9, input = 1 }]", 4, "`output` is missing".to_owned()),
        (
            "input = 1\noutput = 1\ntiers = [{ above = 9, input = 1, output = 1 }, { above = 9, input = 1, output = 1 }]",
            4,
            "tiers stand in the order of `above`".to_owned(),
        ),
    ] {
        let table = table(&format!("[anthropic.claude-opus-5-5]\n{lines}\n"));
        assert_eq!(
            table.problems(),
            [format!(
                "prices.toml: line {line}: {message}; until this is mended `claude-opus-5-5` has no price at anthropic"
            )]
        );
        let error = find(&table, &anthropic(), "claude-opus-5-5", None).unwrap_err();
        assert!(matches!(error, PriceError::Unreadable { line: found, .. } if found == line), "{lines}: {error}");
        assert!(find(&table, &anthropic(), "claude-sonnet-5-5", None).is_ok(), "the others have theirs");
    }
}

#[test]
fn a_file_that_cannot_be_read_takes_all_prices_away() {
    for (text, line) in [("[anthropic", 1), ("x = 1", 1), ("\n[a.b]\ninput = 1\n[a.b]\n", 4), ("[a]\ninput = 1 2", 2)] {
        let table = table(text);
        let error = find(&table, &anthropic(), "claude-opus-5-5", None).unwrap_err();
        assert!(matches!(&error, PriceError::Unreadable { line: found, .. } if *found == line), "{text}: {error}");
        assert!(
            table.problems()[0].ends_with("until this is mended no cloud model has a price"),
            "{:?}",
            table.problems()
        );
    }
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("prices.toml");
    assert_eq!(PriceTable::load(&missing).problems(), [""; 0]);
    std::fs::write(&missing, "x".repeat(2 << 20)).unwrap();
    assert!(PriceTable::load(&missing).problems()[0].contains("longer than"));
    assert!(PriceTable::load(directory.path()).problems()[0].contains("not a regular file"));
}

#[test]
fn a_price_that_is_left_out_is_never_cheaper() {
    let rates = |whose, lines: &str| {
        let rates = read::rows(&format!("[a.b]\n{lines}"), whose).unwrap().good[0].base;
        [rates.cache_read, rates.cache_write_short, rates.cache_write_long].map(|rate| rate.0)
    };
    let plain = "input = 2\noutput = 8";
    assert_eq!(rates(Whose::Ours, plain), [2_000_000; 3], "no premium");
    assert_eq!(rates(Whose::Users, plain), [2_000_000, 2_500_000, 5_000_000], "the dearest premiums there are");
    let short = "input = \"2\"\noutput = 8\ncacheWriteShort = 2.4";
    assert_eq!(rates(Whose::Ours, short), [2_000_000, 2_400_000, 5_000_000]);
    assert_eq!(rates(Whose::Users, short), [2_000_000, 2_400_000, 5_000_000]);
}

#[test]
fn what_a_service_costs_is_said_by_the_table() {
    let table = table("[desk.m]\ninput = 1\noutput = 1\n[openai.own]\ninput = 1\noutput = 1\npriority = 2.5\n");
    let openai = endpoint("openai", ProviderKind::OpenAi, "https://api.openai.com/v1");
    let desk = endpoint("desk", ProviderKind::Compatible, "https://llm.example/v1");
    let cost = |endpoint: &Endpoint, model, tier, is_regional| {
        let usage = Usage { input_uncached: 1000, output: 100, tier, is_regional, ..Usage::default() };
        find(&table, endpoint, model, None).unwrap().cost(&usage).0 / 1_000_000
    };
    use ServiceTier::{Batch, Fast, Flex, Priority, Standard, Ultrafast, Unknown};
    // 1000 × 2 + 100 × 10
    let sol = |tier| cost(&openai, "gpt-6.1-sol", tier, false);
    assert_eq!([Standard, Flex, Batch].map(sol), [3000, 1500, 1500]);
    assert_eq!([Priority, Fast, Ultrafast, Unknown].map(sol), [6000, 6000, 18_000, 18_000]);
    // 1000 × 4 + 100 × 20
    let opus = |tier, is_regional| cost(&anthropic(), "claude-opus-5-5", tier, is_regional);
    assert_eq!([opus(Standard, true), opus(Fast, false), opus(Fast, true)], [6600, 12_000, 13_200]);
    assert_eq!(opus(Unknown, false), 12_000);
    // A provider that the table says nothing of: no discount, and the dearest that is known of any.
    let other = |tier| cost(&desk, "m", tier, false);
    assert_eq!([Standard, Flex, Priority, Unknown].map(other), [1100, 1100, 2200, 6600]);
    // The user's own multiple, and the provider's for what the user leaves out.
    let own = |tier| cost(&openai, "own", tier, false);
    assert_eq!([Priority, Flex, Ultrafast].map(own), [2750, 550, 6600]);
}

#[test]
fn a_multiple_that_is_none_takes_the_price_away() {
    for wrong in ["-1", "101", "1.0001", "\"much\"", "true"] {
        let table = table(&format!("[openai.m]\ninput = 1\noutput = 1\nfast = {wrong}\n"));
        assert!(table.problems()[0].contains("`fast` is no multiple of a price"), "{wrong}: {:?}", table.problems());
    }
    let lower = table("[openai.\"gpt-6.1-sol\"]\ninput = 20\noutput = 100\nultrafast = 5\n");
    let openai = endpoint("openai", ProviderKind::OpenAi, "https://api.openai.com/v1");
    assert!(
        find(&lower, &openai, "gpt-6.1-sol", None).unwrap().is_lower,
        "a service is cheaper than it is known to be"
    );
    // In the user's file a star is no name for all.
    assert!(table("[openai.\"*\"]\nfast = 1\n").problems()[0].contains("`input` is missing"));
}

//! A price table's text. Decimals are read digit by digit; a row that cannot be read says in which line and why.

use std::ops::Range;

use jiff::civil::Date;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::row::{PriceRow, Rates, Status, Tier};
use super::service::Services;
use crate::budget::money::scaled;
use crate::budget::{Picodollars, Tokenizer};

/// Dearest token that is believed: 10,000 dollars for a million.
const DEAREST: Picodollars = Picodollars(10_000_000_000);

/// Most tokens that a window or a tier may have.
const MOST_TOKENS: u64 = 1_000_000_000_000;

/// In place of a name in our table: all models of a provider, or all providers.
pub const ALL: &str = "*";

/// Dearest service that is believed, in per mille of the usual price.
const DEAREST_SERVICE: u64 = 100_000;

const MOST_ROWS: usize = 10_000;
const MOST_TIERS: usize = 16;

/// A row that is there and says nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow {
    pub provider: String,
    pub id: String,
    /// From 1.
    pub line: usize,
    pub message: String,
}

/// The rows of a table, and those that cannot be used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    pub good: Vec<PriceRow>,
    pub bad: Vec<BadRow>,
    /// What other services cost at a provider, for all of its models.
    pub services: Vec<(String, Services)>,
}

/// Whose table it is: ours names every premium, so what it leaves out has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    Ours,
    Users,
}

struct Reader<'t> {
    text: &'t str,
    whose: Whose,
    rows: Rows,
}

type Fault = (Range<usize>, String);

/// Reads a table. An error is for the whole of it: line and message.
pub fn rows(text: &str, whose: Whose) -> Result<Rows, (usize, String)> {
    let table = DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        (line_of(text, at), error.message().to_owned())
    })?;
    let mut reader = Reader { text, whose, rows: Rows::default() };
    for (provider, models) in table.get_ref() {
        let DeValue::Table(models) = models.get_ref() else {
            let line = line_of(text, provider.span().start);
            return Err((line, format!("`{}` is no provider's table: write [PROVIDER.\"MODEL\"]", provider.get_ref())));
        };
        reader.models(provider.get_ref(), "", models, provider.span());
    }
    if reader.rows.good.len() + reader.rows.bad.len() > MOST_ROWS {
        return Err((1, format!("there are more than {MOST_ROWS} rows")));
    }
    Ok(reader.rows)
}

fn line_of(text: &str, at: usize) -> usize {
    1 + text.get(..at).map_or(0, |before| before.matches('\n').count())
}

impl Reader<'_> {
    /// The rows below a name. An id with a point in it that stands without quotes is nested tables to TOML, so tables are
    /// descended into: what else there is belongs to the row of this name.
    fn models(&mut self, provider: &str, id: &str, table: &DeTable<'_>, place: Range<usize>) {
        let mut fields = Vec::new();
        for (name, value) in table {
            match value.get_ref() {
                DeValue::Table(inner) => {
                    let id =
                        if id.is_empty() { name.get_ref().to_string() } else { format!("{id}.{}", name.get_ref()) };
                    self.models(provider, &id, inner, name.span());
                }
                _ => fields.push((name, value)),
            }
        }
        if fields.is_empty() && !id.is_empty() && table.is_empty() {
            return self.bad(provider, id, (place, "there is no price in it".to_owned()));
        }
        if fields.is_empty() {
            return;
        }
        if id == ALL && self.whose == Whose::Ours {
            match all_services(&fields) {
                Ok(services) => self.rows.services.push((provider.to_owned(), services)),
                Err(fault) => self.bad(provider, id, fault),
            }
            return;
        }
        match row(provider, id, &fields, self.whose, place) {
            Ok(row) => self.rows.good.push(row),
            Err(fault) => self.bad(provider, id, fault),
        }
    }

    fn bad(&mut self, provider: &str, id: &str, (place, message): Fault) {
        let line = line_of(self.text, place.start);
        self.rows.bad.push(BadRow { provider: provider.to_owned(), id: id.to_owned(), line, message });
    }
}

type Field<'f, 't> = (&'f Spanned<DeString<'t>>, &'f Spanned<DeValue<'t>>);

fn row(
    provider: &str,
    id: &str,
    fields: &[Field<'_, '_>],
    whose: Whose,
    place: Range<usize>,
) -> Result<PriceRow, Fault> {
    if id.is_empty() {
        return Err((place, "a price belongs below a model: write [PROVIDER.\"MODEL\"]".to_owned()));
    }
    let mut row = PriceRow { provider: provider.to_owned(), id: id.to_owned(), ..PriceRow::free() };
    let mut rates = Vec::new();
    for (name, value) in fields {
        let fault = |message: &str| (name.span(), format!("`{}` is not {message}", name.get_ref()));
        let tokens = || {
            whole(value.get_ref())
                .filter(|tokens| (1..=MOST_TOKENS).contains(tokens))
                .map(Some)
                .ok_or_else(|| fault("a number of tokens"))
        };
        let is_so = || value.get_ref().as_bool().map(Some).ok_or_else(|| fault("true or false"));
        let day = || date(value.get_ref()).map(Some).ok_or_else(|| fault("a day such as 2026-11-12"));
        let word = || value.get_ref().as_str().unwrap_or_default();
        match name.get_ref().as_ref() {
            "context" => row.context = tokens()?,
            "maxInput" => row.max_input = tokens()?,
            "maxOutput" => row.max_output = tokens()?,
            "cacheMinimum" => row.cache_minimum = tokens()?,
            "thinking" => row.always_thinks = is_so()?,
            "sampling" => row.takes_sampling = is_so()?,
            "ends" => row.ends = day()?,
            "asOf" => row.as_of = day()?,
            "status" => {
                row.status = Status::of_name(word()).ok_or_else(|| fault("active, legacy, deprecated or retired"))?;
            }
            "tokenizer" => {
                let names = "claude, claude-older, o200k or gemini";
                row.tokenizer = Tokenizer::of_name(word()).ok_or_else(|| fault(names))?;
            }
            "tiers" => row.tiers = tiers(value, whose)?,
            name if Services::NAMES.contains(&name) => service(&mut row.services, name, value)?,
            _ => rates.push((*name, *value)),
        }
    }
    row.base = self::rates(&rates, whose, place)?;
    Ok(row)
}

fn service(services: &mut Services, name: &str, value: &Spanned<DeValue<'_>>) -> Result<(), Fault> {
    let Some(place) = services.named(name) else { return Ok(()) };
    let times = digits(value.get_ref()).and_then(|digits| scaled(digits, 3)).filter(|times| *times <= DEAREST_SERVICE);
    *place = Some(times.ok_or_else(|| {
        (value.span(), format!("`{name}` is no multiple of a price from 0 to 100, with 3 decimals at most"))
    })?);
    Ok(())
}

/// What stands below `"*"` in our table: multiples, and the day of them.
fn all_services(fields: &[Field<'_, '_>]) -> Result<Services, Fault> {
    let mut services = Services::default();
    for (name, value) in fields {
        match name.get_ref().as_ref() {
            "asOf" => {
                date(value.get_ref()).ok_or_else(|| (value.span(), "`asOf` is not a day".to_owned()))?;
            }
            known if Services::NAMES.contains(&known) => service(&mut services, known, value)?,
            other => return Err((name.span(), format!("no service is called `{other}`"))),
        }
    }
    Ok(services)
}

fn tiers(value: &Spanned<DeValue<'_>>, whose: Whose) -> Result<Vec<Tier>, Fault> {
    let fault = |message: &str| Err((value.span(), message.to_owned()));
    let Some(list) = value.get_ref().as_array().filter(|list| list.len() <= MOST_TIERS) else {
        return fault("`tiers` is no list of 16 tiers at most");
    };
    let mut tiers: Vec<Tier> = Vec::new();
    for tier in list.iter() {
        let Some(table) = tier.get_ref().as_table() else {
            return fault("a tier is written as { above = TOKENS, input = …, output = … }");
        };
        let mut above = None;
        let mut fields = Vec::new();
        for (name, value) in table {
            if name.get_ref() == "above" {
                above = whole(value.get_ref()).filter(|tokens| *tokens <= MOST_TOKENS);
            } else {
                fields.push((name, value));
            }
        }
        let Some(above) = above else { return fault("a tier needs `above`, a number of tokens") };
        if tiers.last().is_some_and(|last| last.above >= above) {
            return fault("tiers stand in the order of `above`");
        }
        tiers.push(Tier { above, rates: rates(&fields, whose, tier.span())? });
    }
    Ok(tiers)
}

/// Prices with what follows where one is left out: nothing is ever cheaper for not being named.
fn rates(fields: &[Field<'_, '_>], whose: Whose, place: Range<usize>) -> Result<Rates, Fault> {
    let [mut input, mut read, mut short, mut long, mut output] = [None; 5];
    for (name, value) in fields {
        let target = match name.get_ref().as_ref() {
            "input" => &mut input,
            "cacheRead" => &mut read,
            "cacheWriteShort" => &mut short,
            "cacheWriteLong" => &mut long,
            "output" => &mut output,
            other => return Err((name.span(), format!("nothing of a price is called `{other}`"))),
        };
        *target = Some(price(value.get_ref()).ok_or_else(|| {
            let message = "no price from 0 to 10,000 dollars for a million tokens, with 6 decimals at most";
            (name.span(), format!("`{}` is {message}", name.get_ref()))
        })?);
    }
    let (Some(input), Some(output)) = (input, output) else {
        let missing = if input.is_none() { "input" } else { "output" };
        return Err((place, format!("`{missing}` is missing")));
    };
    // The dearest that any provider asks: Anthropic's five minutes, OpenAI's twelve hours.
    let part = |numerator: u64, denominator: u64| Picodollars(input.times(numerator).0.div_ceil(denominator));
    let usual_short = if whose == Whose::Ours { input } else { part(5, 4) };
    let usual_long = match short {
        None if whose == Whose::Ours => input,
        short => part(5, 2).max(short.unwrap_or_default()),
    };
    Ok(Rates {
        input,
        output,
        cache_read: read.unwrap_or(input),
        cache_write_short: short.unwrap_or(usual_short),
        cache_write_long: long.unwrap_or(usual_long),
    })
}

/// Dollars for a million tokens: as a number or as a text.
fn price(value: &DeValue<'_>) -> Option<Picodollars> {
    scaled(digits(value)?, 6).map(Picodollars).filter(|price| *price <= DEAREST)
}

fn digits<'v>(value: &'v DeValue<'_>) -> Option<&'v str> {
    match value {
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str()),
        DeValue::Float(number) => Some(number.as_str()),
        DeValue::String(text) => Some(text.as_ref()),
        _ => None,
    }
}

fn whole(value: &DeValue<'_>) -> Option<u64> {
    let number = value.as_integer()?;
    u64::from_str_radix(number.as_str(), number.radix()).ok()
}

fn date(value: &DeValue<'_>) -> Option<Date> {
    let day = value.as_datetime()?.date?;
    Date::new(i16::try_from(day.year).ok()?, i8::try_from(day.month).ok()?, i8::try_from(day.day).ok()?).ok()
}

//! Which row a request is billed by.

use std::sync::Arc;

use jiff::civil::Date;

use super::{PriceRow, PriceTable, Tier};
use crate::config::ProviderKind;
use crate::providers::Endpoint;

/// What OpenAI asks more, in per cent, where a request is processed in a region of the user's choice.
const OPENAI_REGIONAL_PERCENT: u64 = 10;

/// Whose price is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    pub endpoint: &'a Endpoint,
    /// The model's id, as the provider spells it.
    pub model: &'a str,
    /// `cloud.providers.*.priceAs`.
    pub price_as: Option<&'a str>,
    pub today: Date,
}

/// There is no price, so nothing is sent. `Display` says what to do about it, over several lines.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    #[error(
        "the price of `{model}` at `{provider}` is not known, so it is not asked. Write into {file} what it costs, in \
         dollars for a million tokens:\n\n[{provider}.\"{model}\"]\ninput = …\noutput = …\n\nor, where a row of \
         `tandem prices` holds for it, into your config.toml:\n\n[cloud.providers.{provider}]\npriceAs = \"{nearest}\"\n"
    )]
    Unknown { provider: String, model: String, nearest: String, file: String },
    #[error(
        "no row of the price table is called `{price_as}`, as `cloud.providers.{provider}.priceAs` says; `tandem prices` \
         shows them all, for example `{nearest}`"
    )]
    NoSuchRow { provider: String, price_as: String, nearest: String },
    #[error(
        "`{model}` is no longer served{since}; `tandem prices` shows those that are. If it is still answered, price it in {file}"
    )]
    Retired { model: String, since: String, file: String },
    /// Of the user's own file.
    #[error("{file}, line {line}: {message}; until this is mended, the price of `{model}` is not known")]
    Unreadable { model: String, file: String, line: usize, message: String },
}

impl PriceTable {
    /// The row of a request: the user's own for this model, or the shipped one where the provider itself is asked, or what
    /// `priceAs` names. A server of the user's costs nothing.
    pub fn find(&self, asked: &Asked<'_>) -> Result<Arc<PriceRow>, PriceError> {
        let Asked { endpoint, model, price_as, today } = *asked;
        if endpoint.is_local {
            return Ok(Arc::new(PriceRow::free()));
        }
        let vendor = vendor(endpoint.kind);
        let places = [endpoint.name.as_str(), vendor];
        let file = || self.file.display().to_string();
        if let Some(fault) = &self.unreadable {
            let message = fault.message.clone();
            return Err(PriceError::Unreadable { model: model.to_owned(), file: file(), line: fault.line, message });
        }
        let row = match self.own(&places, model, model)? {
            Some(row) => Some(row),
            None => self.shipped_for(endpoint, vendor, model),
        };
        let row = match (row, price_as) {
            (Some(row), _) => row,
            (None, Some(name)) => self.named(&places, name, model)?.ok_or_else(|| PriceError::NoSuchRow {
                provider: endpoint.name.clone(),
                price_as: name.to_owned(),
                nearest: self.nearest(vendor, name),
            })?,
            (None, None) => {
                return Err(PriceError::Unknown {
                    provider: endpoint.name.clone(),
                    model: model.to_owned(),
                    nearest: self.nearest(vendor, model),
                    file: file(),
                });
            }
        };
        if row.is_retired(today) {
            let since = row.ends.map_or_else(String::new, |day| format!(" since {day}"));
            return Err(PriceError::Retired { model: model.to_owned(), since, file: file() });
        }
        Ok(row)
    }

    /// The user's row. A bad one is no row and no reason to take another.
    fn own(&self, places: &[&str], id: &str, model: &str) -> Result<Option<Arc<PriceRow>>, PriceError> {
        for place in places {
            if let Some(bad) = self.bad.iter().find(|bad| bad.provider == *place && bad.id == id) {
                return Err(PriceError::Unreadable {
                    model: model.to_owned(),
                    file: self.file.display().to_string(),
                    line: bad.line,
                    message: bad.message.clone(),
                });
            }
            if let Some(row) = self.users.iter().find(|row| row.provider == *place && row.id == id) {
                return Ok(Some(Arc::clone(row)));
            }
        }
        Ok(None)
    }

    /// Ours, where the provider's own address is asked: a gateway has prices of its own. An Azure deployment's name says
    /// nothing of its model.
    fn shipped_for(&self, endpoint: &Endpoint, vendor: &str, model: &str) -> Option<Arc<PriceRow>> {
        let host = host(&endpoint.base_url)?;
        if endpoint.kind == ProviderKind::Azure || !is_own_host(endpoint.kind, &host) {
            return None;
        }
        let row = self.shipped.iter().find(|row| row.provider == vendor && row.id == model)?;
        if vendor == "openai" && host.ends_with(".api.openai.com") {
            return Some(Arc::new(raised(row, OPENAI_REGIONAL_PERCENT)));
        }
        Some(Arc::clone(row))
    }

    /// What `priceAs` names: an id of this provider's, or PROVIDER/ID. Ids may have a slash in them.
    fn named(&self, places: &[&str], name: &str, model: &str) -> Result<Option<Arc<PriceRow>>, PriceError> {
        let shipped = |place: &str, id: &str| {
            self.shipped.iter().find(|row| row.provider == place && row.id == id).map(Arc::clone)
        };
        if let Some(row) = self.own(places, name, model)? {
            return Ok(Some(row));
        }
        if let Some(row) = places.iter().find_map(|place| shipped(place, name)) {
            return Ok(Some(row));
        }
        let Some((place, id)) = name.split_once('/') else { return Ok(None) };
        Ok(self.own(&[place], id, model)?.or_else(|| shipped(place, id)))
    }

    /// The row whose name has the longest beginning in common, as `priceAs` names it: only ever a proposal.
    fn nearest(&self, vendor: &str, model: &str) -> String {
        let id = model.rsplit('/').next().unwrap_or(model);
        let shared = |row: &PriceRow| row.id.bytes().zip(id.bytes()).take_while(|(one, other)| one == other).count();
        let candidates = self.rows().filter(|row| row.status != super::Status::Retired);
        candidates
            .max_by_key(|row| (shared(row), row.provider == vendor, std::cmp::Reverse(row.id.len())))
            .map_or_else(String::new, |row| format!("{}/{}", row.provider, row.id))
    }
}

/// How the table calls those who are asked in this way.
fn vendor(kind: ProviderKind) -> &'static str {
    match kind {
        ProviderKind::Anthropic => "anthropic",
        ProviderKind::OpenAi | ProviderKind::OpenAiChat => "openai",
        ProviderKind::Gemini => "gemini",
        ProviderKind::Bedrock => "bedrock",
        ProviderKind::Azure => "azure",
        ProviderKind::OpenRouter => "openrouter",
        ProviderKind::Mistral => "mistral",
        ProviderKind::DeepSeek => "deepseek",
        ProviderKind::Compatible => "compatible",
    }
}

fn raised(row: &PriceRow, percent: u64) -> PriceRow {
    let tiers = row.tiers.iter().map(|tier| Tier { above: tier.above, rates: tier.rates.raised(percent) });
    PriceRow { base: row.base.raised(percent), tiers: tiers.collect(), ..row.clone() }
}

/// The host of an address, without port. None where it names a user: such an address is not one of ours.
fn host(address: &str) -> Option<String> {
    let rest = address.split_once("://")?.1;
    let authority = rest.split(['/', '?', '#']).next()?;
    if authority.contains('@') {
        return None;
    }
    let host = match authority.strip_prefix('[') {
        Some(bracketed) => bracketed.split_once(']').map(|(host, _)| host),
        None => authority.split(':').next(),
    };
    host.map(str::to_ascii_lowercase)
}

/// Whether the vendor itself answers there. An address of this machine says nothing of who is behind it, and is not a
/// gateway's of somebody else.
fn is_own_host(kind: ProviderKind, host: &str) -> bool {
    let is_below =
        |domain: &str| host.strip_suffix(domain).is_some_and(|front| front.is_empty() || front.ends_with('.'));
    if host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback()) {
        return true;
    }
    match kind {
        ProviderKind::Anthropic => host == "api.anthropic.com",
        ProviderKind::OpenAi | ProviderKind::OpenAiChat => is_below("api.openai.com"),
        ProviderKind::Gemini => host == "generativelanguage.googleapis.com",
        ProviderKind::Bedrock => is_below("amazonaws.com") || is_below("api.aws"),
        ProviderKind::OpenRouter => host == "openrouter.ai",
        ProviderKind::Mistral => is_below("mistral.ai"),
        ProviderKind::DeepSeek => host == "api.deepseek.com",
        ProviderKind::Azure | ProviderKind::Compatible => false,
    }
}

//! Where a request goes, and which of the wire formats is spoken there.

mod url;

use crate::config::{CloudSettings, ProviderAuth, ProviderKind, ProviderSettings};
use url::BaseUrl;

/// The shape of requests and answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WireFormat {
    AnthropicMessages,
    OpenAiResponses,
    OpenAiChat,
    Gemini,
    BedrockConverse,
}

/// How a key goes along with a request. The key itself is `cloud`'s matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthScheme {
    /// `authorization: Bearer KEY`.
    Bearer,
    /// The key alone in this header.
    Header(&'static str),
    /// `authorization: Bearer KEY` where there is one key, else AWS's signature version 4 by an access key.
    BearerOrSigV4 { service: &'static str, region: String },
}

/// One provider as the user has set it up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The user's name for it; limits and records go by it.
    pub name: String,
    pub kind: ProviderKind,
    /// Scheme, host, port and the path that requests' paths are appended to, without a slash at the end.
    pub base_url: String,
    /// Of Bedrock.
    pub region: Option<String>,
    /// The version of the interface that is asked for, where it has one.
    pub api_version: Option<String>,
    /// The model behind a name that says nothing, such as an Azure deployment's.
    pub price_as: Option<String>,
    /// The key is shown as a bearer's, whatever the kind's own servers want.
    pub shows_bearer: bool,
    /// On this machine, or on one that the user calls theirs: nothing leaves, nothing is paid.
    pub is_local: bool,
}

impl Endpoint {
    /// The provider that the settings choose; None where they choose nobody. Errors are sentences for the user.
    pub fn chosen(settings: &CloudSettings) -> Result<Option<Self>, String> {
        if settings.provider.is_empty() {
            return Ok(None);
        }
        Self::named(&settings.provider, settings).map(Some)
    }

    /// The provider with this name: one of the user's, or a kind. Errors are sentences for the user.
    pub fn named(name: &str, settings: &CloudSettings) -> Result<Self, String> {
        match settings.providers.get(name) {
            Some(provider) => Self::of(name, provider),
            None => Self::of(name, &ProviderSettings::default()),
        }
    }

    /// Reads and completes what the user wrote about a provider. Errors are sentences for the user.
    pub fn of(name: &str, settings: &ProviderSettings) -> Result<Self, String> {
        let kind = match settings.kind {
            Some(kind) => kind,
            None => kind_named(name).ok_or_else(|| {
                format!("`{name}` is no kind of provider: say what it speaks in `cloud.providers.{name}.kind`")
            })?,
        };
        let wrong = |key: &str, why: &str| format!("`cloud.providers.{name}.{key}`: {why}");
        let region = given(&settings.region);
        if region.is_some_and(|region| !is_word(region)) {
            return Err(wrong("region", "a region has letters, digits and hyphens only"));
        }
        let api_version = given(&settings.api_version);
        if api_version.is_some_and(|version| !is_word(version)) {
            return Err(wrong("apiVersion", "a version has letters, digits, dots and hyphens only"));
        }
        if kind == ProviderKind::Bedrock && region.is_none() {
            return Err(wrong("region", "Bedrock needs one, for example `eu-central-1`"));
        }
        let url = match given(&settings.base_url) {
            Some(url) => BaseUrl::parse(url).map_err(|why| wrong("baseUrl", &why))?,
            None => {
                let usual = usual_base_url(kind, region.unwrap_or_default())
                    .ok_or_else(|| wrong("baseUrl", "this kind of provider has no address of its own: give one"))?;
                BaseUrl::parse(&usual).map_err(|why| wrong("region", &why))?
            }
        };
        let is_local = settings.is_local.unwrap_or_else(|| url.is_loopback());
        Ok(Self {
            name: name.to_owned(),
            kind,
            base_url: complete(url, kind, api_version).text(),
            region: region.map(str::to_owned),
            api_version: api_version.map(str::to_owned),
            price_as: given(&settings.price_as).map(str::to_owned),
            shows_bearer: settings.auth == Some(ProviderAuth::Bearer),
            is_local,
        })
    }

    /// Whether its address never leaves this machine, whatever settings call it.
    pub fn is_on_this_machine(&self) -> bool {
        BaseUrl::parse(&self.base_url).is_ok_and(|url| url.is_loopback())
    }

    pub fn wire_format(&self) -> WireFormat {
        match self.kind {
            ProviderKind::Anthropic => WireFormat::AnthropicMessages,
            ProviderKind::OpenAi => WireFormat::OpenAiResponses,
            ProviderKind::Gemini => WireFormat::Gemini,
            ProviderKind::Bedrock => WireFormat::BedrockConverse,
            ProviderKind::OpenAiChat
            | ProviderKind::Azure
            | ProviderKind::OpenRouter
            | ProviderKind::Mistral
            | ProviderKind::DeepSeek
            | ProviderKind::Compatible => WireFormat::OpenAiChat,
        }
    }

    pub fn auth(&self) -> AuthScheme {
        let host = self.host();
        match self.kind {
            _ if self.shows_bearer => AuthScheme::Bearer,
            ProviderKind::Anthropic if host.ends_with(".api.aws") => AuthScheme::Bearer,
            ProviderKind::Anthropic => AuthScheme::Header("x-api-key"),
            // Google Cloud's own variant takes tokens, the developer's interface keys.
            ProviderKind::Gemini if host.ends_with("aiplatform.googleapis.com") => AuthScheme::Bearer,
            ProviderKind::Gemini => AuthScheme::Header("x-goog-api-key"),
            ProviderKind::Azure => AuthScheme::Header("api-key"),
            ProviderKind::Bedrock => {
                AuthScheme::BearerOrSigV4 { service: "bedrock", region: self.region.clone().unwrap_or_default() }
            }
            ProviderKind::OpenAi
            | ProviderKind::OpenAiChat
            | ProviderKind::OpenRouter
            | ProviderKind::Mistral
            | ProviderKind::DeepSeek
            | ProviderKind::Compatible => AuthScheme::Bearer,
        }
    }

    /// Whether it answers nobody without a key. Servers of the user's own often do.
    pub fn needs_key(&self) -> bool {
        self.kind != ProviderKind::Compatible && !self.is_local
    }

    /// The environment variable that usually holds a provider's key. Only where the request goes to the provider itself:
    /// another address needs a source of its own, so that no key reaches a host that it was not made for.
    pub fn usual_key_env(&self) -> Option<&'static str> {
        if !self.is_providers_own_host() {
            return None;
        }
        match self.kind {
            ProviderKind::Anthropic => Some("ANTHROPIC_API_KEY"),
            ProviderKind::OpenAi | ProviderKind::OpenAiChat => Some("OPENAI_API_KEY"),
            ProviderKind::Gemini => Some("GEMINI_API_KEY"),
            ProviderKind::Bedrock => Some("AWS_BEARER_TOKEN_BEDROCK"),
            ProviderKind::Azure => Some("AZURE_OPENAI_API_KEY"),
            ProviderKind::OpenRouter => Some("OPENROUTER_API_KEY"),
            ProviderKind::Mistral => Some("MISTRAL_API_KEY"),
            ProviderKind::DeepSeek => Some("DEEPSEEK_API_KEY"),
            ProviderKind::Compatible => None,
        }
    }

    /// The model that fills holes here unless the user names another one; None where the provider has no interface for that.
    pub fn fills(&self) -> Option<&'static str> {
        match self.kind {
            ProviderKind::Mistral => Some("mistral-code-fim-latest"),
            ProviderKind::DeepSeek => Some("deepseek-v4-flash"),
            _ => None,
        }
    }

    /// Host, and port where it is not the scheme's own: what the user is shown, and what a key is bound to.
    pub fn host(&self) -> &str {
        let rest = self.base_url.split_once("://").map_or(self.base_url.as_str(), |(_, rest)| rest);
        rest.split('/').next().unwrap_or_default()
    }

    /// Whether closing the connection ends the bill (OpenRouter's list of providers, cloud.md D). Where nobody knows, and
    /// behind gateways, it does not.
    pub fn stops_billing_on_disconnect(&self) -> bool {
        let does = matches!(
            self.kind,
            ProviderKind::Anthropic
                | ProviderKind::OpenAi
                | ProviderKind::OpenAiChat
                | ProviderKind::Azure
                | ProviderKind::DeepSeek
        );
        self.is_local || (does && self.is_providers_own_host())
    }

    /// The model that a name stands for, without the maker's name before it.
    pub(super) fn known_model<'a>(&'a self, model: &'a str) -> &'a str {
        let known = self.price_as.as_deref().unwrap_or(model);
        known.rsplit('/').next().unwrap_or(known)
    }

    pub(super) fn is_providers_own_host(&self) -> bool {
        let host = self.host();
        if !self.base_url.starts_with("https://") {
            return false;
        }
        match self.kind {
            ProviderKind::Azure => [".openai.azure.com", ".services.ai.azure.com", ".cognitiveservices.azure.com"]
                .iter()
                .any(|domain| host.ends_with(domain)),
            ProviderKind::Bedrock => {
                let region = self.region.as_deref().unwrap_or_default();
                let domain = host.trim_end_matches(".cn");
                ["", "-fips"].iter().any(|fips| domain == format!("bedrock-runtime{fips}.{region}.amazonaws.com"))
            }
            kind => usual_base_url(kind, "").is_some_and(|usual| {
                usual.strip_prefix("https://").and_then(|rest| rest.split('/').next()) == Some(host)
            }),
        }
    }
}

/// Whether this is the address of a server on this machine; without a scheme it is plain http. What cannot be read is none.
pub fn is_on_this_machine(url: &str) -> bool {
    let url = url.trim();
    let spelled = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
    BaseUrl::parse(&spelled).is_ok_and(|url| url.is_loopback())
}

/// Whether this host, with or without its port, is one of a provider's own: it is nobody's machine but theirs, whatever settings
/// call it.
pub fn is_providers_host(host: &str) -> bool {
    const USUAL: &[ProviderKind] = &[
        ProviderKind::Anthropic,
        ProviderKind::OpenAi,
        ProviderKind::Gemini,
        ProviderKind::OpenRouter,
        ProviderKind::Mistral,
        ProviderKind::DeepSeek,
    ];
    // Codestral's has keys of its own; the others have an address for each customer or region.
    const OTHERS: &[&str] = &["codestral.mistral.ai"];
    const DOMAINS: &[&str] =
        &[".openai.azure.com", ".services.ai.azure.com", ".cognitiveservices.azure.com", ".googleapis.com"];
    // Others of AWS's hosts are machines that their users rent.
    let is_bedrock = host.starts_with("bedrock-runtime") && host.contains(".amazonaws.com");
    let host =
        host.rsplit_once(':').map_or(host, |(name, port)| match port.bytes().all(|byte| byte.is_ascii_digit()) {
            true => name,
            false => host,
        });
    let usual =
        |kind: &ProviderKind| usual_base_url(*kind, "").is_some_and(|url| url.strip_prefix("https://") == Some(host));
    is_bedrock
        || USUAL.iter().any(usual)
        || OTHERS.contains(&host)
        || DOMAINS.iter().any(|domain| host.ends_with(domain))
}

fn given(setting: &Option<String>) -> Option<&str> {
    setting.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

/// What may stand in a host name, a path or a header without any escaping.
fn is_word(text: &str) -> bool {
    text.len() <= 40 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.')
}

fn kind_named(name: &str) -> Option<ProviderKind> {
    serde_json::from_value(serde_json::Value::String(name.to_owned())).ok()
}

fn usual_base_url(kind: ProviderKind, region: &str) -> Option<String> {
    let url = match kind {
        ProviderKind::Anthropic => "https://api.anthropic.com",
        ProviderKind::OpenAi | ProviderKind::OpenAiChat => "https://api.openai.com",
        ProviderKind::Gemini => "https://generativelanguage.googleapis.com",
        ProviderKind::OpenRouter => "https://openrouter.ai",
        ProviderKind::Mistral => "https://api.mistral.ai",
        ProviderKind::DeepSeek => "https://api.deepseek.com",
        ProviderKind::Bedrock if region.starts_with("cn-") => {
            return Some(format!("https://bedrock-runtime.{region}.amazonaws.com.cn"));
        }
        ProviderKind::Bedrock => return Some(format!("https://bedrock-runtime.{region}.amazonaws.com")),
        ProviderKind::Azure | ProviderKind::Compatible => return None,
    };
    Some(url.to_owned())
}

/// Adds the path that a kind of server usually has, where the user named the host only.
fn complete(mut url: BaseUrl, kind: ProviderKind, api_version: Option<&str>) -> BaseUrl {
    match kind {
        // Requests' paths begin with the version there.
        ProviderKind::Anthropic => {
            if let Some(path) = url.path.strip_suffix("/v1") {
                url.path = path.to_owned();
            }
        }
        // So they do there, where a path begins with `/beta`; its documents have both as addresses, too.
        ProviderKind::DeepSeek => {
            if let Some(path) = url.path.strip_suffix("/v1").or_else(|| url.path.strip_suffix("/beta")) {
                url.path = path.to_owned();
            }
        }
        _ if !url.path.is_empty() => {}
        ProviderKind::OpenAi | ProviderKind::OpenAiChat | ProviderKind::Mistral | ProviderKind::Compatible => {
            url.path = "/v1".to_owned();
        }
        ProviderKind::OpenRouter => url.path = "/api/v1".to_owned(),
        ProviderKind::Gemini => url.path = format!("/{}", api_version.unwrap_or("v1beta")),
        // Before the `v1` surface, versions were dates.
        ProviderKind::Azure if api_version.is_some() => url.path = "/openai".to_owned(),
        ProviderKind::Azure => url.path = "/openai/v1".to_owned(),
        ProviderKind::Bedrock => {}
    }
    url
}

#[cfg(test)]
mod tests;

//! What the user writes about a provider, and what becomes of it.

use super::*;
use ProviderKind::*;

fn settings(kind: ProviderKind) -> ProviderSettings {
    ProviderSettings { kind: Some(kind), ..ProviderSettings::default() }
}

fn at(kind: ProviderKind, base_url: &str) -> Endpoint {
    let region = Some("eu-central-1".to_owned());
    Endpoint::of("it", &ProviderSettings { base_url: Some(base_url.to_owned()), region, ..settings(kind) }).unwrap()
}

#[test]
fn a_kind_is_enough_where_it_has_an_address() {
    let default = ProviderSettings::default();
    for (name, kind, url, host) in [
        ("anthropic", Anthropic, "https://api.anthropic.com", "api.anthropic.com"),
        ("openai", OpenAi, "https://api.openai.com/v1", "api.openai.com"),
        ("openai-chat", OpenAiChat, "https://api.openai.com/v1", "api.openai.com"),
        ("gemini", Gemini, "https://generativelanguage.googleapis.com/v1beta", "generativelanguage.googleapis.com"),
        ("openrouter", OpenRouter, "https://openrouter.ai/api/v1", "openrouter.ai"),
        ("mistral", Mistral, "https://api.mistral.ai/v1", "api.mistral.ai"),
        ("deepseek", DeepSeek, "https://api.deepseek.com", "api.deepseek.com"),
    ] {
        let endpoint = Endpoint::of(name, &default).unwrap();
        assert_eq!((endpoint.kind, endpoint.base_url.as_str(), endpoint.host()), (kind, url, host));
        assert!(!endpoint.is_local && endpoint.needs_key() && endpoint.usual_key_env().is_some(), "{name}");
    }
    let bedrock = ProviderSettings { region: Some("eu-central-1".to_owned()), ..default };
    let bedrock = Endpoint::of("bedrock", &bedrock).unwrap();
    assert_eq!(bedrock.base_url, "https://bedrock-runtime.eu-central-1.amazonaws.com");
    assert_eq!(bedrock.usual_key_env(), Some("AWS_BEARER_TOKEN_BEDROCK"));
    assert_eq!(bedrock.auth(), AuthScheme::BearerOrSigV4 { service: "bedrock", region: "eu-central-1".to_owned() });
    let china = ProviderSettings { region: Some("cn-north-1".to_owned()), ..ProviderSettings::default() };
    let china = Endpoint::of("bedrock", &china).unwrap();
    assert_eq!(china.base_url, "https://bedrock-runtime.cn-north-1.amazonaws.com.cn");
    assert!(china.usual_key_env().is_some());
}

#[test]
fn what_is_missing_or_wrong_is_said_with_its_key() {
    let region = |region: &str| ProviderSettings { region: Some(region.to_owned()), ..settings(Bedrock) };
    for (settings, said) in [
        (ProviderSettings::default(), "`it` is no kind of provider"),
        (settings(Azure), "`cloud.providers.it.baseUrl`: this kind of provider has no address"),
        (settings(Compatible), "`cloud.providers.it.baseUrl`: this kind of provider has no address"),
        (settings(Bedrock), "`cloud.providers.it.region`: Bedrock needs one"),
        (region("  "), "`cloud.providers.it.region`: Bedrock needs one"),
        (region("eu/../x"), "`cloud.providers.it.region`: a region has letters"),
        (region("x@evil"), "`cloud.providers.it.region`: a region has letters"),
        (
            ProviderSettings { api_version: Some("1\r\nx: y".to_owned()), ..settings(Anthropic) },
            "`cloud.providers.it.apiVersion`: a version has letters",
        ),
        (
            ProviderSettings { base_url: Some("http://example.org".to_owned()), ..settings(OpenAi) },
            "`cloud.providers.it.baseUrl`: the address is not on this machine",
        ),
    ] {
        let error = Endpoint::of("it", &settings).unwrap_err();
        assert!(error.starts_with(said), "{error}");
    }
}

#[test]
fn paths_that_everybody_leaves_out_are_added() {
    for (kind, given, url) in [
        (Compatible, "http://localhost:11434", "http://localhost:11434/v1"),
        (Compatible, "http://localhost:11434/v1/", "http://localhost:11434/v1"),
        (Compatible, "https://a.example/llm", "https://a.example/llm"),
        (Anthropic, "https://a.example/v1", "https://a.example"),
        (
            Anthropic,
            "https://bedrock-mantle.eu-central-1.api.aws/anthropic",
            "https://bedrock-mantle.eu-central-1.api.aws/anthropic",
        ),
        (Azure, "https://ours.openai.azure.com/", "https://ours.openai.azure.com/openai/v1"),
        (Azure, "https://gateway.example/azure", "https://gateway.example/azure"),
        (Gemini, "https://a.example", "https://a.example/v1beta"),
        (DeepSeek, "https://a.example", "https://a.example"),
    ] {
        assert_eq!(at(kind, given).base_url, url);
    }
}

#[test]
fn keys_go_along_as_each_provider_wants_them() {
    for (endpoint, expected) in [
        (at(Anthropic, "https://api.anthropic.com"), AuthScheme::Header("x-api-key")),
        (at(Anthropic, "https://bedrock-mantle.eu-central-1.api.aws/anthropic"), AuthScheme::Bearer),
        (at(OpenAi, "https://api.openai.com"), AuthScheme::Bearer),
        (at(Gemini, "https://generativelanguage.googleapis.com"), AuthScheme::Header("x-goog-api-key")),
        (
            at(Gemini, "https://aiplatform.googleapis.com/v1/projects/p/locations/eu/publishers/google"),
            AuthScheme::Bearer,
        ),
        (at(Azure, "https://ours.openai.azure.com"), AuthScheme::Header("api-key")),
        (at(OpenRouter, "https://openrouter.ai"), AuthScheme::Bearer),
        (at(Compatible, "http://localhost"), AuthScheme::Bearer),
    ] {
        assert_eq!(endpoint.auth(), expected, "{}", endpoint.base_url);
    }
}

#[test]
fn a_gateway_may_want_a_bearer() {
    let bearer = |kind| {
        let auth = Some(ProviderAuth::Bearer);
        let base_url = Some("https://gateway.example/x".to_owned());
        Endpoint::of("it", &ProviderSettings { auth, base_url, ..settings(kind) }).unwrap()
    };
    for kind in [Anthropic, Gemini, Azure, Mistral] {
        assert_eq!(bearer(kind).auth(), AuthScheme::Bearer, "{kind:?}");
        assert!(!bearer(kind).is_providers_own_host(), "the usual key goes to nobody else for it");
    }
}

/// The variable with a provider's key must not feed another host, however its name looks.
#[test]
fn the_usual_key_is_for_the_providers_own_host() {
    for (kind, own) in [
        (Anthropic, "https://api.anthropic.com/v1"),
        (OpenAi, "https://API.openai.com:443"),
        (Azure, "https://ours.openai.azure.com"),
        (Azure, "https://ours.services.ai.azure.com/openai/v1"),
        (Bedrock, "https://bedrock-runtime-fips.eu-central-1.amazonaws.com"),
    ] {
        assert!(at(kind, own).usual_key_env().is_some(), "{own}");
    }
    for (kind, other) in [
        (Anthropic, "https://api.anthropic.com.evil.example"),
        (Anthropic, "https://api-anthropic.com"),
        (Anthropic, "https://api.anthropic.com:8443"),
        (Anthropic, "http://localhost:4000"),
        (OpenAi, "https://proxy.example/https/api.openai.com"),
        (Azure, "https://openai.azure.com.evil.example"),
        (Azure, "https://evilopenai.azure.com"),
        (Bedrock, "https://bedrock-runtime.s3.amazonaws.com"),
        (Bedrock, "https://bedrock-runtime.eu-central-1.amazonaws.com.evil.example"),
        (Compatible, "https://api.openai.com"),
    ] {
        assert_eq!(at(kind, other).usual_key_env(), None, "{other}");
    }
}

#[test]
fn a_closed_connection_ends_the_bill_where_that_is_known() {
    let region = Some("eu-central-1".to_owned());
    let bedrock = Endpoint::of("bedrock", &ProviderSettings { region, ..ProviderSettings::default() }).unwrap();
    let own = |name| Endpoint::of(name, &ProviderSettings::default()).unwrap();
    for (endpoint, expected) in [
        (own("anthropic"), true),
        (own("openai"), true),
        (own("openai-chat"), true),
        (own("deepseek"), true),
        (at(Azure, "https://ours.openai.azure.com"), true),
        (bedrock, false),
        (own("gemini"), false),
        (own("mistral"), false),
        (own("openrouter"), false),
        (at(Compatible, "https://a.example"), false),
        // Behind a gateway nobody knows, and at home nothing is paid.
        (at(Anthropic, "https://gateway.example"), false),
        (at(Compatible, "http://localhost"), true),
    ] {
        assert_eq!(endpoint.stops_billing_on_disconnect(), expected, "{}", endpoint.base_url);
    }
}

#[test]
fn local_is_this_machine_or_what_the_user_calls_so() {
    assert!(at(Compatible, "http://127.0.0.1:8080").is_local);
    assert!(!at(Compatible, "https://box.example").is_local);
    let mine = ProviderSettings {
        is_local: Some(true),
        base_url: Some("https://box.example".to_owned()),
        ..settings(Compatible)
    };
    assert!(Endpoint::of("box", &mine).unwrap().is_local);
    let gateway = ProviderSettings {
        is_local: Some(false),
        base_url: Some("http://127.0.0.1:4000".to_owned()),
        ..settings(Compatible)
    };
    assert!(!Endpoint::of("gateway", &gateway).unwrap().is_local);
}

#[test]
fn the_settings_choose_one() {
    let mut cloud = CloudSettings::default();
    assert_eq!(Endpoint::chosen(&cloud), Ok(None));
    cloud.provider = "anthropic".to_owned();
    assert_eq!(Endpoint::chosen(&cloud).unwrap().unwrap().kind, Anthropic);
    // The user's own provider of that name stands above the kind.
    let mine = ProviderSettings { base_url: Some("https://gateway.example".to_owned()), ..settings(OpenAi) };
    cloud.providers.insert("anthropic".to_owned(), mine);
    assert_eq!(Endpoint::chosen(&cloud).unwrap().unwrap().kind, OpenAi);
    cloud.provider = "nobody".to_owned();
    assert!(Endpoint::chosen(&cloud).is_err());
}

#[test]
fn providers_own_hosts_are_nobody_elses_machines() {
    for host in [
        "api.mistral.ai",
        "codestral.mistral.ai",
        "api.deepseek.com",
        "api.deepseek.com:8443",
        "api.openai.com",
        "api.anthropic.com",
        "openrouter.ai",
        "generativelanguage.googleapis.com",
        "mine.openai.azure.com",
        "bedrock-runtime.eu-central-1.amazonaws.com",
    ] {
        assert!(is_providers_host(host), "{host}");
    }
    for host in
        ["gpu.example", "api.mistral.ai.example", "ec2-1-2-3-4.compute.amazonaws.com", "[::1]", "[::1]:8080", ""]
    {
        assert!(!is_providers_host(host), "{host}");
    }
}

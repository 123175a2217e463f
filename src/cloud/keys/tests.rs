//! Which key goes where.

use super::*;

fn endpoint(name: &str, settings: &ProviderSettings) -> Endpoint {
    Endpoint::of(name, settings).unwrap_or_else(|error| panic!("{error}"))
}

fn keys(variables: &[(&str, &str)], name: &str, settings: &ProviderSettings) -> Keys {
    let mut cloud = CloudSettings::default();
    cloud.providers.insert(name.to_owned(), settings.clone());
    Keys::new(Arc::new(Environment::of(variables)), &cloud)
}

/// What is found, in words that a test may see.
async fn found(variables: &[(&str, &str)], name: &str, settings: &ProviderSettings) -> String {
    match keys(variables, name, settings).of(&endpoint(name, settings)).await.as_deref() {
        Ok(Credentials::Nothing) => "nothing".to_owned(),
        Ok(Credentials::Key(key)) => key.reveal().to_owned(),
        Ok(Credentials::Aws(keys)) => {
            let session = keys.session.as_ref().map_or("", Key::reveal);
            format!("{}:{}:{session}", keys.access.reveal(), keys.secret.reveal())
        }
        Err(error) => error.to_string(),
    }
}

fn at(base_url: &str) -> ProviderSettings {
    ProviderSettings { base_url: Some(base_url.to_owned()), ..ProviderSettings::default() }
}

#[tokio::test]
async fn a_providers_own_host_gets_the_usual_variable() {
    let usual = ProviderSettings::default();
    assert_eq!(found(&[("ANTHROPIC_API_KEY", "a")], "anthropic", &usual).await, "a");
    assert_eq!(found(&[("OPENAI_API_KEY", "o")], "openai", &usual).await, "o");
    assert_eq!(found(&[("GEMINI_API_KEY", "g")], "gemini", &usual).await, "g");
    assert_eq!(found(&[("MISTRAL_API_KEY", "m")], "mistral", &usual).await, "m");
    assert_eq!(found(&[("DEEPSEEK_API_KEY", "d")], "deepseek", &usual).await, "d");
    assert_eq!(found(&[("OPENROUTER_API_KEY", "r")], "openrouter", &usual).await, "r");
    let azure = at("https://house.openai.azure.com");
    assert_eq!(found(&[("AZURE_OPENAI_API_KEY", "z")], "azure", &azure).await, "z");
}

#[tokio::test]
async fn another_host_never_gets_it() {
    let variables = [("ANTHROPIC_API_KEY", "a"), ("OPENAI_API_KEY", "o"), ("AZURE_OPENAI_API_KEY", "z")];
    for (name, url) in [
        ("anthropic", "https://api.anthropic.com.evil.example"),
        ("anthropic", "https://gateway.example"),
        ("openai", "https://api.openai.com:8443/v1"),
        ("azure", "https://openai.azure.com.evil.example"),
    ] {
        let said = found(&variables, name, &at(url)).await;
        assert!(said.starts_with("no key is set up for ") && said.contains("keyEnv"), "{url}: {said}");
    }
}

#[tokio::test]
async fn another_host_gets_the_key_that_was_named_for_it() {
    let settings = ProviderSettings { key_env: Some("GATEWAY_KEY".to_owned()), ..at("https://gateway.example") };
    assert_eq!(found(&[("GATEWAY_KEY", "k"), ("ANTHROPIC_API_KEY", "a")], "anthropic", &settings).await, "k");
    let said = found(&[("ANTHROPIC_API_KEY", "a")], "anthropic", &settings).await;
    assert!(said.starts_with("the environment variable `GATEWAY_KEY` is not set"), "{said}");
}

#[tokio::test]
async fn a_server_on_this_machine_needs_no_key() {
    let settings = ProviderSettings { kind: Some(ProviderKind::Compatible), ..at("http://127.0.0.1:8080/v1") };
    assert_eq!(found(&[("OPENAI_API_KEY", "o")], "home", &settings).await, "nothing");
}

#[tokio::test]
async fn bedrock_takes_its_key_before_those_of_aws() {
    let settings = ProviderSettings { region: Some("eu-central-1".to_owned()), ..ProviderSettings::default() };
    let pair = [("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", "secret"), ("AWS_SESSION_TOKEN", "token")];
    assert_eq!(found(&pair, "bedrock", &settings).await, "id:secret:token");
    assert_eq!(found(&pair[..2], "bedrock", &settings).await, "id:secret:");
    let all = [&pair[..], &[("AWS_BEARER_TOKEN_BEDROCK", "bearer")]].concat();
    assert_eq!(found(&all, "bedrock", &settings).await, "bearer");
    assert!(found(&pair[..1], "bedrock", &settings).await.contains("`AWS_BEARER_TOKEN_BEDROCK` is not set"));
}

#[tokio::test]
async fn two_sources_are_one_too_many() {
    let settings = ProviderSettings {
        key_env: Some("A".to_owned()),
        keyring: Some("a".to_owned()),
        ..ProviderSettings::default()
    };
    assert!(found(&[("A", "a")], "anthropic", &settings).await.contains("more than one source"));
}

#[cfg(unix)]
#[tokio::test]
async fn a_commands_key_is_kept_until_it_is_refused() {
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
    let count = folder.path().join("count");
    let script = format!("echo x >> '{0}'; wc -l < '{0}'", count.display());
    let settings = ProviderSettings {
        key_command: ["/bin/sh", "-c", &script].map(str::to_owned).to_vec(),
        ..ProviderSettings::default()
    };
    let (keys, endpoint) = (keys(&[], "anthropic", &settings), endpoint("anthropic", &settings));
    let mut shown = Vec::new();
    for is_refused in [false, false, true, false] {
        if is_refused {
            assert!(keys.forget(&endpoint));
        }
        if let Ok(Credentials::Key(key)) = keys.of(&endpoint).await.as_deref() {
            shown.push(key.reveal().to_owned());
        }
    }
    assert_eq!(shown, ["1", "1", "2", "2"]);
}

#[cfg(unix)]
#[tokio::test]
async fn a_command_may_print_the_keys_of_aws() {
    let script =
        r#"echo '{"Version":1,"AccessKeyId":"id","SecretAccessKey":"secret","SessionToken":"token","Expiration":"x"}'"#;
    let settings = ProviderSettings {
        region: Some("eu-central-1".to_owned()),
        key_command: ["/bin/sh", "-c", script].map(str::to_owned).to_vec(),
        ..ProviderSettings::default()
    };
    assert_eq!(found(&[], "bedrock", &settings).await, "id:secret:token");
}

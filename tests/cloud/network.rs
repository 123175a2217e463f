//! The way to the provider: names, connections, certificates, proxies, clocks. What never got there is released, and a test of
//! each says whether it is certain.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tandem::gate::Ending;
use tandem::providers::ErrorClass;

use super::support::Asker;
use crate::provider::{
    ACCESS_KEY, Authority, Certificate, Double, Fault, Kind, Proxy, Refusing, Reply, SECRET_KEY, SESSION_TOKEN, Setup,
};

/// A double that speaks TLS for its provider's host, and an asker who gets there as if there were no double.
async fn over_tls(kind: Kind, certificate: Certificate, is_trusted: bool) -> (Double, Asker, tempfile::TempDir) {
    let authority = Authority::default();
    let mut setup = Setup::new(kind);
    setup.tls = Some(authority.acceptor(&[kind.host()], certificate));
    let double = Double::with(setup).await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ca.pem");
    std::fs::File::create(&file).and_then(|mut file| file.write_all(authority.pem.as_bytes())).expect("a file");
    let mut asker = Asker::of(kind);
    asker.ca_file = is_trusted.then_some(file);
    let address = double.address;
    asker.lookup = Arc::new(move |_| Box::pin(async move { Ok(vec![address]) }));
    (double, asker, folder)
}

/// The usual address with the double's port: the port is the only thing that names cannot be led astray about.
fn at_its_host(asker: &mut Asker, double: &Double) {
    asker.settings.base_url = Some(format!("https://{}:{}", double.kind.host(), double.address.port()));
    asker.settings.key_env = Some("DOUBLE_KEY".to_owned());
    asker.variables.push(("DOUBLE_KEY".to_owned(), double.key.clone()));
}

#[tokio::test]
async fn a_name_without_address_is_unsent_and_tried_again() {
    let mut asker = Asker::of(Kind::Anthropic);
    asker.variables.push(("ANTHROPIC_API_KEY".to_owned(), "k".to_owned()));
    let asked = asker.ask().await;
    assert_eq!((asked.class(), asked.attempts(), asked.is_unsent()), (ErrorClass::Network, 3, true));
    assert!(asked.error().message.starts_with("api.anthropic.com was not found"), "{}", asked.error());
}

#[tokio::test]
async fn a_port_that_nobody_listens_on_is_unsent() {
    let double = Double::start(Kind::OpenAi).await;
    let asker = Asker::at(&double);
    drop(double);
    // The double's task ends at its next step.
    tokio::task::yield_now().await;
    let asked = asker.ask().await;
    assert_eq!((asked.class(), asked.attempts(), asked.is_unsent()), (ErrorClass::Network, 3, true));
    assert!(asked.error().message.ends_with("takes no connections"), "{}", asked.error());
}

#[tokio::test]
async fn a_server_that_does_not_shake_hands_is_unsent() {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let mut asker = Asker::of(Kind::Compatible);
    asker.settings.base_url = Some(format!("https://localhost:{}/v1", address.port()));
    asker.timeouts.connect = Duration::from_millis(50);
    let asked = asker.ask().await;
    assert_eq!((asked.class(), asked.is_unsent()), (ErrorClass::Timeout, true));
    assert!(asked.error().message.ends_with("could not be reached in time"), "{}", asked.error());
}

#[tokio::test]
async fn certificates_are_checked_and_nothing_is_sent_to_the_wrong_one() {
    for (certificate, is_trusted, why) in [
        (Certificate::WrongHost, true, "its certificate is for another host"),
        (Certificate::Expired, true, "its certificate has expired"),
        (Certificate::SelfSigned, true, "nobody whom this machine trusts has signed its certificate"),
        (Certificate::Right, false, "nobody whom this machine trusts has signed its certificate"),
    ] {
        let (double, mut asker, _folder) = over_tls(Kind::Anthropic, certificate, is_trusted).await;
        at_its_host(&mut asker, &double);
        let asked = asker.ask().await;
        assert_eq!((asked.class(), asked.attempts(), asked.is_unsent()), (ErrorClass::Network, 1, true));
        assert!(asked.error().message.contains(why), "{certificate:?}: {}", asked.error());
        assert!(double.record().bytes.is_empty());
    }
}

#[tokio::test]
async fn an_authority_of_the_users_is_trusted() {
    for kind in Kind::ALL {
        let (double, mut asker, _folder) = over_tls(kind, Certificate::Right, true).await;
        at_its_host(&mut asker, &double);
        let asked = asker.ask().await;
        assert!(asked.text().starts_with("The entry point is `main`"), "{kind:?}: {:?}", asked.exchange.finish);
    }
}

#[tokio::test]
async fn a_proxy_leads_to_the_providers_own_host_with_the_usual_key() {
    for (kind, variable) in [
        (Kind::Anthropic, "ANTHROPIC_API_KEY"),
        (Kind::OpenAi, "OPENAI_API_KEY"),
        (Kind::Gemini, "GEMINI_API_KEY"),
        (Kind::Bedrock, "AWS_BEARER_TOKEN_BEDROCK"),
        (Kind::OpenRouter, "OPENROUTER_API_KEY"),
        (Kind::Mistral, "MISTRAL_API_KEY"),
        (Kind::DeepSeek, "DEEPSEEK_API_KEY"),
    ] {
        let (double, mut asker, _folder) = over_tls(kind, Certificate::Right, true).await;
        let proxy = Proxy::to(double.address, None).await;
        asker.variables.push(("HTTPS_PROXY".to_owned(), proxy.url()));
        asker.variables.push((variable.to_owned(), double.key.clone()));
        let asked = asker.ask().await;
        assert!(asked.text().starts_with("The entry point is `main`"), "{kind:?}: {:?}", asked.exchange.finish);
        assert_eq!(proxy.asked(), [format!("{}:443", kind.host())]);
    }
}

#[tokio::test]
async fn a_proxy_that_refuses_is_unsent() {
    for (refusing, why) in [
        (Refusing::Authentication, "the proxy wants a name and a password"),
        (Refusing::Forbidden, "does not lead to api.anthropic.com"),
    ] {
        let (double, mut asker, _folder) = over_tls(Kind::Anthropic, Certificate::Right, true).await;
        let proxy = Proxy::to(double.address, Some(refusing)).await;
        asker.variables.push(("https_proxy".to_owned(), proxy.url()));
        asker.variables.push(("ANTHROPIC_API_KEY".to_owned(), double.key.clone()));
        let asked = asker.ask().await;
        assert_eq!((asked.class(), asked.attempts(), asked.is_unsent()), (ErrorClass::Network, 1, true));
        assert!(asked.error().message.contains(why), "{}", asked.error());
        assert_eq!(double.record().connections, 0);
    }
}

#[tokio::test]
async fn hosts_that_are_excepted_and_this_machine_are_not_reached_through_a_proxy() {
    let (double, mut asker, _folder) = over_tls(Kind::Anthropic, Certificate::Right, true).await;
    at_its_host(&mut asker, &double);
    asker.variables.push(("HTTPS_PROXY".to_owned(), "http://127.0.0.1:9".to_owned()));
    asker.variables.push(("NO_PROXY".to_owned(), "example.com, .anthropic.com".to_owned()));
    assert!(asker.ask().await.text().starts_with("The entry point"));

    let double = Double::start(Kind::Anthropic).await;
    let mut asker = Asker::at(&double);
    asker.variables.push(("ALL_PROXY".to_owned(), "http://127.0.0.1:9".to_owned()));
    assert!(asker.ask().await.text().starts_with("The entry point"));
}

#[tokio::test]
async fn no_redirect_is_followed() {
    let elsewhere = Double::start(Kind::Anthropic).await;
    for status in [301, 302, 303, 307, 308] {
        let double = Double::start(Kind::Anthropic).await;
        double.reply(Reply::fault(Fault::Redirect { status, to: format!("{}/v1/messages", elsewhere.base_url()) }));
        let asked = Asker::at(&double).ask().await;
        assert!(matches!(asked.endings()[..], [Ending::Rejected(_)]), "{:?}", asked.endings());
        assert!(asked.error().message.contains("never done"), "{}", asked.error());
    }
    assert_eq!(elsewhere.record().connections, 0);
}

#[tokio::test]
async fn signatures_are_accepted_with_and_without_a_session() {
    for session in [None, Some(SESSION_TOKEN)] {
        let (double, mut asker, _folder) = over_tls(Kind::Bedrock, Certificate::Right, true).await;
        let proxy = Proxy::to(double.address, None).await;
        asker.variables.push(("HTTPS_PROXY".to_owned(), proxy.url()));
        asker.variables.push(("AWS_ACCESS_KEY_ID".to_owned(), ACCESS_KEY.to_owned()));
        asker.variables.push(("AWS_SECRET_ACCESS_KEY".to_owned(), SECRET_KEY.to_owned()));
        asker.variables.extend(session.map(|token| ("AWS_SESSION_TOKEN".to_owned(), token.to_owned())));
        // What has to be encoded twice.
        asker.model = "arn:aws:bedrock:eu-central-1:1:inference-profile/global.anthropic.claude-sonnet-5-5".to_owned();
        asker.settings.price_as = Some("bedrock/global.anthropic.claude-sonnet-5-5".to_owned());
        let asked = asker.ask().await;
        assert!(asked.text().starts_with("The entry point"), "{:?}", asked.exchange.finish);
        let sent = double.record();
        assert!(sent.requests[0].request.path.contains("arn%3Aaws%3Abedrock"), "{}", sent.requests[0].request.path);
        assert!(!sent.contains(SECRET_KEY));
    }
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_named() {
    let mut setup = Setup::new(Kind::Bedrock);
    setup.clock_ahead = 12 * 60;
    let double = Double::with(setup).await;
    let mut asker = Asker::at(&double);
    // Not one key, but AWS's two.
    asker.settings.key_env = None;
    let script = format!(r#"echo '{{"AccessKeyId":"{ACCESS_KEY}","SecretAccessKey":"{SECRET_KEY}"}}'"#);
    asker.settings.key_command = ["/bin/sh", "-c", &script].map(str::to_owned).to_vec();
    let asked = asker.ask().await;
    let said = &asked.error().message;
    assert!(said.starts_with("the clock of this machine is 12 minutes behind the provider's"), "{said}");
}

#[tokio::test]
async fn a_name_of_this_machine_is_not_looked_up() {
    let double = Double::start(Kind::Compatible).await;
    let mut asker = Asker::at(&double);
    asker.settings.base_url = Some(double.base_url().replace("127.0.0.1", "localhost"));
    let elsewhere: SocketAddr = "192.0.2.1:1".parse().expect("an address");
    asker.lookup = Arc::new(move |_| Box::pin(async move { Ok(vec![elsewhere]) }));
    assert!(asker.ask().await.text().starts_with("The entry point"));
}

#[tokio::test]
async fn no_clock_is_asked_but_the_given_one() {
    let mut setup = Setup::new(Kind::Bedrock);
    setup.clock_ahead = 86_400;
    let double = Double::with(setup).await;
    let mut asker = Asker::at(&double);
    asker.settings.key_env = None;
    let script = format!(r#"echo '{{"AccessKeyId":"{ACCESS_KEY}","SecretAccessKey":"{SECRET_KEY}"}}'"#);
    asker.settings.key_command = ["/bin/sh", "-c", &script].map(str::to_owned).to_vec();
    asker.clock = Arc::new(|| SystemTime::now() + Duration::from_secs(86_400));
    assert!(asker.ask().await.text().starts_with("The entry point"));
}

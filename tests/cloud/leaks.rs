//! A key goes to its host, in its header, and nowhere else: not into logs at any level, errors, `Debug`, or to anybody else.

use std::io;
use std::sync::{Arc, Mutex};

use tandem::cloud::Finish;
use tracing_subscriber::fmt::MakeWriter;

use super::support::Asker;
use crate::provider::{
    ACCESS_KEY, Certificate, Double, Fault, Kind, Proxy, Reply, SECRET_KEY, SESSION_TOKEN, Setup, Trouble,
};

const KEY: &str = "sk-ant-4VerySecretKeyThatNobodyMaySee";

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("the log").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

async fn with_key(kind: Kind) -> Double {
    let mut setup = Setup::new(kind);
    setup.key = KEY.to_owned();
    Double::with(setup).await
}

#[tokio::test]
async fn no_fault_makes_a_key_appear() {
    let log = Log::default();
    // Everything of everybody, those libraries included that use the older facade.
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(log.clone());
    tracing::subscriber::set_global_default(subscriber.finish()).expect("the only log of this program");
    let faults = [
        Fault::None,
        Fault::Refuse(Trouble::Auth),
        Fault::Refuse(Trouble::BadRequest),
        Fault::Refuse(Trouble::Server),
        Fault::ErrorInside { after: 0, trouble: Trouble::Overloaded },
        Fault::CutAt(100),
        Fault::ResetAfter,
        Fault::ResetBefore,
        Fault::Garble { after: 0 },
        Fault::WrongType,
        Fault::Redirect { status: 307, to: "http://127.0.0.1:9/".to_owned() },
        // A server that says it back is no reason to say it on.
        Fault::Raw {
            status: 401,
            headers: vec![("content-type".to_owned(), "application/json".to_owned()), ("x-request-id".to_owned(), KEY.to_owned())],
            body: format!(r#"{{"error":{{"type":"authentication_error","message":"Incorrect API key provided: {KEY}","code":"{KEY}"}}}}"#)
                .into_bytes(),
        },
    ];
    let mut shown = String::new();
    for kind in Kind::ALL {
        for fault in &faults {
            let double = with_key(kind).await;
            double.reply(Reply::fault(fault.clone()));
            let ready = Asker::at(&double).ready();
            let asked = ready.ask().await;
            shown += &format!("{:?} {:#?} {asked:?} {asked:#?}", ready.cloud, ready.cloud.client);
            if let Finish::Failed(error) = &asked.exchange.finish {
                shown += &error.to_string();
            }
        }
    }
    let logged = String::from_utf8_lossy(&log.0.lock().expect("the log")).into_owned();
    assert!(logged.len() > 1000, "nothing was logged: {logged}");
    for (place, text) in [("shown", &shown), ("logged", &logged)] {
        let at = text.find(KEY);
        assert_eq!(at.map(|at| &text[at.saturating_sub(300)..at]), None, "{place}");
    }
}

#[tokio::test]
async fn a_key_is_in_one_header_of_one_connection() {
    for kind in Kind::ALL {
        let double = with_key(kind).await;
        Asker::at(&double).ask().await;
        let record = double.record();
        let times = record.bytes.windows(KEY.len()).filter(|window| *window == KEY.as_bytes()).count();
        assert_eq!(times, 1, "{kind:?}");
        assert!(!record.requests[0].request.path.contains(KEY) && !record.requests[0].request.query.contains(KEY));
    }
}

#[tokio::test]
async fn a_redirect_takes_no_key_along() {
    let elsewhere = with_key(Kind::Anthropic).await;
    let double = with_key(Kind::Anthropic).await;
    let to = format!("{}/v1/messages", elsewhere.base_url());
    double.reply(Reply::fault(Fault::Redirect { status: 308, to }));
    Asker::at(&double).ask().await;
    assert!(elsewhere.record().bytes.is_empty());
}

#[tokio::test]
async fn another_host_under_a_known_name_gets_no_usual_key() {
    for (kind, variable) in [
        (Kind::Anthropic, "ANTHROPIC_API_KEY"),
        (Kind::OpenAi, "OPENAI_API_KEY"),
        (Kind::Azure, "AZURE_OPENAI_API_KEY"),
        (Kind::Gemini, "GEMINI_API_KEY"),
        (Kind::Bedrock, "AWS_BEARER_TOKEN_BEDROCK"),
    ] {
        let double = with_key(kind).await;
        let mut asker = Asker::at(&double);
        asker.settings.key_env = None;
        asker.variables = vec![(variable.to_owned(), KEY.to_owned())];
        asker.ask().await;
        assert!(!double.record().contains(KEY), "{kind:?}");
    }
}

#[tokio::test]
async fn a_proxy_sees_no_key() {
    let authority = crate::provider::Authority::default();
    let mut setup = Setup::new(Kind::Anthropic);
    setup.key = KEY.to_owned();
    setup.tls = Some(authority.acceptor(&[Kind::Anthropic.host()], Certificate::Right));
    let double = Double::with(setup).await;
    let proxy = Proxy::to(double.address, None).await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, &authority.pem).expect("a file");
    let mut asker = Asker::of(Kind::Anthropic);
    asker.ca_file = Some(file);
    asker.variables = vec![("HTTPS_PROXY".to_owned(), proxy.url()), ("ANTHROPIC_API_KEY".to_owned(), KEY.to_owned())];
    assert!(asker.ask().await.text().starts_with("The entry point"));
    let heads = proxy.heads();
    assert!(heads.contains("CONNECT api.anthropic.com:443") && !heads.contains(KEY), "{heads}");
    assert!(!heads.contains("x-api-key"), "{heads}");
}

#[tokio::test]
async fn of_the_keys_of_aws_only_the_name_leaves() {
    let double = Double::start(Kind::Bedrock).await;
    let mut asker = Asker::at(&double);
    asker.settings.key_env = None;
    let keys = format!(
        r#"{{"AccessKeyId":"{ACCESS_KEY}","SecretAccessKey":"{SECRET_KEY}","SessionToken":"{SESSION_TOKEN}"}}"#
    );
    asker.settings.key_command = ["/bin/echo", &keys].map(str::to_owned).to_vec();
    let asked = asker.ask().await;
    assert!(asked.text().starts_with("The entry point"), "{:?}", asked.exchange.finish);
    let record = double.record();
    assert!(record.contains(ACCESS_KEY) && record.contains(SESSION_TOKEN) && !record.contains(SECRET_KEY));
    assert!(!format!("{asked:?}").contains(SECRET_KEY));
}

//! Everything that goes wrong is one sentence with a way out, and the next job finds things as they are then.

use std::sync::Arc;
use std::time::Duration;

use tandem::engine::http::{HttpEngine, ServerKind};
use tandem::engine::{Engine, EngineState};
use tokio::runtime::Handle;

use super::support::{Changing, ask, config, engine, job, kind_of, ready, reason, settled, until};
use crate::doubles::{Authority, Certificate, Fault, Kind, Server, Setup};

const CODE: &str = "let a = $0\n";

#[tokio::test]
async fn one_bad_answer_is_one_failed_job() {
    let huge = "x".repeat(3 << 20);
    for (fault, words) in [
        (Fault::refuse(400, r#"{"error":{"message":"bad thing"}}"#), "refused the request (400): bad thing"),
        (Fault::refuse(500, r#"{"error":{"message":"out of memory"}}"#), "failed (500): out of memory"),
        (Fault::refuse(502, "<html>Bad gateway</html>"), "web page (502)"),
        (Fault::Raw(b"<!DOCTYPE html><html>Sign in</html>\n".to_vec()), "web page"),
        (Fault::Raw(b"data: {not json}\n\n".to_vec()), "cannot be understood"),
        (Fault::Raw(huge.into_bytes()), "does not end"),
        (Fault::Middle(1, "data: {\"error\":{\"message\":\"CUDA error\"}}\n\n".to_owned()), "CUDA error"),
        (
            Fault::Refuse {
                status: 307,
                headers: vec![("location".to_owned(), "http://192.0.2.1/x".to_owned())],
                body: String::new(),
            },
            "on 192.0.2.1; they do not follow",
        ),
        (Fault::refuse(413, r#"{"error":{"message":"prompt exceeds the context size"}}"#), "completion.prefixTokens"),
    ] {
        let server = Server::with(Setup::writing(Kind::LlamaServer, "b c d")).await;
        let engine = ready(&server, Kind::LlamaServer).await;
        server.order(fault.clone());
        let answer = ask(&engine, job(CODE)).await;
        assert!(answer.failure().contains(words), "{:?}: {}", answer.finishes, words);
        assert_eq!(ask(&engine, job(CODE)).await.text(), "b c d", "{words}: the next job works");
    }
}

#[tokio::test]
async fn a_connection_that_breaks_in_the_middle_is_no_end() {
    let server = Server::with(Setup::writing(Kind::LlamaServer, "b c d")).await;
    let engine = ready(&server, Kind::LlamaServer).await;
    server.order(Fault::Cut(1));
    let answer = ask(&engine, job(CODE)).await;
    assert!(answer.failure().contains("broke in the middle"));
    assert_eq!(answer.text(), "b", "what had come by then");
    until(&engine, |status| status.is_ready()).await;
    assert_eq!(ask(&engine, job(CODE)).await.text(), "b c d");
}

#[tokio::test]
async fn a_stream_that_ends_without_its_mark_is_no_end() {
    for (kind, body) in [
        (Kind::OpenAi, "data: {\"choices\":[{\"text\":\"b\"}]}\n\n"),
        (
            Kind::OpenAi,
            "data: {\"choices\":[{\"text\":\"b\",\"finish_reason\":null}],\"object\":\"text_completion\"}\n\n",
        ),
        (Kind::Chat, "data: {\"choices\":[{\"delta\":{\"content\":\"b\"}}],\"object\":\"chat.completion.chunk\"}\n\n"),
        (Kind::LlamaServer, "data: {\"content\":\"b\",\"stop\":false}\n\n"),
        (Kind::Ollama, "{\"response\":\"b\",\"done\":false}\n"),
    ] {
        let server = Server::start(kind).await;
        let engine = ready(&server, kind).await;
        server.order(Fault::Raw(body.as_bytes().to_vec()));
        let answer = ask(&engine, job("let a = $0")).await;
        assert!(answer.failure().contains("broke in the middle"), "{kind:?}: {:?}", answer.finishes);
    }
}

#[tokio::test]
async fn a_server_that_answers_questions_and_fails_at_work_is_left_alone_for_a_while() {
    let server = Server::start(Kind::Vllm).await;
    for _ in 0..1000 {
        server.order(Fault::refuse(401, "{}"));
    }
    let mut config = config(ServerKind::Vllm, &server.url());
    config.self_test = true;
    config.timeouts.pause = Duration::from_secs(3600);
    config.timeouts.longest_pause = Duration::from_secs(7200);
    let engine = engine(config);
    let failed = |status: &tandem::engine::EngineStatus| matches!(status.state, EngineState::Failed { .. });
    until(&engine, failed).await;
    for _ in 0..20 {
        assert!(ask(&engine, job(CODE)).await.failure().contains("wants a key"));
    }
    assert_eq!(server.record().asked().len(), 1);
    engine.connect();
    server.until(|record| record.asked().len() == 2).await;
    until(&engine, failed).await;
    for _ in 0..20 {
        ask(&engine, job(CODE)).await;
    }
    let record = server.record();
    assert_eq!(record.asked().len(), 2, "the user asked once");
    assert!(record.requests.len() < 12, "{}", record.requests.len());
}

#[tokio::test]
async fn ollamas_error_in_a_stream_with_status_200_is_an_error() {
    let server = Server::with(Setup::writing(Kind::Ollama, "b c d")).await;
    let engine = ready(&server, Kind::Ollama).await;
    server.order(Fault::Middle(2, "{\"error\":\"an error was encountered while running the model\"}\n".to_owned()));
    assert!(ask(&engine, job(CODE)).await.failure().contains("while running the model"));
}

#[tokio::test]
async fn nobody_there_is_said_at_once_and_looked_for_again() {
    let port = {
        let server = Server::start(Kind::LlamaServer).await;
        server.address.port()
    };
    let engine = engine(config(ServerKind::LlamaServer, &format!("http://127.0.0.1:{port}")));
    let status = settled(&engine).await;
    assert!(reason(&status).contains("takes no connections: start it with `llama-server"), "{status:?}");
    assert!(ask(&engine, job(CODE)).await.failure().contains("takes no connections"));
    let mut setup = Setup::new(Kind::LlamaServer);
    setup.port = port;
    let _server = Server::with(setup).await;
    until(&engine, |status| status.is_ready()).await;
    assert_eq!(ask(&engine, job(CODE)).await.text(), "b");
}

#[tokio::test]
async fn a_key_is_asked_for_refused_and_renewed_and_said_back_to_nobody() {
    let mut setup = Setup::new(Kind::Vllm);
    setup.key = Some("sk-right-one".to_owned());
    let server = Server::with(setup).await;
    let without = engine(config(ServerKind::Vllm, &server.url()));
    assert!(reason(&settled(&without).await).contains("wants a key (401): name its source in `engine.server.keyEnv`"));

    let with = |keys: Vec<&'static str>| {
        let keys = Arc::new(Changing { keys, at: 0.into() });
        HttpEngine::new(config(ServerKind::Vllm, &server.url()), keys, &Handle::current())
    };
    let wrong = settled(&with(vec!["sk-wrong-one"])).await;
    assert!(reason(&wrong).contains("refuses the key (401)") && !reason(&wrong).contains("sk-"), "{wrong:?}");
    let renewed = with(vec!["sk-wrong-one", "sk-right-one"]);
    assert_eq!(settled(&renewed).await.state, EngineState::Ready);
    assert_eq!(ask(&renewed, job(CODE)).await.text(), "b");
    server.order(Fault::refuse(400, "you sent sk-right-one"));
    assert!(ask(&renewed, job(CODE)).await.failure().contains("you sent [key]"));
    server.order(Fault::Middle(0, "data: {\"error\":{\"message\":\"no sk-right-one\"}}\n\n".to_owned()));
    assert!(ask(&renewed, job(CODE)).await.failure().contains("no [key]"));
}

#[tokio::test]
async fn a_model_that_is_not_there_is_answered_with_those_that_are() {
    let server = Server::start(Kind::Ollama).await;
    let mut wrong = config(ServerKind::Ollama, &server.url());
    wrong.model = Some("codellama".to_owned());
    let status = settled(&engine(wrong)).await;
    assert!(
        reason(&status).contains("`ollama pull codellama`") && reason(&status).ends_with("qwen2.5-coder:1.5b"),
        "{status:?}"
    );
    // It was there when it was looked at.
    let engine = ready(&server, Kind::Ollama).await;
    server.order(Fault::refuse(404, r#"{"error":"model 'qwen2.5-coder:1.5b' not found"}"#));
    let answer = ask(&engine, job(CODE)).await;
    assert!(
        answer.failure().contains("does not have the model") && answer.failure().contains("it has qwen2.5-coder:1.5b")
    );
}

#[tokio::test]
async fn a_pause_that_is_asked_for_is_kept() {
    let server = Server::start(Kind::Vllm).await;
    let engine = ready(&server, Kind::Vllm).await;
    let headers = vec![("retry-after".to_owned(), "600".to_owned())];
    server.order(Fault::Refuse { status: 429, headers, body: r#"{"error":{"message":"slow down"}}"#.to_owned() });
    assert!(ask(&engine, job(CODE)).await.failure().contains("slow down; it is asked again in 60 s"));
    assert!(ask(&engine, job(CODE)).await.failure().contains("asked again"));
    assert_eq!(server.record().asked().len(), 1, "the second one was not sent");
    assert!(engine.status().borrow().is_ready(), "it is busy, not gone");
}

#[tokio::test]
async fn a_model_that_is_loaded_is_waited_for() {
    let mut setup = Setup::new(Kind::LlamaServer);
    setup.loading = true;
    let server = Server::with(setup).await;
    let engine = engine(config(ServerKind::Auto, &server.url()));
    server.until(|record| record.requests.len() > 8).await;
    assert!(matches!(engine.status().borrow().state, EngineState::Loading { .. }));
    assert!(!ask(&engine, job(CODE)).await.failure().is_empty());
    server.change(|setup| setup.loading = false);
    until(&engine, |status| status.is_ready()).await;
    assert_eq!(ask(&engine, job(CODE)).await.text(), "b");
}

#[tokio::test]
async fn silence_has_an_end() {
    let server = Server::start(Kind::LlamaServer).await;
    let mut config = config(ServerKind::LlamaServer, &server.url());
    config.timeouts.idle = Duration::from_millis(20);
    let engine = engine(config);
    settled(&engine).await;
    for fault in [Fault::Silence, Fault::Hang(1)] {
        server.order(fault);
        assert!(ask(&engine, job(CODE)).await.failure().contains("said nothing for"));
    }
    server.until(|record| record.aborted == 2).await;
}

#[tokio::test]
async fn another_program_at_the_address_is_not_taken_for_a_server() {
    let server = Server::start(Kind::Tabby).await;
    let status = settled(&engine(config(ServerKind::Ollama, &server.url()))).await;
    assert!(reason(&status).contains("has nothing at /api/tags (404)"), "{status:?}");
}

#[tokio::test]
async fn an_address_that_code_may_not_go_to_is_never_asked() {
    for (url, words) in [
        ("http://192.0.2.1:8000", "plain http to 192.0.2.1"),
        ("https://gpu.example", "`engine.server.isLocal`"),
        ("https://ann:secret@gpu.example", "holds a name or a password"),
        ("", "is no address"),
    ] {
        let engine = engine(config(ServerKind::Auto, url));
        assert!(reason(&engine.status().borrow()).contains(words), "{url}");
        let answer = ask(&engine, job(CODE)).await;
        assert!(answer.failure().contains(words) && !answer.failure().contains("secret"));
    }
}

#[tokio::test]
async fn a_team_server_speaks_tls_by_an_authority_of_its_own() {
    let authority = Authority::default();
    let folder = tempfile::tempdir().expect("a folder");
    let ca_file = folder.path().join("ca.pem");
    std::fs::write(&ca_file, &authority.pem).expect("a file");
    for (certificate, words) in [
        (Certificate::Right, None),
        (Certificate::WrongHost, Some("for another host")),
        (Certificate::Expired, Some("expired")),
        (Certificate::SelfSigned, Some("cloud.caFile")),
    ] {
        let mut setup = Setup::new(Kind::Vllm);
        setup.tls = Some(authority.acceptor(&["localhost"], certificate));
        let server = Server::with(setup).await;
        let mut config = config(kind_of(Kind::Vllm), &server.url());
        config.ca_file = Some(ca_file.clone());
        let engine = engine(config);
        let status = settled(&engine).await;
        match words {
            None => assert_eq!(ask(&engine, job(CODE)).await.text(), "b"),
            Some(words) => {
                assert!(reason(&status).contains(words), "{certificate:?}: {status:?}");
                assert!(server.record().requests.is_empty(), "{certificate:?}: nothing was sent");
            }
        }
    }
    let mut missing = config(ServerKind::Vllm, "https://localhost:1");
    missing.ca_file = Some(folder.path().join("missing.pem"));
    assert!(reason(&engine(missing).status().borrow()).contains("`cloud.caFile`"));
}

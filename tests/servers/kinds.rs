//! Every kind of server writes a line, in the way that it has.

use tandem::engine::http::ServerKind;
use tandem::engine::{Engine, Finish, Task};

use super::support::{ask, config, engine, job, kind_of, ready, settled, until};
use crate::doubles::{Fault, Kind, Server, Setup};

const ALL: [Kind; 9] = [
    Kind::LlamaServer,
    Kind::Ollama,
    Kind::Vllm,
    Kind::LmStudio,
    Kind::OpenAi,
    Kind::Chat,
    Kind::Mistral,
    Kind::DeepSeek,
    Kind::Tabby,
];

const CODE: &str = "fn add(a: i32, b: i32) -> i32 {\n    a + $0\n}\n";

#[tokio::test]
async fn each_writes_the_line_and_nothing_of_the_next() {
    for kind in ALL {
        let server = Server::with(Setup::writing(kind, "b * a;\nlet more = 1;")).await;
        let mut config = config(kind_of(kind), &server.url());
        config.model = Some(server.record().last()["model"].as_str().unwrap_or_default().to_owned())
            .filter(|model| !model.is_empty());
        let engine = engine(config);
        settled(&engine).await;
        let answer = ask(&engine, job(CODE)).await;
        assert_eq!((answer.text(), &answer.finishes[..]), ("b * a;", &[Finish::MaxLines][..]), "{kind:?}");
        let asked = server.record().asked().last().map(|request| request.path.clone());
        let expected = match kind {
            Kind::LlamaServer => "/completion",
            Kind::Ollama => "/api/generate",
            Kind::Chat => "/v1/chat/completions",
            Kind::Mistral => "/v1/fim/completions",
            Kind::DeepSeek => "/beta/completions",
            _ => "/v1/completions",
        };
        assert_eq!(asked.as_deref(), Some(expected), "{kind:?}");
    }
}

#[tokio::test]
async fn a_url_alone_is_enough_for_servers_that_people_run() {
    for kind in [Kind::LlamaServer, Kind::Ollama, Kind::Vllm, Kind::LmStudio, Kind::OpenAi, Kind::Tabby] {
        let server = Server::start(kind).await;
        let engine = engine(config(ServerKind::Auto, &server.url()));
        let status = settled(&engine).await;
        let word = tandem::engine::http::word(kind_of(kind));
        assert_eq!((status.engine.as_str(), status.is_ready()), (word, true), "{status:?}");
        assert_eq!(ask(&engine, job(CODE)).await.text(), "b", "{kind:?}");
    }
}

#[tokio::test]
async fn the_status_tells_model_context_and_way() {
    let server = Server::start(Kind::LlamaServer).await;
    let engine = ready(&server, Kind::LlamaServer).await;
    let model = until(&engine, |status| status.model.is_some()).await.model.expect("a model");
    assert_eq!((model.name.as_str(), model.context, model.trained_context), ("qwen2.5-coder:1.5b", 2048, 32768));
    assert_eq!((model.parameters, model.fim.as_str()), (1_543_714_304, "qwen-coder (/completion, our prompt)"));
}

#[tokio::test]
async fn a_server_that_lacks_a_way_is_asked_in_the_next_one_from_then_on() {
    // The model's name says nothing, so `/infill` is tried, and it has no tokens for that.
    let mut setup = Setup::writing(Kind::LlamaServer, "```\nb\n```");
    (setup.model, setup.infill) = ("llama-3.2-1b".to_owned(), false);
    let llama = Server::with(setup).await;
    let engine = ready(&llama, Kind::LlamaServer).await;
    for _ in 0..2 {
        assert_eq!(ask(&engine, job(CODE)).await.text(), "b");
    }
    let paths: Vec<String> = llama.record().asked().iter().map(|request| request.path.clone()).collect();
    assert_eq!(paths, ["/infill", "/v1/chat/completions", "/v1/chat/completions"]);
    assert_eq!(
        engine.status().borrow().model.as_ref().map(|model| model.fim.clone()),
        Some("none (/v1/chat/completions, a hole to fill)".to_owned())
    );

    // A list of capabilities that is wrong.
    let ollama = Server::start(Kind::Ollama).await;
    let engine = ready(&ollama, Kind::Ollama).await;
    ollama.change(|setup| setup.insert = false);
    assert_eq!(ask(&engine, job(CODE)).await.text(), "b");
    assert_eq!(ollama.record().last()["raw"], true);

    // vLLM's refusal, by a server that is set up as any.
    let mut setup = Setup::new(Kind::Vllm);
    setup.model = "team-model".to_owned();
    let vllm = Server::with(setup).await;
    let engine = super::support::engine(config(ServerKind::OpenAi, &vllm.url()));
    settled(&engine).await;
    assert_eq!(ask(&engine, job(CODE)).await.text(), "b");
    let paths: Vec<String> = vllm.record().asked().iter().map(|request| request.path.clone()).collect();
    assert_eq!(paths, ["/v1/completions", "/v1/chat/completions"]);
}

#[tokio::test]
async fn a_template_without_a_suffix_gets_our_prompt_at_once() {
    let mut setup = Setup::new(Kind::Ollama);
    setup.insert = false;
    let server = Server::with(setup).await;
    let engine = ready(&server, Kind::Ollama).await;
    ask(&engine, job(CODE)).await;
    let asked = server.record();
    assert_eq!(asked.asked().len(), 1);
    let prompt = asked.last()["prompt"].as_str().unwrap_or_default().to_owned();
    assert_eq!(
        prompt,
        "<|file_sep|>src/sample.rs\n<|fim_prefix|>fn add(a: i32, b: i32) -> i32 {\n<|fim_suffix|>\n}\n<|fim_middle|>    a + "
    );
}

#[tokio::test]
async fn probabilities_come_where_a_server_has_them_and_are_not_asked_for_twice_where_it_has_not() {
    for kind in [Kind::LlamaServer, Kind::Vllm] {
        let server = Server::with(Setup::writing(kind, "b + c")).await;
        let engine = ready(&server, kind).await;
        let answer = ask(&engine, job(CODE)).await;
        assert_eq!((answer.text(), answer.scores[0].len()), ("b + c", 4), "{kind:?}: {:?}", answer.scores);
        assert!(answer.scores[0].iter().all(|score| score.logprob == -0.25));
    }
    let mut setup = Setup::new(Kind::OpenAi);
    setup.scores = false;
    let server = Server::with(setup).await;
    let engine = ready(&server, Kind::OpenAi).await;
    for _ in 0..2 {
        let answer = ask(&engine, job(CODE)).await;
        assert_eq!((answer.text(), answer.scores[0].len()), ("b", 0));
    }
    assert_eq!(server.record().asked().len(), 3, "once with, once without, and then without");
}

#[tokio::test]
async fn candidates_differ_in_their_first_token() {
    let writes = |before: &str| if before.ends_with("a + ") { "b".to_owned() } else { "(x)".to_owned() };
    for kind in [Kind::LlamaServer, Kind::Vllm] {
        let server = Server::with(Setup { writes: std::sync::Arc::new(writes), ..Setup::new(kind) }).await;
        let engine = ready(&server, kind).await;
        let mut job = job(CODE);
        job.candidates = 3;
        let answer = ask(&engine, job).await;
        assert_eq!(answer.texts, ["b", "other(x)", "third(x)"], "{kind:?}");
        assert_eq!(answer.scores[1][0].logprob, -1.5);
        assert_eq!(answer.finishes.len(), 3);
    }
    // One that tells of no other tokens is asked with seeds, and says the same each time here.
    let server = Server::start(Kind::Tabby).await;
    let engine = ready(&server, Kind::Tabby).await;
    let mut job = job(CODE);
    job.candidates = 3;
    let answer = ask(&engine, job).await;
    assert_eq!((answer.texts.len(), answer.finishes.len()), (1, 1));
}

/// Its text would be a marker in the next prompt, which a server reads as text.
#[tokio::test]
async fn a_candidate_that_would_complete_a_special_token_is_not_asked_for() {
    let writes = |before: &str| if before.ends_with("<|fim_") { "b".to_owned() } else { "(x)".to_owned() };
    for kind in [Kind::LlamaServer, Kind::Vllm] {
        let setup = Setup { others: ["middle|>", "third"], writes: std::sync::Arc::new(writes), ..Setup::new(kind) };
        let server = Server::with(setup).await;
        let engine = ready(&server, kind).await;
        let mut job = job("let marker = \"<|fim_$0\";\n");
        job.candidates = 2;
        let answer = ask(&engine, job).await;
        assert_eq!(answer.texts, ["b", "third(x)"], "{kind:?}");
        let record = server.record();
        let prompts: Vec<_> = record.asked().iter().filter_map(|asked| asked.json()).collect();
        for prompt in prompts.iter().filter_map(|asked| asked["prompt"].as_str()) {
            assert_eq!(prompt.matches("<|fim_middle|>").count(), 1, "{kind:?}: {prompt}");
        }
        assert_eq!(prompts.len(), 2, "{kind:?}");
    }
}

#[tokio::test]
async fn a_way_that_is_refused_after_the_first_candidate_ends_with_what_is_there() {
    let server = Server::start(Kind::LlamaServer).await;
    let engine = ready(&server, Kind::LlamaServer).await;
    server.order(Fault::Middle(99, ": nothing\n\n".to_owned()));
    server.order(Fault::refuse(501, r#"{"error":{"message":"completion is not supported by this model"}}"#));
    let mut job = job(CODE);
    job.candidates = 3;
    let answer = ask(&engine, job).await;
    assert_eq!(answer.texts[0], "b", "told once");
    assert_eq!(answer.finishes.first(), Some(&Finish::EndOfText));
    assert!(answer.finishes.len() <= 2 && answer.texts.len() <= 2, "{answer:?}");
}

#[tokio::test]
async fn a_prefill_evaluates_and_says_nothing() {
    for (kind, name, value) in [(Kind::LlamaServer, "n_predict", 0), (Kind::Vllm, "max_tokens", 1)] {
        let server = Server::start(kind).await;
        let engine = ready(&server, kind).await;
        let mut job = job(CODE);
        job.task = Task::Prefill;
        let answer = ask(&engine, job).await;
        assert_eq!((answer.texts.len(), &answer.finishes[..]), (0, &[Finish::MaxTokens][..]), "{kind:?}");
        assert_eq!(server.record().last()[name], value);
    }
    // Where it would cost money, or do nothing, nothing is sent.
    let server = Server::start(Kind::Tabby).await;
    let engine = ready(&server, Kind::Tabby).await;
    let mut job = job(CODE);
    job.task = Task::Prefill;
    assert_eq!(ask(&engine, job).await.finishes, [Finish::Superseded]);
    assert!(server.record().asked().is_empty());
}

#[tokio::test]
async fn counts_and_times_are_the_servers() {
    let server = Server::start(Kind::LlamaServer).await;
    let engine = ready(&server, Kind::LlamaServer).await;
    let answer = ask(&engine, job(CODE)).await;
    let prompt = answer.prompt.expect("a beginning");
    assert_eq!((prompt.tokens, prompt.reused, prompt.evaluated), (10, 4, 6));
    let report = answer.report.expect("an end");
    assert_eq!((report.prefill_us, report.decode_us, report.compute_us, report.generated), (1500, 500, 2000, 1));
    assert!(report.first_token_us > 0 && report.total_us >= report.first_token_us);
}

#[tokio::test]
async fn a_model_that_forgets_its_end_is_ended_by_our_limits() {
    for kind in [Kind::LlamaServer, Kind::OpenAi] {
        let server = Server::with(Setup::writing(kind, "b")).await;
        server.order(Fault::Endless);
        let engine = ready(&server, kind).await;
        let answer = ask(&engine, job(CODE)).await;
        assert_eq!(answer.finishes, [Finish::MaxTokens], "{kind:?}");
        assert!(answer.text().len() <= 26);
        server.until(|record| record.aborted == 1).await;
    }
}

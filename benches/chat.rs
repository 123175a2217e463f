//! What an answer of the model in this machine costs others, and what a thread saves.
//!
//! `cargo bench --bench chat [-- SHAPE]`, with the feature `llama`. The model is of that shape (`tests/support/synth.rs` names them)
//! with holes for weights: it computes as much as a real one and says nothing. Without a shape it is a tiny one, of which a decode
//! takes well below a millisecond, so that overheads show.

#[cfg(feature = "llama")]
#[path = "../tests/support/synth.rs"]
mod synth;

#[cfg(not(feature = "llama"))]
fn main() {
    println!("SKIPPED: this build has no llama.cpp");
}

#[cfg(feature = "llama")]
fn main() {
    run::main();
}

#[cfg(feature = "llama")]
mod run {
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use tandem::config::{CompletionSettings, EngineSettings};
    use tandem::engine::chat::{
        ChatEngine, ChatEvent, ChatJob, ChatReport, ChatRole, ChatStarted, ChatStream, ChatTurn,
    };
    use tandem::engine::llama::{LlamaEngine, ModelConfig};
    use tandem::engine::{Engine, EngineState, Event, FimPrompt, Job, PromptBudget, Task, Urgency};

    use crate::synth::{Spec, Weights, known, tiny};

    const CHATML: &str = "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endfor %}{{ '<|im_start|>assistant\n' }}";
    const REQUESTS: usize = 40;
    /// A pause between keys.
    const KEY: Duration = Duration::from_millis(60);

    pub fn main() {
        let shape = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
        let spec = match &shape {
            Some(name) => known(name).unwrap_or_else(|| panic!("no such shape: {name}")),
            None => Spec { vocabulary: 4096, ..tiny("qwen2") },
        };
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("model.gguf");
        spec.clone().with_chat_template(CHATML).write(&file, Weights::Sparse).expect("written");
        let settings = EngineSettings { chat_context_tokens: 2048, ..EngineSettings::default() };
        let mut config = ModelConfig::new(&settings, &CompletionSettings::default(), directory.path().to_owned());
        (config.model, config.self_test) = (Some(file), false);
        let engine = LlamaEngine::start(config);
        let mut status = engine.status();
        while matches!(status.borrow_and_update().state, EngineState::Loading { .. }) {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(status.borrow().is_ready(), "{:?}", status.borrow().state);
        println!("{}, {} threads", spec.name, status.borrow().model.as_ref().map_or(0, |model| model.threads));
        beside(&engine);
        turns(&engine);
        overhead(&engine);
    }

    /// Time to the first token of completions, alone and while an answer is written.
    fn beside(engine: &LlamaEngine) {
        typed(engine);
        let alone = typed(engine);
        let mut answer = engine.chat(question("Say something long.", 100_000));
        while !matches!(answer.blocking_next(), Some(ChatEvent::Text(_))) {}
        let beside = typed(engine);
        answer.cancel();
        let (_, report) = heard(answer);
        println!("first token of a completion, ms: alone {}; beside an answer {}", show(&alone), show(&beside));
        println!(
            "the answer meanwhile: {} tokens, {:.0} ms given to completions",
            report.generated,
            report.yielded_us as f64 / 1e3
        );
    }

    /// Keys into one line, each a request; microseconds from the call to the first text.
    fn typed(engine: &LlamaEngine) -> Vec<u64> {
        let mut times = Vec::new();
        for key in 0..REQUESTS {
            let started = Instant::now();
            let mut stream = engine.generate(job(key));
            while let Some(event) = stream.blocking_next() {
                if matches!(event, Event::Delta { .. } | Event::Finished { .. }) {
                    times.push(started.elapsed().as_micros() as u64);
                    break;
                }
            }
            while stream.blocking_next().is_some() {}
            std::thread::sleep(KEY.saturating_sub(started.elapsed()));
        }
        times.sort_unstable();
        times
    }

    /// What the second turn of a thread evaluates, against the same prompt without a first.
    fn turns(engine: &LlamaEngine) {
        let pack = "pub fn total(values: &[u64]) -> u64 { values.iter().sum() }\n".repeat(40);
        let job = |texts: &[&str]| {
            let roles = [ChatRole::User, ChatRole::Assistant].into_iter().cycle();
            let turns = texts.iter().zip(roles).map(|(text, role)| ChatTurn::new(role, *text)).collect();
            ChatJob { turns, max_tokens: 4, ..ChatJob::default() }
        };
        let first = heard(engine.chat(job(&[&pack]))).1;
        let (started, next) = heard(engine.chat(job(&[&pack, "It adds them.", "And where is it used?"])));
        println!(
            "first turn: {:.0} ms to the first token; second: {:.0} ms, {} of {} tokens known ({} %)",
            first.first_token_us as f64 / 1e3,
            next.first_token_us as f64 / 1e3,
            started.reused,
            started.tokens,
            started.reused * 100 / started.tokens.max(1)
        );
    }

    /// Time outside of llama.cpp for each token.
    fn overhead(engine: &LlamaEngine) {
        for _ in 0..3 {
            let report = heard(engine.chat(question("Say something long.", 600))).1;
            let ours = report.total_us - report.queue_us - report.compute_us - report.yielded_us;
            let generated = u64::from(report.generated.max(1));
            println!(
                "an answer of {} tokens: {} µs a token in llama.cpp, {} µs outside of it; layout {} µs",
                report.generated,
                report.compute_us / generated,
                ours / generated,
                report.layout_us
            );
        }
    }

    fn question(text: &str, max_tokens: u32) -> ChatJob {
        // Without weights all tokens are as likely: by chance, so that nothing is repeated.
        let turns = vec![ChatTurn::new(ChatRole::User, text)];
        ChatJob { turns, max_tokens, temperature: 1.0, ..ChatJob::default() }
    }

    fn heard(mut stream: ChatStream) -> (ChatStarted, ChatReport) {
        let (mut started, mut report) = Default::default();
        while let Some(event) = stream.blocking_next() {
            match event {
                ChatEvent::Started(told) => started = told,
                ChatEvent::Done(told) => report = told,
                _ => {}
            }
        }
        (started, report)
    }

    fn job(key: usize) -> Job {
        let prefix =
            format!("{}let total = {}", "let value = other + 1;\n".repeat(30), &"values.iter().sum()"[..key % 19]);
        Job {
            lane: 1,
            urgency: Urgency::Awaited,
            task: Task::Write,
            prompt: FimPrompt {
                path: "src/main.rs".to_owned(),
                prefix: Arc::from(prefix),
                suffix: Arc::from(";\n"),
                ..FimPrompt::default()
            },
            budget: PromptBudget { prefix: 700, suffix: 100, snippets: 0 },
            max_tokens: 4,
            max_lines: 1,
            candidates: 1,
            draft: None,
            explain: false,
            corpus: None,
        }
    }

    fn show(times: &[u64]) -> String {
        let at = |percent: usize| times[(times.len() - 1) * percent / 100] as f64 / 1e3;
        format!("p50 {:.1}, p95 {:.1}, most {:.1}", at(50), at(95), at(100))
    }
}

//! The starter loads, completes, and reuses what it has evaluated.

use std::sync::Arc;

use tandem::engine::llama::{LlamaEngine, ModelConfig};
use tandem::engine::{Engine, EngineState, Finish, Job, Snippet};

use crate::support::{ask, config, job, settle, start};

const ADD: &str = "fn add(a: i32, b: i32) -> i32 {\n    a + $0\n}\n";

/// A file long enough that reuse shows: 40 small functions, the cursor in the last.
fn long_file() -> String {
    let functions: String = (0..40)
        .map(|n| format!("fn area_{n}(width: f64, height: f64) -> f64 {{\n    width * height\n}}\n\n"))
        .collect();
    format!("{functions}fn perimeter(width: f64, height: f64) -> f64 {{\n    2.0 * $0\n}}\n\nfn last() {{}}\n")
}

/// The same file after the user typed more.
fn typed(text: &str, more: &str) -> Job {
    job(&text.replace("$0", &format!("{more}$0")))
}

#[test]
fn the_starter_loads_and_completes() {
    let engine = start(ModelConfig { self_test: true, ..config() });
    assert_eq!(settle(&engine), EngineState::Ready);
    let model = engine.status().borrow().model.clone().unwrap();
    assert_eq!(model.fim, "starter (metadata), suffix-prefix");
    let test = model.self_test.unwrap();
    assert!(test.holes_filled > 0 && test.can_reuse_prefix && !test.leaks_special_tokens, "{test:?}");

    let answer = ask(&engine, job(ADD));
    assert!(!answer.text().is_empty());
    assert!(matches!(answer.finish(), Finish::MaxLines | Finish::EndOfText | Finish::MaxTokens));
    assert!(answer.report.compute_us <= answer.report.total_us);
    assert!(answer.report.first_token_us <= answer.report.total_us);
}

#[test]
fn a_keystroke_evaluates_what_was_typed_and_nothing_else() {
    let engine = start(config());
    let text = long_file();
    let first = ask(&engine, typed(&text, ""));
    assert_eq!((first.prompt.reused, first.prompt.evaluated), (0, first.prompt.tokens));
    assert!(first.prompt.tokens > 500, "{}", first.prompt.tokens);

    let mut so_far = String::new();
    for key in "(width + height)".chars() {
        so_far.push(key);
        let next = ask(&engine, typed(&text, &so_far)).prompt;
        assert_eq!(next.reused + next.evaluated, next.tokens);
        assert!(next.evaluated <= 4, "{so_far:?}: {next:?}");
    }
    let again = ask(&engine, typed(&text, &so_far));
    assert_eq!(again.prompt.evaluated, 1, "nothing new but the last token");
}

#[test]
fn the_window_stays_where_it_is_while_there_is_room() {
    let engine = start(config());
    let text = long_file();
    let mut job = typed(&text, "");
    job.budget.prefix = 400;
    let mut most = ask(&engine, job.clone()).prompt.tokens;
    let mut cuts = 0;
    for line in 0..60 {
        let mut prefix = job.prompt.prefix.to_string();
        prefix.push_str(&format!("width{line};\n    let height{line} = "));
        job.prompt.prefix = Arc::from(prefix);
        let prompt = ask(&engine, job.clone()).prompt;
        cuts += u32::from(prompt.reused < prompt.tokens / 2);
        most = most.max(prompt.tokens);
        let prefix: u32 = prompt
            .shares
            .iter()
            .filter(|share| share.source == "prefix" || share.source == "line")
            .map(|share| share.tokens)
            .sum();
        assert!(prefix <= 400, "{prompt:?}");
    }
    assert!((2..=8).contains(&cuts), "{cuts} of 60 lines moved the window's head");
    assert!(most < 700);
}

#[test]
fn two_documents_keep_their_caches() {
    let engine = start(config());
    let (one, two) = (long_file(), long_file().replace("area", "volume").replace("perimeter", "girth"));
    let ask_lane = |lane: u64, text: &str, more: &str| {
        let mut job = typed(text, more);
        job.lane = lane;
        job.max_tokens = 4;
        ask(&engine, job).prompt
    };
    ask_lane(1, &one, "");
    ask_lane(2, &two, "");
    for more in ["w", "wi", "wid"] {
        assert!(ask_lane(1, &one, more).evaluated <= 4);
        assert!(ask_lane(2, &two, more).evaluated <= 4);
    }
}

#[test]
fn the_account_of_the_prompt_is_exact() {
    let engine = start(config());
    let mut job = job(ADD);
    job.explain = true;
    job.prompt.repository = Some("demo".to_owned());
    job.prompt.snippets = vec![Snippet { path: "src/other.rs".to_owned(), text: "fn sub() {}\n".to_owned() }];
    let prompt = ask(&engine, job).prompt;
    assert_eq!(prompt.shares.iter().map(|share| share.tokens).sum::<u32>(), prompt.tokens, "{prompt:?}");
    assert_eq!(
        prompt.text.unwrap(),
        "<|repo_name|>demo\n<|file_sep|>src/other.rs\nfn sub() {}\n<|file_sep|>src/sample.rs\n<|fim_suffix|>\n}\n\
         <|fim_prefix|>fn add(a: i32, b: i32) -> i32 {\n    a + "
    );
    let sources: Vec<_> = prompt.shares.iter().map(|share| share.source.as_str()).collect();
    for source in ["markers", "repository", "snippets", "path", "suffix", "prefix", "line"] {
        assert!(sources.contains(&source), "{source} in {sources:?}");
    }
}

#[test]
fn special_tokens_in_the_users_text_are_text() {
    let engine = start(config());
    let markers = |text: &str| {
        let prompt = ask(&engine, job(text)).prompt;
        prompt.shares.iter().find(|share| share.source == "markers").map(|share| share.tokens)
    };
    let plain = markers("let a = $0;\n");
    assert_eq!(markers("let a = \"<|fim_suffix|><|fim_prefix|><|endoftext|>\" + $0;\n<|fim_prefix|>"), plain);
}

#[test]
fn limits_are_kept() {
    let engine = start(config());
    let answer = |max_tokens: u32, max_lines: u32| {
        let mut job = job(ADD);
        (job.max_tokens, job.max_lines) = (max_tokens, max_lines);
        ask(&engine, job)
    };
    let none = answer(0, 1);
    assert_eq!((none.text(), none.finish()), ("", &Finish::MaxTokens));
    let one = answer(1, 9);
    assert!(one.report.generated <= 1);
    for lines in 1..4 {
        let answer = answer(60, lines);
        let text = answer.text();
        assert!(text.trim_start_matches('\n').matches('\n').count() < lines as usize, "{text:?}");
    }
}

#[test]
fn log_probabilities_belong_to_their_text() {
    let engine = start(config());
    let answer = ask(&engine, job("for index in 0..count {\n    total += values[$0\n}\n"));
    assert!(!answer.scores[0].is_empty());
    assert!(answer.scores[0].iter().all(|score| score.logprob <= 0.0 && score.logprob.is_finite()), "{answer:?}");
    let told: Vec<bool> = answer.scores[0].iter().map(|score| score.entropy.is_some()).collect();
    assert!(told[0] && !told[1..].contains(&true), "the first token alone tells an entropy: {answer:?}");
    assert!(answer.scores[0][0].entropy.is_some_and(|nats| (0.0..12.0).contains(&nats)), "{answer:?}");
}

#[test]
fn candidates_differ_and_the_first_is_the_greedy_one() {
    let engine = start(config());
    let mut single = job("let names = vec![\"a\", \"b\"];\nfor name in $0\n");
    single.max_tokens = 12;
    let greedy = ask(&engine, single.clone());
    let several = ask(&engine, Job { candidates: 4, ..single.clone() });
    assert_eq!(several.texts.len(), 4);
    assert_eq!(several.texts[0], greedy.text());
    assert!(several.finishes.iter().all(Option::is_some));
    let firsts: Vec<f32> = several.scores.iter().map(|scores| scores[0].logprob).collect();
    assert!(firsts.windows(2).all(|pair| pair[0] >= pair[1]), "most likely first: {firsts:?}");
    let mut texts = several.texts.clone();
    texts.sort();
    texts.dedup();
    assert!(texts.len() >= 3, "{:?}", several.texts);
    assert!(ask(&engine, single).prompt.evaluated <= 1, "the shared prompt is still there");
}

#[test]
fn an_identifier_in_the_making_goes_on() {
    let engine = start(config());
    let answer = ask(&engine, job("fn area(width: f64, height: f64) -> f64 {\n    width * hei$0\n}\n"));
    assert!(answer.text().starts_with("ght"), "{:?}", answer.text());
}

#[test]
fn odd_places_are_answered() {
    let engine = start(config());
    let wide = "漢字🙂é".repeat(400);
    let line = "x".repeat(60_000);
    let texts = [
        "$0".to_owned(),
        "\n$0\n".into(),
        "\0\u{1}$0\u{7f}".into(),
        format!("{wide}$0{wide}"),
        format!("{line}$0{line}"),
        "\r\n\r$0\r\n".into(),
    ];
    for text in texts {
        let answer = ask(&engine, job(&text));
        assert!(!matches!(answer.finish(), Finish::Failed(_)), "{:?}", answer.finish());
        assert!(answer.prompt.tokens <= 1096);
    }
}

#[test]
fn budgets_beyond_the_context_are_lowered() {
    let engine = start(config());
    let mut job = typed(&long_file().repeat(3).replacen("$0", "", 2), "");
    (job.budget.prefix, job.budget.suffix, job.budget.snippets) = (100_000, 100_000, u32::MAX);
    job.prompt.suffix = Arc::from(long_file());
    job.prompt.snippets = vec![Snippet { path: "a".repeat(5000), text: long_file() }];
    let answer = ask(&engine, job);
    assert!(!matches!(answer.finish(), Finish::Failed(_)), "{:?}", answer.finish());
    assert!((500..1096).contains(&answer.prompt.tokens), "{:?}", answer.prompt);
}

#[test]
fn jobs_while_loading_are_refused_at_once() {
    let engine = LlamaEngine::start(config());
    let answer = ask(&engine, job(ADD));
    if let Finish::Failed(reason) = answer.finish() {
        assert!(reason.contains("loading"), "{reason}");
    }
    assert_eq!(settle(&engine), EngineState::Ready);
}

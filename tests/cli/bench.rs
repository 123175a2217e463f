//! `tandem bench`: with the lookup engine everywhere, with the starter model where llama.cpp is.

use serde_json::Value;

use super::support::{Ended, User, files};

/// Code enough that it can be told apart from our own text.
fn user() -> User {
    let user = User::new();
    let function = |number: usize| {
        format!(
            "pub fn word_{number}(input: &str) -> Result<usize, Error> {{\n    let value_{number} = parse(input, {number})?;\n    Ok(value_{number})\n}}\n\n"
        )
    };
    user.write("work/src/words.rs", &(0..3000).map(function).collect::<String>());
    user
}

const LOOKUP: [&str; 5] = ["bench", "--engine", "lookup", "--seconds", "1"];

fn bench(user: &User, more: &[&str]) -> Ended {
    user.run(&[&LOOKUP[..], more].concat())
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn lookup_is_measured_without_a_model() {
    let user = user();
    let report = json(&bench(&user, &["--json", "--folder", "."]).expect_code(0).stdout);
    assert_eq!((&report["tandemBench"], &report["isPartial"]), (&1.into(), &false.into()), "{report:#}");
    assert!(report["text"].as_str().unwrap().starts_with("work: 1 files, "), "{}", report["text"]);
    assert!(report["lookup"]["predictUs"]["of"].as_u64() >= Some(20), "{report:#}");
    assert!(report["lookup"]["documentBytesASecond"]["median"].as_f64() > Some(0.0), "{report:#}");
    assert_eq!(report["models"].as_array().unwrap().len(), 0);
    assert!(report["machine"]["threads"].as_u64() > Some(0), "{report:#}");
    assert!(report["date"].as_str().unwrap().ends_with(" UTC"), "{report:#}");
}

#[test]
fn without_a_repository_our_own_text_is_used_and_nothing_is_indexed() {
    let user = user();
    let ended = bench(&user, &[]).expect_code(0);
    assert!(ended.stdout.contains("text of our own sources"), "{}", ended.stdout);
    assert!(ended.stdout.contains("A suggestion takes "), "{}", ended.stdout);
    assert_eq!(files(&user.path(".cache/tandem/index")), [""; 0]);
    assert_eq!(files(&user.path("tandem")), [""; 0], "no socket, no log");
}

#[test]
fn a_server_is_not_measured_and_that_is_said() {
    let user = user();
    let server = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("engine.server.url=http://{}", server.local_addr().unwrap());
    for more in [&["--engine", "lookup"][..], &[]] {
        let arguments = [&["bench", "--seconds", "1", "--set", &url], more].concat();
        // Without llama.cpp there is nothing but lookup, and with it the model in this machine.
        let ended = user.run(&arguments).expect_code(0);
        assert!(ended.stderr.contains("the server of engine.server.url is not asked"), "{}", ended.stderr);
    }
    server.set_nonblocking(true).unwrap();
    assert_eq!(server.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "nobody came");
}

#[test]
fn reports_are_files_that_a_later_run_is_compared_with() {
    let user = user();
    bench(&user, &["--out", "results"]).expect_code(0);
    assert_eq!(files(&user.path("work/results")), ["bench.json", "bench.md"]);
    let text = std::fs::read_to_string(user.path("work/results/bench.md")).unwrap();
    assert!(text.starts_with("# The engine on this machine\n"), "{text}");
    bench(&user, &["--compare", "results/bench.json"]).expect_code(0);
    let only = bench(&user, &["--out", "other", "--format", "md"]).expect_code(0);
    assert!(only.stdout.ends_with("written to other\n"), "{}", only.stdout);
    assert_eq!(files(&user.path("work/other")), ["bench.md"]);
}

#[test]
fn mistakes_are_2_with_a_sentence_and_cost_no_time() {
    let user = user();
    user.write("work/list.json", "[]");
    for (arguments, sentence) in [
        (vec!["--seconds", "0"], "it takes 1 to 3600 seconds"),
        (vec!["--seconds", "soon"], "it takes 1 to 3600 seconds"),
        (vec!["--threads", "0"], "0 is not in 1..=512"),
        (vec!["--threads", "two"], "invalid value 'two'"),
        (vec!["--quick", "--seconds", "9"], "cannot be used with"),
        (vec!["--json", "--format", "md"], "cannot be used with"),
        (vec!["--format", "html"], "possible values: md, json"),
        (vec!["--compare", "nowhere.json"], "cannot read nowhere.json"),
        (vec!["--compare", "list.json"], "list.json is no report of tandem bench"),
        (vec!["--folder", "nowhere"], "cannot open nowhere"),
        (vec!["--out", "list.json"], "cannot make list.json"),
        (vec!["--set", "engine.thread=2"], "did you mean engine.threads?"),
    ] {
        let ended = user.run(&[&LOOKUP[..3], &arguments].concat()).expect_code(2);
        assert!(ended.stderr.contains(sentence), "{arguments:?}: {}", ended.stderr);
        assert_eq!(ended.stdout, "", "{arguments:?}");
    }
}

#[cfg(not(feature = "llama"))]
#[test]
fn a_build_without_llama_cpp_measures_lookup_and_says_so() {
    let user = user();
    let ended = user.run(&["bench", "--seconds", "1"]).expect_code(0);
    assert!(ended.stderr.contains("this build has no llama.cpp"), "{}", ended.stderr);
    assert!(ended.stdout.contains("without llama.cpp") && ended.stdout.contains("Lookup"), "{}", ended.stdout);
    let ended = user.run(&["bench", "--model", "m.gguf"]).expect_code(2);
    assert!(ended.stderr.contains("--model m.gguf: this build has no llama.cpp"), "{}", ended.stderr);
}

#[cfg(feature = "llama")]
mod with_a_model {
    use super::*;

    #[test]
    fn the_starter_is_measured_in_a_process_of_its_own() {
        let user = user();
        let ended = user.run(&["bench", "--seconds", "2", "--threads", "1,2", "--json"]).expect_code(0);
        let report = json(&ended.stdout);
        let model = &report["models"][0];
        assert_eq!((&model["name"], &model["failed"]), (&"starter model".into(), &Value::Null), "{model:#}");
        assert!(model["info"]["kvBytes"].is_null() && model["info"]["kv_bytes"].as_u64() > Some(1 << 20), "{model:#}");
        let cold = model["cold"].as_array().unwrap();
        assert!(!cold.is_empty(), "{model:#}");
        for cold in cold {
            assert!(
                cold["prefill"]["of"].as_u64() > Some(0) && cold["decode"]["median"].as_f64() > Some(0.0),
                "{cold:#}"
            );
        }
        let key = &model["typing"][0];
        assert_eq!(key["keys"], "inLine");
        let median = |name: &str| key[name]["median"].as_f64().unwrap();
        assert!(median("evaluated") < 8.0 && median("reused") > 200.0, "the cache is reused: {key:#}");
        let rivals: Vec<String> = model["rivals"]
            .as_array()
            .unwrap()
            .iter()
            .map(|rival| format!("{} {}", rival["key"].as_str().unwrap(), rival["value"]))
            .collect();
        assert_eq!(
            rivals,
            ["engine.maxDraftTokens 0", "engine.threads 2", "engine.kvType \"q8_0\"", "engine.flashAttention false"]
        );
        let drafts = &model["rivals"][0];
        assert_eq!(drafts["same"], drafts["of"], "a draft never changes what is written");
        assert!(drafts["speculation"]["positions"].as_u64() > Some(0), "{drafts:#}");
        assert!(model["rivals"][2]["kvBytes"].as_u64() < model["rivals"][2]["kvBytesAgainst"].as_u64());
        assert!(!model["advice"]["verdict"].as_str().unwrap().is_empty(), "{model:#}");
        assert_eq!(files(&user.path("tandem")), [""; 0], "its sockets and logs are gone");
    }

    #[test]
    fn a_model_that_cannot_be_used_is_told_and_the_next_one_measured() {
        let user = user();
        user.write("work/broken.gguf", "no model");
        let ended = user.run(&["bench", "--seconds", "1", "--model", "broken.gguf"]).expect_code(2);
        assert!(ended.stderr.contains("broken: the model ") && ended.stderr.contains("GGUF"), "{}", ended.stderr);
        let ended = user.run(&["bench", "--seconds", "1", "--model", "nowhere.gguf"]).expect_code(2);
        assert!(ended.stderr.contains("there is no such file; correct engine.model"), "{}", ended.stderr);
        let both =
            ["bench", "--seconds", "1", "--threads", "1", "--engine", "auto", "--model", "broken.gguf", "--json"];
        let report = json(&user.run(&both).expect_code(1).stdout);
        assert!(report["models"][0]["failed"].is_null() && report["models"][1]["failed"].is_string(), "{report:#}");
        let twice = user.run(&["bench", "--model", "m.gguf", "--model", "m.gguf"]).expect_code(2);
        assert!(twice.stderr.contains("named twice"), "{}", twice.stderr);
    }
}

#[cfg(unix)]
#[test]
fn an_interrupt_tells_what_is_known() {
    let user = user();
    let mut command = user.command(&["bench", "--engine", "lookup", "--seconds", "3600", "--json"]);
    let child = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let process = i32::try_from(child.id()).unwrap();
    // Until the program listens to signals itself, one would kill it.
    let listens = || {
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).map(str::trim);
        caught.and_then(|mask| u64::from_str_radix(mask, 16).ok()).is_some_and(|mask| mask & 2 != 0)
    };
    while cfg!(target_os = "linux") && !listens() {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    // SAFETY: signals a child that nobody has waited for yet.
    assert_eq!(unsafe { libc::kill(process, libc::SIGINT) }, 0);
    let ended = Ended::of(child.wait_with_output().unwrap()).expect_code(1);
    assert!(ended.stderr.contains("interrupted: the report holds what was measured by then"), "{}", ended.stderr);
    assert_eq!(json(&ended.stdout)["isPartial"], true);
}

//! `tandem eval` on a small repository, with the lookup engine.

use std::process::Command;

use serde_json::Value;

use super::support::{Ended, User, files};

/// Code that says the same again and again, so that lookup has something to say.
fn repetitive(name: &str) -> String {
    (0..40)
        .map(|number| {
            format!(
                "pub fn {name}_{number}(input: &str) -> Result<usize, Error> {{\n    let parsed_{number} = parse_number(input, \
                 {number})?;\n    log_value(\"{name}\", parsed_{number});\n    Ok(parsed_{number} + {number})\n}}\n\n"
            )
        })
        .collect()
}

/// A user whose work directory is a repository of two languages.
fn user() -> User {
    let user = User::new();
    user.write("work/src/first.rs", &repetitive("first"));
    user.write("work/src/second.rs", &repetitive("second"));
    let python = (0..20).map(|n| format!("def f{n}(a):\n    value = read_value(a, {n})\n    return value + {n}\n\n\n"));
    user.write("work/tools/run.py", &python.collect::<String>());
    user.write("work/README.md", "# Words\n\nNobody completes these.\n");
    user
}

const LOOKUP: [&str; 3] = ["eval", "--engine", "lookup"];

fn eval(user: &User, more: &[&str]) -> Ended {
    user.run(&[&LOOKUP[..], more].concat())
}

fn json(ended: &Ended) -> Value {
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {}", ended.stdout))
}

#[test]
fn a_repository_is_measured_with_and_without_context() {
    let user = user();
    let ended = eval(&user, &["--positions", "40", "--format", "json"]).expect_code(0);
    assert_eq!(ended.stderr, "");
    let report = json(&ended);
    assert_eq!((&report["about"]["positions"], &report["about"]["files"]), (&40.into(), &3.into()), "{report:#}");
    let variants = report["summary"]["variants"].as_array().unwrap();
    let names: Vec<&str> = variants.iter().map(|variant| variant["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["lookup, with context", "lookup, without context"]);
    for variant in variants {
        assert_eq!(variant["asked"], 40);
        assert!(variant["overall"]["exact"]["hits"].as_u64() > Some(0), "{variant:#}");
        let (hits, of) = (&variant["overall"]["shown"]["hits"], &variant["overall"]["precision"]["of"]);
        assert_eq!(hits, of, "precision is of what is shown");
        let hidden: u64 = variant["hidden"].as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum();
        assert_eq!(hits.as_u64().unwrap() + hidden, 40);
        assert_eq!(variant["stagesMs"]["total"]["of"], 40);
        let kinds: Vec<&str> = variant["groups"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|group| group["language"].is_null())
            .map(|group| group["kind"].as_str().unwrap())
            .collect();
        assert_eq!(kinds, ["line", "arguments", "lines", "block"]);
    }
    assert_eq!(report["summary"]["differences"][0]["exact"]["of"], 40);
}

#[test]
fn the_short_answer_is_a_table() {
    let user = user();
    let ended = eval(&user, &["--positions", "12", "--context", "with"]).expect_code(0);
    let lines: Vec<&str> = ended.stdout.lines().collect();
    assert!(lines[0].starts_with("work as it is: 12 positions in 3 files, seed 1, tandem "), "{}", ended.stdout);
    assert!(lines[1].contains("exact") && lines[1].contains("right when shown"), "{}", ended.stdout);
    assert!(lines[2].starts_with("lookup, with context  "), "{}", ended.stdout);
    assert!(lines.iter().all(|line| line.chars().count() < 160), "{}", ended.stdout);
}

#[test]
fn a_run_continues_and_equal_runs_are_equal() {
    let user = user();
    let arguments = ["--positions", "20", "--out", "results"];
    eval(&user, &arguments).expect_code(0);
    assert_eq!(files(&user.path("work/results")), ["records.jsonl", "report.html", "report.json", "report.md"]);
    let journal = user.path("work/results/records.jsonl");
    let whole = std::fs::read_to_string(&journal).unwrap();
    assert_eq!(whole.lines().count(), 1 + 2 * 20);

    // As after a kill: some records, and one that was being written.
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    std::fs::write(&journal, format!("{}{}", lines[..13].concat(), &lines[13][..40])).unwrap();
    // The results lie in the repository; that must not choose other positions.
    eval(&user, &arguments).expect_code(0);
    let again = std::fs::read_to_string(&journal).unwrap();
    let told = |text: &str| -> Vec<Value> {
        let timeless = |line: &str| {
            let mut value: Value = serde_json::from_str(line).unwrap();
            value.as_object_mut().unwrap().remove("stagesUs");
            value
        };
        text.lines().map(timeless).collect()
    };
    assert_eq!(told(&again), told(&whole));

    let other = eval(&user, &["--positions", "20", "--seed", "2", "--out", "results"]).expect_code(2);
    assert!(other.stderr.contains("the seed was 1, now it is 2"), "{}", other.stderr);
    assert!(other.stderr.contains("--fresh"), "{}", other.stderr);
    eval(&user, &["--positions", "20", "--seed", "2", "--out", "results", "--fresh"]).expect_code(0);
    assert_ne!(std::fs::read_to_string(&journal).unwrap().lines().next(), whole.lines().next());
}

#[cfg(unix)]
#[test]
fn an_interrupt_keeps_what_was_asked() {
    let user = user();
    let arguments = [&LOOKUP[..], &["--positions", "300", "--out", "results"]].concat();
    let journal = user.path("work/results/records.jsonl");
    let lines = || std::fs::read_to_string(&journal).map_or(0, |text| text.lines().count());
    let mut command = user.command(&arguments);
    let child = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    while lines() < 5 {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    // SAFETY: signals a child that nobody has waited for yet.
    assert_eq!(unsafe { libc::kill(i32::try_from(child.id()).unwrap(), libc::SIGINT) }, 0);
    let ended = Ended::of(child.wait_with_output().unwrap()).expect_code(1);
    let kept = lines() - 1;
    assert!(ended.stderr.contains(&format!("interrupted after {kept} of 600 answers; the same command continues")));
    assert!(ended.stdout.lines().next().unwrap().ends_with("interrupted before the end"), "{}", ended.stdout);
    let before = std::fs::read_to_string(&journal).unwrap();
    user.run(&arguments).expect_code(0);
    let whole = std::fs::read_to_string(&journal).unwrap();
    assert!(whole.starts_with(&before) && lines() == 601, "{kept} were kept");
}

#[test]
fn variants_are_settings() {
    let user = user();
    let short = ["--context", "with", "--variant", "short:completion.maxLines=1"];
    let more = ["--positions", "16", "--format", "json", "--kinds", "block,lines", "--languages", "rust"];
    let report = json(&eval(&user, &[&short[..], &more].concat()).expect_code(0));
    let variants = report["summary"]["variants"].as_array().unwrap();
    assert_eq!(variants[1]["name"], "lookup, short");
    for group in variants[1]["groups"].as_array().unwrap() {
        assert!(group["language"].is_null() || group["language"] == "rust", "{group:#}");
        assert!(group["kind"].is_null() || group["kind"] == "block" || group["kind"] == "lines", "{group:#}");
    }
}

#[test]
fn mistakes_are_2_with_a_sentence() {
    let user = user();
    user.write("work/empty/README.md", "# Nothing\n");
    for (arguments, sentence) in [
        (vec!["--kinds", "function"], "the kinds are line, arguments, lines and block"),
        (vec!["--languages", "klingon"], "the languages are bash, c, cpp"),
        (vec!["--positions", "0"], "--positions"),
        (vec!["--folder", "nowhere"], "cannot open nowhere"),
        (vec!["--folder", "empty"], "no position of these kinds in 0 files"),
        (vec!["--variant", "x"], "write NAME:KEY=VALUE"),
        (vec!["--variant", "x:completion.maxLine=1"], "did you mean completion.maxLines?"),
        (vec!["--variant", "x:engine.threads=1"], "engines are compared with --model and --engine"),
        (vec!["--patience", "0"], "--patience takes 0.01 to 3600 seconds"),
        (vec!["--fresh"], "--out"),
        (vec!["--set", "index.enabled=false"], "--set index.enabled=true"),
        (vec!["--commit", "HEAD"], "--commit needs git, and there is none on the PATH"),
        (vec!["--out", "README.md"], "README.md"),
    ] {
        let ended = eval(&user, &arguments).expect_code(2);
        assert!(ended.stderr.contains(sentence), "{arguments:?}: {}", ended.stderr);
        assert_eq!(ended.stdout, "", "{arguments:?}");
    }
}

#[cfg(not(feature = "llama"))]
#[test]
fn a_model_needs_a_build_with_llama_cpp() {
    let user = user();
    let ended = user.run(&["eval", "--model", "m.gguf"]).expect_code(2);
    assert!(ended.stderr.contains("--model m.gguf: this build has no llama.cpp"), "{}", ended.stderr);
    let ended = user.run(&["eval", "--engine", "model"]).expect_code(2);
    assert!(ended.stderr.contains("--engine model: this build has no llama.cpp"), "{}", ended.stderr);
}

#[cfg(feature = "llama")]
#[test]
fn a_model_that_is_none_is_told() {
    let user = user();
    user.write("work/m.gguf", "no model");
    let ended = user.run(&["eval", "--positions", "4", "--model", "m.gguf"]).expect_code(2);
    assert!(ended.stderr.contains("m, with context: "), "{}", ended.stderr);
}

#[test]
fn confidence_is_calibrated_for_all_commands_after_it() {
    let user = user();
    let arguments = ["--positions", "160", "--context", "with", "--out", "results"];
    let calibrated = eval(&user, &[&arguments[..], &["--calibrate"]].concat()).expect_code(0);
    let stderr = &calibrated.stderr;
    assert!(stderr.contains("lookup, with context: calibrated by "), "{stderr}");
    assert_eq!(stderr.matches("completion.eagerness=").count(), 3, "{stderr}");
    let directory = user.path(".local/state/tandem/calibration");
    assert_eq!(files(&directory), ["lookup.json"]);
    let text = std::fs::read_to_string(directory.join("lookup.json")).unwrap();
    let stored: Value = serde_json::from_str(&text).unwrap();
    let of_lookup = &stored["weights"]["lookup"]["weights"];
    assert!(of_lookup["confidence"]["weight"].as_f64() > Some(0.0), "{stored:#}");
    assert_eq!(stored["format"], 2);

    // What is measured with a calibration is something else than what is measured for one.
    let other = eval(&user, &arguments).expect_code(2);
    assert!(other.stderr.contains("the settings or the models differ"), "{}", other.stderr);
    user.write("work/src/third.rs", &format!("{}pub fn next(input: &str) -> Result<us", repetitive("third")));
    let confidence = || {
        let ended = user.run(&["complete", "--json", "--set", "engine.choice=lookup", "src/third.rs"]).expect_code(0);
        json(&ended)["suggestions"][0]["confidence"].as_f64().unwrap()
    };
    let with = confidence();
    std::fs::remove_file(directory.join("lookup.json")).unwrap();
    assert_ne!(with, confidence(), "the same with and without a calibration");
}

#[test]
fn of_few_suggestions_nothing_is_calibrated() {
    let user = user();
    let ended = eval(&user, &["--positions", "8", "--context", "with", "--calibrate"]).expect_code(0);
    assert!(
        ended.stderr.contains("too few suggestions to calibrate; ask for more with --positions"),
        "{}",
        ended.stderr
    );
    assert_eq!(files(&user.path(".local/state/tandem/calibration")), [""; 0]);
}

/// Git as it is on this machine; None where there is none.
fn git(user: &User, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new("git");
    let identity = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org", "-c", "init.defaultBranch=main"];
    command.args(identity).args(arguments).current_dir(user.path("work")).env("HOME", user.path("."));
    command.env("GIT_CONFIG_NOSYSTEM", "1");
    let output = command.output().ok()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap().trim().to_owned())
}

#[test]
fn a_commit_is_measured_as_it_was() {
    let user = user();
    if git(&user, &["init", "--quiet"]).is_none() {
        eprintln!("skipped: no git here");
        return;
    }
    git(&user, &["add", "."]);
    git(&user, &["commit", "--quiet", "--message", "One"]);
    let commit = git(&user, &["rev-parse", "HEAD"]).unwrap();
    let with_git = |arguments: &[&str]| {
        let mut command = user.command(&[&LOOKUP[..], arguments].concat());
        command.env("PATH", std::env::var_os("PATH").unwrap());
        Ended::of(command.output().unwrap())
    };
    let arguments = ["--commit", "HEAD", "--positions", "8", "--context", "with", "--format", "json"];
    let clean = with_git(&arguments).expect_code(0);
    assert_eq!(clean.stderr, "");
    let report = json(&clean);
    assert_eq!((&report["about"]["commit"], &report["about"]["ofCommit"]), (&commit.as_str().into(), &true.into()));
    assert_eq!(report["about"]["repository"], "work");

    std::fs::remove_file(user.path("work/src/first.rs")).unwrap();
    let dirty = with_git(&arguments).expect_code(0);
    assert!(dirty.stderr.contains("the working tree has changes that are not committed"), "{}", dirty.stderr);
    let exact = |report: &Value| report["summary"]["variants"][0]["overall"]["exact"].clone();
    assert_eq!(exact(&json(&dirty)), exact(&report), "the commit is the same");
    // A folder in it is itself in the commit.
    let below = with_git(&[&arguments[..], &["--folder", "tools"]].concat()).expect_code(0);
    assert_eq!(json(&below)["about"]["files"], 1);

    assert_eq!(files(&user.path(".cache/tandem/eval")), [""; 0], "nothing is left behind");
    assert_eq!(git(&user, &["worktree", "list"]).unwrap().lines().count(), 1);
    let wrong = with_git(&["--commit", "nothing"]).expect_code(2);
    assert!(wrong.stderr.contains("`nothing` names no commit of "), "{}", wrong.stderr);
    let option = with_git(&["--commit=--all"]).expect_code(2);
    assert!(option.stderr.contains("names no commit"), "{}", option.stderr);
}

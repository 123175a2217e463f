//! Questions at a terminal that is none: answered on this machine, previewed, kept, deleted; and trust.

use serde_json::Value;

use super::support::{Ended, User};

const MAIN: &str = "fn main() {\n    retry_later();\n}\n\n/// Tries once more after a pause.\nfn retry_later() {}\n";

fn user() -> User {
    let user = User::new();
    user.write("work/.git/HEAD", "ref: refs/heads/main\n");
    user.write("work/src/main.rs", MAIN);
    user
}

#[test]
fn a_question_is_answered_on_this_machine_and_says_so() {
    let user = user();
    let ended = user.run(&["ask", "what", "does", "retry_later", "do"]).expect_code(0);
    assert!(ended.stdout.contains("src/main.rs:6"), "{}", ended.stdout);
    assert!(ended.stdout.contains("* Sent: nothing left this machine"), "{}", ended.stdout);
    assert!(ended.stdout.contains("* Route: "), "{}", ended.stdout);
    assert!(!ended.stdout.contains('\u{1b}'), "nobody looks at it");
}

#[test]
fn for_programs_it_is_json() {
    let ended = user().run(&["ask", "--json", "--file", "src/main.rs:5-6", "what is this"]).expect_code(0);
    let report: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!((&report["isCloud"], &report["cost"]), (&Value::from(false), &Value::from(0)));
    assert!(report["answer"].as_str().is_some_and(|answer| answer.contains("retry_later")), "{report}");
}

#[test]
fn mistakes_are_told_before_anything_is_done() {
    let user = user();
    for (arguments, part) in [
        (&["ask", "--file", "src/none.rs", "why"][..], "is not indexed"),
        (&["ask", "--file", "src/main.rs:99", "why"], "there is no line 99"),
        (&["ask", "--file", "src/main.rs:0", "why"], "counted from 1"),
        (&["ask", "--budget", "much", "why"], "no amount of dollars"),
        (&["ask", "--local", "--cloud", "why"], "cannot be used with"),
        (&["ask"], "WORDS"),
        (&["preview", "--file", "/etc/passwd", "why"], "is not in"),
    ] {
        let ended = user.run(arguments).expect_code(2);
        assert!(ended.stderr.contains(part), "{arguments:?}: {}", ended.stderr);
    }
}

#[test]
fn without_a_provider_nothing_would_be_sent() {
    let user = user();
    for arguments in [&["preview", "why"][..], &["ask", "--dry-run", "--cloud", "why"]] {
        let ended = user.run(arguments).expect_code(1);
        assert!(ended.stderr.contains("nothing would be sent: "), "{}", ended.stderr);
        assert!(ended.stderr.contains("cloud.provider"), "the way out: {}", ended.stderr);
    }
}

#[test]
fn threads_can_be_deleted_once() {
    let user = user();
    let ended = user.run(&["threads"]).expect_code(1);
    assert_eq!(ended.stdout, "no threads are kept\n");
    assert_eq!(user.run(&["threads", "show", "../../x"]).expect_code(1).stdout, "there is no such thread\n");
    assert_eq!(user.run(&["threads", "delete", "nobody"]).expect_code(1).stdout, "there is no such thread\n");
}

#[test]
fn trust_is_given_to_what_is_there_and_ends_with_it() {
    let user = user();
    let refused = user.run(&["trust"]).expect_code(1);
    assert!(refused.stdout.contains("was never trusted") && refused.stderr.contains("--yes"), "{}", refused.stdout);
    user.run(&["trust", "--yes"]).expect_code(0);
    assert!(user.run(&["trust"]).expect_code(0).stdout.contains("is trusted with what is in it now"));
    user.write("work/.tandem.toml", "[completion]\nmaxLines = 1\n");
    let changed = user.run(&["trust"]).expect_code(1);
    assert!(changed.stdout.contains("has changed since then:\n  .tandem.toml\n"), "{}", changed.stdout);
    user.run(&["trust", "--yes"]).expect_code(0);
    user.run(&["trust", "--revoke"]).expect_code(0);
    user.run(&["trust"]).expect_code(1);
}

/// With a cloud model set up, and a folder that is trusted.
fn with_cloud(user: &User, arguments: &[&str]) -> Ended {
    let mut command = user.command(arguments);
    command
        .env("ANTHROPIC_API_KEY", "sk-test")
        .env("TANDEM_CLOUD_PROVIDER", "anthropic")
        .env("TANDEM_CLOUD_MODEL", "claude-sonnet-5-5")
        .env("TANDEM_BUDGET_LIMITS", "$20 per month");
    Ended::of(command.output().unwrap())
}

#[test]
fn a_damaged_ledger_refuses_the_cloud_and_nothing_else() {
    let user = user();
    user.run(&["trust", "--yes"]).expect_code(0);
    user.write(".local/state/tandem/ledger.db", &"no database ".repeat(400));
    let ended = with_cloud(&user, &["ask", "--cloud", "--yes", "what does retry_later do"]).expect_code(0);
    assert!(ended.stdout.contains("> No model is asked: the ledger is damaged"), "{}", ended.stdout);
    assert!(ended.stdout.contains("src/main.rs:6"), "it is answered here: {}", ended.stdout);
    assert!(ended.stdout.contains("nothing left this machine"), "{}", ended.stdout);
    user.run(&["complete", "src/main.rs:2:5", "--set", "engine.choice=lookup"]).expect_code(0);
}

#[test]
fn without_a_yes_nothing_is_sent() {
    let user = user();
    user.run(&["trust", "--yes"]).expect_code(0);
    let shown = with_cloud(&user, &["preview", "what does retry_later do"]).expect_code(0);
    for part in ["api.anthropic.com", "Cost: $", "src/main.rs", "fn retry_later", "$0.00 of $20 per month"] {
        assert!(shown.stdout.contains(part), "{part}: {}", shown.stdout);
    }
    let ended = with_cloud(&user, &["ask", "--cloud", "what does retry_later do"]).expect_code(0);
    assert!(ended.stderr.contains("--yes allows it"), "{}", ended.stderr);
    assert!(ended.stdout.contains("you did not allow it"), "{}", ended.stdout);
}

//! `tandem budget` and `tandem prices`: what is shown, what is written where, and what is explained.

use std::path::Path;

use serde_json::{Value, json};
use tandem::budget::{
    Account, Admission, Clock, Guards, Ledger, Limit, Outcome, Picodollars, Purpose, Settlement, SqliteLedger,
    workspace_key, zone,
};

use super::support::{Ended, User};

const CONFIG: &str = ".config/tandem/config.toml";
const LEDGER: &str = ".local/state/tandem/ledger.db";

const CLOUD: &str = "[cloud]\nprovider = \"anthropic\"\nmodel = \"claude-opus-5-5\"\n";

fn user(config: &str) -> User {
    let user = User::new();
    user.write(CONFIG, config);
    user
}

fn with_limits(limits: &str) -> User {
    user(&format!("{CLOUD}[budget]\nlimits = [{limits}]\n"))
}

fn shown(user: &User) -> Value {
    let ended = user.run(&["budget", "--json"]).expect_code(0);
    serde_json::from_str(&ended.stdout).unwrap()
}

#[track_caller]
fn expect_lines(ended: &Ended, lines: &[&str]) {
    for line in lines {
        assert!(ended.stdout.lines().any(|found| found.trim_end() == *line), "{line}\n---\n{}", ended.stdout);
    }
}

/// Asks for so much and settles it, as a server in the work directory does. Without a cost it stays open.
fn ask(ledger: &SqliteLedger, user: &User, reserved: u64, cost: Option<u64>) {
    let account = Account {
        session: "test".to_owned(),
        workspace: workspace_key(&user.path("work")),
        provider: "anthropic".to_owned(),
        model: "claude-opus-5-5".to_owned(),
        purpose: Purpose::Question,
    };
    let admission = Admission {
        account: &account,
        limits: &[],
        money: Picodollars(reserved),
        tokens: 50_000,
        price: "anthropic/claude-opus-5-5 2026-11-12",
        digest: &[0; 32],
        guards: Guards::OFF,
    };
    let reservation = ledger.reserve(&admission).unwrap();
    if let Some(cost) = cost {
        let (money, outcome) = (Picodollars(cost), Outcome::Counted);
        let settlement = Settlement { money, tokens: 40_000, outcome, own_cost: None, provider_cost: None };
        ledger.settle(reservation, &settlement).unwrap();
    }
}

const CENT: u64 = 10_000_000_000;

/// Two dollars spent in two questions, and fifty cents reserved for a third.
fn ledger(user: &User) -> SqliteLedger {
    let file = user.path(LEDGER);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    private(file.parent().unwrap());
    let ledger = SqliteLedger::open(&file, Clock::system(), zone("UTC").unwrap()).unwrap();
    ask(&ledger, user, 150 * CENT, Some(120 * CENT));
    ask(&ledger, user, 150 * CENT, Some(80 * CENT));
    ask(&ledger, user, 50 * CENT, None);
    ledger
}

#[cfg(unix)]
fn private(directory: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o700)).unwrap();
}

#[cfg(not(unix))]
fn private(_directory: &Path) {}

#[test]
fn a_new_user_is_told_what_is_missing_and_nothing_is_made() {
    let user = User::new();
    let ended = user.run(&["budget"]).expect_code(0);
    expect_lines(
        &ended,
        &[
            "No cloud model is asked",
            "  - nobody is named to be asked: set `cloud.provider` and `cloud.model` in your config.toml",
            "  - there is no monthly limit; give one with `tandem budget set \"$20 per month\"`",
            "  nothing was asked",
        ],
    );
    assert_eq!(shown(&user)["ready"], false);
    assert!(!user.path(".local").exists() && !user.path(".config").exists(), "looking makes nothing");
}

#[test]
fn limits_stand_beside_what_was_spent() {
    let user =
        with_limits("\"$20 per month\", \"100k tokens per day\", \"$1 per request\", \"$4 per day for workspace\"");
    let _open = ledger(&user);
    let ended = user.run(&["budget"]).expect_code(0);
    assert!(ended.stdout.starts_with("Questions may go to anthropic, `claude-opus-5-5`\n"), "{}", ended.stdout);
    let line = |start: &str| {
        let found = ended.stdout.lines().find(|line| line.trim_start().starts_with(start));
        found.unwrap_or_else(|| panic!("{start}\n---\n{}", ended.stdout)).to_owned()
    };
    let month = line("$20 per month");
    assert!(month.contains("[##+-----------------]  $2.00 of $20.00 (10 %), $0.50 reserved, starts again "), "{month}");
    assert!(month.ends_with("-01 00:00 UTC"), "{month}");
    assert!(
        line("100000 tokens per day").contains("80,000 of 100,000 tokens (80 %), 50,000 reserved"),
        "{}",
        ended.stdout
    );
    assert!(line("$1 per request").ends_with("for each request"));
    assert!(line("$4 per day for workspace").contains("$2.00 of $4.00 (50 %)"), "{}", ended.stdout);
    assert!(line("anthropic ").contains("3 requests") && line("anthropic ").ends_with("130,000 tokens, 1 still open"));
    assert!(line("anthropic claude-opus-5-5:").contains("$3.00 reserved, $2.00 spent in 2 requests"));
    let json = shown(&user);
    assert_eq!((&json["ready"], &json["limits"][0]["settled"]), (&json!(true), &json!(200 * CENT)));
    assert_eq!(json["limits"][0]["left"], json!(1750 * CENT));
    assert!(json["limits"][0]["resetsAt"].is_i64());
    assert_eq!((&json["days"][0]["requests"], &json["models"][0]["name"]), (&json!(3), &json!("claude-opus-5-5")));
    assert_eq!(json["estimates"][0]["above"], 0);
}

#[test]
fn limits_are_set_and_taken_away_in_the_user_s_file() {
    let config =
        "# Mine.\n[completion] # how much\nmaxLines = 3\n\n[budget]\nlimits = [\n    \"$5 per month\", # coffee\n]\n";
    let user = user(config);
    let ended = user.run(&["budget", "set", "$20 per month", "2k tokens per request"]).expect_code(0);
    assert_eq!(ended.stdout, "Set: $20 per month\nSet: 2000 tokens per request\n");
    let written = std::fs::read_to_string(user.path(CONFIG)).unwrap();
    for kept in [
        "# Mine.\n[completion] # how much\nmaxLines = 3\n",
        "\"$20 per month\", # coffee",
        "\"2000 tokens per request\"",
    ] {
        assert!(written.contains(kept), "{kept}\n---\n{written}");
    }
    assert!(!written.contains("$5"), "{written}");
    let ended = user.run(&["budget", "unset", "20 USD / month"]).expect_code(0);
    assert_eq!(
        ended.stdout,
        "Taken away: 20 USD / month\nThere is no monthly limit now, so no cloud model is asked.\n"
    );
    let ended = user.run(&["budget", "unset", "$9 per day"]).expect_code(1);
    assert!(ended.stdout.contains("There is no limit `$9 per day` in "), "{}", ended.stdout);
    assert!(ended.stdout.contains("; there are `2000 tokens per request`"), "{}", ended.stdout);
    assert_eq!(shown(&user)["limits"].as_array().unwrap().len(), 1);
}

#[test]
#[cfg(unix)]
fn a_config_file_keeps_its_permissions_and_its_link() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    let new = User::new();
    new.run(&["budget", "set", "$20 per month"]).expect_code(0);
    assert_eq!((mode(&new.path(CONFIG)), mode(new.path(CONFIG).parent().unwrap())), (0o600, 0o700));
    let linked = User::new();
    let real = linked.write("dotfiles/tandem.toml", "# mine\n");
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).unwrap();
    std::fs::create_dir_all(linked.path(".config/tandem")).unwrap();
    std::os::unix::fs::symlink(&real, linked.path(CONFIG)).unwrap();
    linked.run(&["budget", "set", "$20 per month"]).expect_code(0);
    assert!(linked.path(CONFIG).is_symlink());
    assert_eq!(std::fs::read_to_string(&real).unwrap(), "# mine\n[budget]\nlimits = [\"$20 per month\"]\n");
    assert_eq!(mode(&real), 0o640);
    assert_eq!(std::fs::read_dir(linked.path("dotfiles")).unwrap().count(), 1, "nothing is left beside it");
}

#[test]
fn mistakes_are_2_and_change_nothing() {
    let user = user("[budget]\nlimits = [\"$5 per month\"]\n");
    let ended = user.run(&["budget", "set", "$20 per month", "$1 per dai"]).expect_code(2);
    assert!(ended.stderr.contains("`dai` stands there (character 8). Write it as `$20 per month`"), "{}", ended.stderr);
    assert_eq!(std::fs::read_to_string(user.path(CONFIG)).unwrap(), "[budget]\nlimits = [\"$5 per month\"]\n");
    user.write(CONFIG, "[budget\nlimits = 3\n");
    let ended = user.run(&["budget", "set", "$20 per month"]).expect_code(2);
    assert!(
        ended.stderr.contains("config.toml, line 1: ") && ended.stderr.contains("mend it first"),
        "{}",
        ended.stderr
    );
    for arguments in [vec!["budget", "set"], vec!["budget", "--unspent"], vec!["budget", "--days", "0"]] {
        user.run(&arguments).expect_code(2);
    }
}

#[test]
fn a_limit_that_cannot_be_read_closes_the_cloud_and_can_be_taken_away() {
    let user = with_limits("\"$20 per month\", \"$2 per dai\"");
    let ended = user.run(&["budget"]).expect_code(0);
    assert!(
        ended.stdout.contains("No cloud model is asked\n  - a limit in `budget.limits` cannot be read"),
        "{}",
        ended.stdout
    );
    user.run(&["budget", "explain"]).expect_code(1);
    let ended = user.run(&["budget", "unset", "$2 per dai"]).expect_code(0);
    assert_eq!(ended.stdout, "Taken away: $2 per dai\n");
    user.run(&["budget", "explain"]).expect_code(0);
}

#[test]
fn a_repository_can_forbid_more_and_open_nothing() {
    let user = user(CLOUD);
    user.write("work/.tandem.toml", "[budget]\nlimits = [\"$100 per month\", \"$0 per day\"]\n");
    let ended = user.run(&["budget"]).expect_code(0);
    expect_lines(&ended, &["  - there is no monthly limit; give one with `tandem budget set \"$20 per month\"`"]);
    user.run(&["budget", "set", "$20 per month"]).expect_code(0);
    let ended = user.run(&["budget", "explain"]).expect_code(1);
    assert!(ended.stdout.contains("  no   $0 per day: $0.47 wanted at most, and $0.00 left;"), "{}", ended.stdout);
    assert!(!std::fs::read_to_string(user.path(CONFIG)).unwrap().contains("$0 per day"), "it is not the user's");
}

#[test]
fn the_next_question_is_explained_with_numbers() {
    let user = with_limits("\"$20 per month\", \"$0.50 per request\", \"$1 per day for model gpt-6.1-sol\"");
    let ended = user.run(&["budget", "explain"]).expect_code(0);
    expect_lines(
        &ended,
        &[
            "  yes  anthropic is asked, for `claude-opus-5-5`",
            "  yes  there is a monthly limit",
            "  yes  its price is known, by `anthropic/claude-opus-5-5 2026-11-12`: $4.00 for a million tokens read, $20.00 \
             written",
            "  yes  $20 per month: $0.47 wanted at most, $20.00 left",
            "  yes  $0.5 per request: $0.47 wanted at most, $0.50 left",
        ],
    );
    assert!(!ended.stdout.contains("gpt-6.1-sol"), "another model's limit is passed over: {}", ended.stdout);
    // 70,000 × 5 dollars for a million, and what is left for answers at 20.
    let ended = user.run(&["budget", "explain", "--tokens", "70000"]).expect_code(0);
    expect_lines(
        &ended,
        &[
            "  yes  the answer would have 7,500 tokens at most instead of 8,192, to fit what is left",
            "  yes  $0.5 per request: $0.50 wanted at most, $0.50 left",
        ],
    );
    // And here there would be fewer than 1,024 of them.
    let ended = user.run(&["budget", "explain", "--tokens", "96000"]).expect_code(1);
    assert!(
        ended.stdout.contains("  no   $0.5 per request: $0.65 wanted at most, and $0.50 left; ask about less"),
        "{}",
        ended.stdout
    );
    expect_lines(&ended, &["The next question would stay on this machine."]);
    let ended = user.run(&["budget", "explain", "--tokens", "2000000"]).expect_code(1);
    assert!(ended.stdout.contains("`claude-opus-5-5` reads 1000000 at most"), "{}", ended.stdout);
}

#[test]
fn an_unknown_price_is_explained_with_the_lines_to_write() {
    let user = user(
        "[cloud]\nprovider = \"anthropic\"\nmodel = \"claude-fable-5-2\"\n[budget]\nlimits = [\"$20 per month\"]\n",
    );
    let ended = user.run(&["budget", "explain"]).expect_code(1);
    expect_lines(&ended, &["       [anthropic.\"claude-fable-5-2\"]", "       input = …", "       output = …"]);
    user.write(".config/tandem/prices.toml", "[anthropic.\"claude-fable-5-2\"]\ninput = 12\noutput = 60\n");
    let ended = user.run(&["budget", "explain"]).expect_code(0);
    assert!(ended.stdout.contains("`anthropic/claude-fable-5-2 (yours)`: $12.00"), "{}", ended.stdout);
    user.write("work/prices.toml", "[anthropic.\"claude-fable-5-2\"]\ninput = 0\noutput = 0\n");
    assert!(user.run(&["budget", "explain"]).expect_code(0).stdout.contains("$12.00"), "a workspace has no prices");
}

#[test]
fn a_damaged_ledger_closes_the_cloud_until_it_is_repaired() {
    let user = with_limits("\"$20 per month\"");
    drop(ledger(&user));
    user.write(LEDGER, &"not a database ".repeat(500));
    let ended = user.run(&["budget"]).expect_code(0);
    assert!(ended.stdout.contains("tandem budget --repair"), "{}", ended.stdout);
    assert_eq!(shown(&user)["ready"], false);
    user.run(&["budget", "explain"]).expect_code(1);
    let ended = user.run(&["budget", "--repair"]).expect_code(0);
    assert!(ended.stdout.contains("count as spent"), "{}", ended.stdout);
    let ended = user.run(&["budget", "explain"]).expect_code(1);
    assert!(
        ended.stdout.contains("  no   $20 per month: $0.47 wanted at most, and $0.00 left; it starts again "),
        "{}",
        ended.stdout
    );
    assert_eq!(user.run(&["budget", "--repair"]).expect_code(0).stdout, "The ledger is whole; nothing was changed.\n");
    let ended = user.run(&["budget", "--trust-clock"]).expect_code(0);
    assert!(
        ended.stdout.starts_with("Nothing in the ledger is dated later") || ended.stdout.contains("entries"),
        "{}",
        ended.stdout
    );
}

#[test]
fn a_limit_is_never_passed_by_what_explain_allows() {
    let user = with_limits("\"$2.60 per month\"");
    let open = ledger(&user);
    // 2.00 spent, 0.50 reserved: 0.10 is left, and the question may cost 0.47.
    let ended = user.run(&["budget", "explain"]).expect_code(1);
    assert!(
        ended.stdout.contains("  no   $2.6 per month: $0.47 wanted at most, and $0.10 left; it starts again "),
        "{}",
        ended.stdout
    );
    let limit: Limit = "$2.60 per month".parse().unwrap();
    let account = Account {
        session: "test".to_owned(),
        workspace: workspace_key(&user.path("work")),
        provider: "anthropic".to_owned(),
        model: "claude-opus-5-5".to_owned(),
        purpose: Purpose::Question,
    };
    assert_eq!(open.windows(&account, &[limit]).unwrap()[0].left(), 10 * CENT);
}

#[test]
fn prices_are_listed_with_what_a_question_costs() {
    let user = User::new();
    let ended = user.run(&["prices", "claude-opus-5-5"]).expect_code(0);
    let line = ended.stdout.lines().find(|line| line.starts_with("anthropic/claude-opus-5-5 ")).unwrap();
    let cells: Vec<&str> = line.split_whitespace().collect();
    // 60,000 × 5 + 1,500 × 20, and 60,000 × 0.2 + 1,500 × 20, in millionths of a dollar.
    assert_eq!(cells, ["anthropic/claude-opus-5-5", "4", "0.2", "5", "8", "20", "1,000,000", "$0.33", "$0.042"]);
    assert!(ended.stdout.contains("\nThe table is of 2026-11-12, "), "{}", ended.stdout);
    assert!(ended.stdout.contains("Your own prices go into "), "{}", ended.stdout);
    let haiku = user.run(&["prices", "haiku-5-5"]).expect_code(0).stdout;
    assert!(
        haiku
            .lines()
            .any(|line| line.starts_with("  above 100,000") && line.ends_with("0.5    0.05  0.625     1      2.5")),
        "{haiku}"
    );
    let all = user.run(&["prices"]).expect_code(0).stdout;
    assert!(
        all.contains("openai/gpt-6.1-sol") && !all.contains("openai/gpt-4-turbo"),
        "retired ones are left out: {all}"
    );
    let retired = user.run(&["prices", "GPT-4-Turbo"]).expect_code(0).stdout;
    assert!(retired.contains("ended 2026-10-23"), "{retired}");
    user.run(&["prices", "nothing-like-this"]).expect_code(1);
}

#[test]
fn the_user_s_prices_are_marked_and_a_bad_row_is_told() {
    let user = User::new();
    let file = user.write(
        ".config/tandem/prices.toml",
        "[anthropic.claude-opus-5-5]\ninput = 3\noutput = 20\n\n[openai.\"gpt-6.1-sol\"]\ninput = 2\n",
    );
    let ended = user.run(&["prices", "claude"]).expect_code(0);
    let line = ended.stdout.lines().find(|line| line.starts_with("anthropic/claude-opus-5-5 ")).unwrap();
    assert!(line.ends_with("yours, lower than the table's"), "{line}");
    let told = format!(
        "tandem: {}: line 5: `output` is missing; until this is mended `gpt-6.1-sol` has no price",
        file.display()
    );
    assert!(ended.stderr.starts_with(&told), "{}", ended.stderr);
    let ended = user.run(&["prices", "--json", "anthropic/claude-opus-5-5"]).expect_code(0);
    let value: Value = serde_json::from_str(&ended.stdout).unwrap();
    let row = &value["models"][0];
    assert_eq!((&row["yours"], &row["lower"], &row["rates"]["input"]), (&json!(true), &json!(true), &json!(3_000_000)));
    assert_eq!(value["problems"].as_array().map(Vec::len), Some(1));
}

//! A small repository to ask about.

use serde_json::Value;

use super::support::{Ended, User};

/// Stands in files that nobody may see, and nowhere else.
pub const SECRET: &str = "zyzzyva";

const FILES: &[(&str, &str)] = &[
    (
        "src/budget.rs",
        "/// Money that is left.\npub struct Budget {\n    pub left: u64,\n}\n\nimpl Budget {\n    /// False when there is not enough.\n    pub fn reserve(&mut self, amount: u64) -> bool {\n        amount <= self.left\n    }\n}\n",
    ),
    (
        "src/main.rs",
        "mod budget;\n\nfn main() {\n    let mut budget = budget::Budget { left: 3 };\n    budget.reserve(2);\n}\n",
    ),
    (
        "lib/money.py",
        "def format_money(cents):\n    \"\"\"Cents as a price, in €.\"\"\"\n    return f\"{cents / 100:.2f} €\"\n",
    ),
    ("Makefile", "report:\n\tpython lib/money.py --monthly\n"),
    (".gitignore", "build/\n"),
    (".cursorignore", "private/\n"),
    ("build/made.rs", "pub fn zyzzyva_made() {}\n"),
    ("private/plan.rs", "pub fn zyzzyva_plan() { zyzzyva_call() }\n"),
    (".env", "ZYZZYVA_TOKEN=zyzzyva\n"),
];

/// A user whose work directory is that repository.
pub fn user() -> User {
    let user = User::new();
    for (path, text) in FILES {
        user.write(&format!("work/{path}"), text);
    }
    user
}

impl Ended {
    /// What `--json` printed: one object that says where it comes from.
    #[track_caller]
    pub fn json(&self) -> Value {
        let report: Value =
            serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}", self.stdout));
        let provenance = &report["provenance"];
        assert_eq!(provenance["caughtUp"], true, "{report:#}");
        assert_eq!(provenance["pending"], 0, "{report:#}");
        assert!(provenance["files"].is_u64(), "{report:#}");
        report
    }

    #[track_caller]
    pub fn expect_no_secrets(self) -> Self {
        let all = format!("{}{}", self.stdout, self.stderr).to_lowercase();
        assert!(!all.contains(SECRET), "{all}");
        self
    }
}

/// Looks a definition of a report up in its file: its name must stand where the report says.
#[track_caller]
pub fn check_place(user: &User, found: &Value) {
    let path = found["path"].as_str().unwrap_or_else(|| panic!("no path: {found:#}"));
    let text = std::fs::read_to_string(user.path("work").join(path)).unwrap();
    let lines: Vec<&str> = text.split('\n').collect();
    let place = |key: &str| {
        let number = |part: &str| found[key][part].as_u64().unwrap_or_else(|| panic!("no {key}: {found:#}")) as usize;
        (number("row"), number("column"))
    };
    let (start, name_at, end) = (place("start"), place("nameAt"), place("end"));
    let name = found["name"].as_str().unwrap();
    assert!(lines[name_at.0][name_at.1..].starts_with(name), "{found:#}");
    assert!(start <= name_at && name_at < end, "{found:#}");
    assert!(end.0 < lines.len() && end.1 <= lines[end.0].len(), "{found:#}");
    assert!(found["containers"].is_array(), "{found:#}");
    check_kind(&found["kind"]);
}

/// Kinds are words, written small.
#[track_caller]
pub fn check_kind(kind: &Value) {
    let word = kind.as_str().unwrap_or_else(|| panic!("no kind: {kind}"));
    assert!(!word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase()), "{kind}");
}

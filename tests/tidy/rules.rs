//! The rules themselves. A rule takes a file and returns what is wrong with it.

use super::source::SourceFile;

/// Rows of the house, lowest first. A module uses modules of lower rows.
const LAYERS: &[&[&str]] = &[
    &["config", "database", "network", "observe", "text", "syntax"],
    &["engine", "index", "models", "privacy", "acceptance", "providers", "budget"],
    &["context", "gate"],
    &["cloud"],
    &["complete", "nextedit", "ask", "hosted"],
    &["session"],
    &["lsp", "eval", "measure"],
    &["cli"],
    &["main"],
];

/// The uses within a row that are wanted.
const WITHIN_ROW: &[(&str, &str)] = &[
    ("observe", "config"),
    ("database", "config"),
    ("network", "config"),
    ("engine", "models"),
    ("syntax", "text"),
    ("index", "privacy"),
    ("index", "engine"),
    ("budget", "providers"),
    ("measure", "eval"),
];

/// Longest Rust file, in lines.
const MAX_LINES: usize = 500;

/// A path that may be named in some rooms only.
struct Name {
    /// Identifiers; a macro is named with its `!`.
    words: &'static [&'static str],
    /// Beginnings of paths in `src/` where it may be named.
    rooms: &'static [&'static str],
    why: &'static str,
}

const NAMES: &[Name] = &[
    Name {
        words: &["tower_lsp", "tower_lsp_server", "gen_lsp_types", "lsp_types"],
        rooms: &["src/lsp.rs", "src/lsp/"],
        why: "LSP types stay in `lsp`, so that protocol churn is one room's work",
    },
    Name {
        words: &["llama_cpp_2", "llama_cpp_sys_2"],
        rooms: &["src/engine/llama.rs", "src/engine/llama/"],
        why: "llama.cpp is one engine among several, and every version of it changes",
    },
    Name {
        words: &["rusqlite", "libsqlite3_sys"],
        rooms: &["src/database.rs", "src/acceptance/", "src/budget/", "src/ask/threads"],
        why: "the database is one room's matter",
    },
    Name {
        words: &["reqwest", "TcpStream", "TcpListener", "UdpSocket", "ToSocketAddrs"],
        rooms: &[
            "src/cloud.rs",
            "src/cloud/",
            "src/engine/http.rs",
            "src/engine/http/",
            "src/models/hub.rs",
            "src/models/hub/",
            "src/network.rs",
            "src/network/",
        ],
        why: "nothing else may reach a network",
    },
    Name {
        words: &["postgres", "tokio_postgres", "tokio_postgres_rustls"],
        rooms: &["src/budget/ledger.rs", "src/budget/ledger/postgres"],
        why: "a team's ledger is the one connection beside the door",
    },
    Name {
        words: &["println!", "print!", "eprintln!", "eprint!"],
        rooms: &["src/cli.rs", "src/cli/", "src/main.rs"],
        why: "stdout belongs to the protocol; what happens goes to the log",
    },
    Name { words: &["dbg!", "todo!"], rooms: &[], why: "nothing unfinished" },
];

pub fn layers(file: &SourceFile) -> Vec<String> {
    let Some((module, depth)) = file.module() else { return Vec::new() };
    if module == "lib" {
        return Vec::new();
    }
    let mut used = used_modules(&file.tokens(), depth);
    used.sort_unstable();
    used.dedup();
    let mut complaints = Vec::new();
    for other in used {
        match (row(module), row(other)) {
            (_, None) => complaints.push(format!("`{other}` has no layer: give it one in tests/tidy/rules.rs")),
            (None, _) => complaints.push(format!("`{module}` has no layer: give it one in tests/tidy/rules.rs")),
            (Some(own), Some(theirs)) => {
                if module != other && theirs >= own && !WITHIN_ROW.contains(&(module, other)) {
                    complaints.push(format!("`{module}` may not use `{other}`"));
                }
            }
        }
    }
    complaints
}

fn row(module: &str) -> Option<usize> {
    LAYERS.iter().position(|row| row.contains(&module))
}

/// What follows `crate::`, alone or in braces, and what is reached by climbing to the root with `super::`.
fn used_modules<'a>(tokens: &[&'a str], depth: usize) -> Vec<&'a str> {
    let mut used = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let rest = &tokens[at..];
        match *token {
            "crate" | "tandem" if rest.get(1..3) == Some(&[":", ":"]) => used.extend(first_segments(&rest[3..])),
            "super" if at < 3 || tokens[at - 3] != "super" => {
                let climb = rest.chunks(3).take_while(|chunk| *chunk == ["super", ":", ":"]).count();
                let target = rest.get(climb * 3).copied().unwrap_or_default();
                if climb >= depth && row(target).is_some() {
                    used.push(target);
                }
            }
            _ => {}
        }
    }
    used.retain(|name| name.chars().next().is_some_and(char::is_lowercase));
    used
}

/// `a::b` gives a; `{a::{b, c}, d}` gives a and d.
fn first_segments<'a>(tokens: &[&'a str]) -> Vec<&'a str> {
    if tokens.first() != Some(&"{") {
        return tokens.first().copied().into_iter().collect();
    }
    let mut segments = Vec::new();
    let mut depth = 0;
    for pair in tokens.windows(2) {
        match pair[0] {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
        if depth == 1 && matches!(pair[0], "{" | ",") && pair[1] != "}" {
            segments.push(pair[1]);
        }
    }
    segments
}

pub fn names(file: &SourceFile) -> Vec<String> {
    if !file.path.starts_with("src/") {
        return Vec::new();
    }
    let tokens = file.tokens();
    let mut complaints = Vec::new();
    for Name { words, rooms, why } in NAMES {
        if rooms.iter().any(|room| file.path.starts_with(room)) {
            continue;
        }
        for word in *words {
            let named = match word.strip_suffix('!') {
                Some(name) => tokens.windows(2).any(|pair| pair == [name, "!"]),
                None => tokens.contains(word),
            };
            if named {
                complaints.push(format!("may not name `{word}`: {why}"));
            }
        }
    }
    let protocol_or_people = ["src/cli.rs", "src/cli/", "src/lsp/"].iter().any(|room| file.path.starts_with(room));
    if !protocol_or_people && opens_stdout(&tokens) {
        complaints.push("may not open stdout: it belongs to the protocol and to `cli`".into());
    }
    if !file.path.starts_with("src/config") && reads_the_environment(&tokens) {
        complaints
            .push("may not use `std::env`: the environment is read in `config`, where tests can replace it".into());
    }
    complaints
}

/// `stdout()`, but not the method of a command that takes the place of its child's.
fn opens_stdout(tokens: &[&str]) -> bool {
    tokens.windows(3).any(|window| window[0] != "." && window[1..] == ["stdout", "("])
}

/// `std::env` in any spelling, but for the program's own path and the platform's constants.
fn reads_the_environment(tokens: &[&str]) -> bool {
    tokens.iter().enumerate().any(|(at, token)| {
        let rest = &tokens[at..];
        match *token {
            "std" if rest.get(1..4) == Some(&[":", ":", "env"]) => {
                !matches!(rest.get(6), Some(&"current_exe" | &"consts"))
            }
            "std" if rest.get(1..4) == Some(&[":", ":", "{"]) => first_segments(&rest[3..]).contains(&"env"),
            _ => false,
        }
    })
}

pub fn shape(file: &SourceFile) -> Vec<String> {
    if !file.path.ends_with(".rs") {
        return Vec::new();
    }
    let mut complaints = Vec::new();
    if let Some(directory) = file.path.strip_suffix("/mod.rs") {
        let name = directory.rsplit('/').next().unwrap_or_default();
        complaints.push(format!("use `{name}.rs` beside `{name}/`"));
    }
    let lines = file.text.lines().count();
    if lines > MAX_LINES {
        complaints.push(format!("{lines} lines, more than {MAX_LINES}: split it"));
    }
    if !file.text.starts_with("//!") {
        complaints.push("does not open with `//!`".into());
    }
    complaints
}

pub fn places(file: &SourceFile) -> Vec<String> {
    // In two pieces, so that this file passes.
    let private = [["/ho", "me/"], ["/ro", "ot/"], ["/Us", "ers/"], [":\\Us", "ers\\"]].map(|halves| halves.concat());
    let mut complaints = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        let number = number + 1;
        if file.path == "Cargo.lock" {
            if line.starts_with("source = ")
                && !line.contains("\"registry+https://github.com/rust-lang/crates.io-index\"")
            {
                complaints.push(format!("a package from another registry than crates.io: line {number}"));
            }
        } else if private.iter().any(|place| line.contains(place.as_str())) {
            complaints.push(format!("names a private directory: line {number}"));
        }
    }
    complaints
}

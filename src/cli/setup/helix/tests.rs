//! Files as people have them, with Tandem put in and taken out.

use super::*;

fn wanted(languages: &[&str]) -> Wanted {
    Wanted { command: "tandem".into(), languages: languages.iter().map(ToString::to_string).collect() }
}

fn add(text: &str, languages: &[&str]) -> String {
    let wanted = wanted(languages);
    let once = Helix(&wanted).add(text).unwrap();
    assert_eq!(Helix(&wanted).add(&once).unwrap(), once, "twice is once");
    once
}

fn remove(text: &str) -> String {
    let once = Helix(&wanted(&[])).remove(text).unwrap();
    assert_eq!(Helix(&wanted(&[])).remove(&once).unwrap(), once);
    once
}

const OURS: &str = r#"{ name = "tandem", only-features = ["completion", "code-action", "workspace-command"] }"#;

const SERVER: &str = "[language-server.tandem] # added by tandem\ncommand = \"tandem\"\nargs = [\"serve\"]\n";

#[test]
fn a_file_that_is_not_there_begins_with_helix_s_own_servers() {
    let text = add("", &["python", "make"]);
    let expected = format!(
        "{SERVER}
[[language]] # added by tandem
name = \"python\"
language-servers = [\"ty\", \"ruff\", \"jedi\", \"pylsp\", \"zuban\", {OURS}]

[[language]] # added by tandem
name = \"make\"
language-servers = [{OURS}]
"
    );
    assert_eq!(text, expected);
    assert_eq!(remove(&text), "");
}

#[test]
fn all_languages_of_the_index_are_set_up_when_none_is_named() {
    let text = add("", &[]);
    assert_eq!(text.matches("[[language]]").count(), LANGUAGES.len());
    let read: toml::Table = text.parse().unwrap();
    let rust =
        read["language"].as_array().unwrap().iter().find(|table| table["name"].as_str() == Some("rust")).unwrap();
    assert_eq!(rust["language-servers"][0].as_str(), Some("rust-analyzer"));
    assert_eq!(remove(&text), "");
}

#[test]
fn a_list_of_the_user_s_keeps_its_servers_and_its_layout() {
    for (list, with) in [
        ("[\"pylsp\"]", format!("[\"pylsp\", {OURS}]")),
        ("[ \"pylsp\", 'ruff' ] # mine", format!("[ \"pylsp\", 'ruff', {OURS} ] # mine")),
        ("[\"pylsp\", ]", format!("[\"pylsp\", {OURS}, ]")),
        ("[]", format!("[{OURS}]")),
        ("[\n  \"pylsp\", # first\n  \"ruff\",\n]", format!("[\n  \"pylsp\", # first\n  \"ruff\",\n  {OURS},\n]")),
        ("[\n  \"pylsp\" # only, for now\n]", format!("[\n  \"pylsp\", # only, for now\n  {OURS}\n]")),
        ("[\n  \"pylsp\",\n  \"ruff\"]", format!("[\n  \"pylsp\",\n  \"ruff\", {OURS}]")),
        ("[ # none\n]", format!("[ # none\n{OURS}]")),
        ("[\n  { name = \"pylsp\", except-features = [\"format\"] },\n  # the end\n  ]", {
            format!("[\n  {{ name = \"pylsp\", except-features = [\"format\"] }},\n  # the end\n  {OURS},\n  ]")
        }),
    ] {
        let file = |list: &str| {
            format!(
                "# mine\n[[language]]\nname = 'python'\nauto-format = true\nlanguage-servers = {list}\n\n[language-server.pylsp]\nx = 1\n"
            )
        };
        let text = add(&file(list), &["python"]);
        assert_eq!(text, format!("{}\n{SERVER}", file(&with)), "{list}");
        // A comma that had to be put behind the last one stays: it belongs to a list of lines.
        let left = remove(&text).replace("\"pylsp\", # only", "\"pylsp\" # only");
        assert_eq!(left, file(list), "{list}");
    }
}

#[test]
fn a_language_without_a_list_gets_helix_s_own() {
    let file = "[[language]]\nname = \"go\" # two\nindent = { tab-width = 4, unit = \"\\t\" }\n";
    let text = add(file, &["go"]);
    let line = format!("language-servers = [\"gopls\", \"golangci-lint-lsp\", {OURS}] # added by tandem\n");
    assert_eq!(text, format!("{}\n{SERVER}", file.replace("# two\n", &format!("# two\n{line}"))));
    assert_eq!(remove(&text), file);
    // Also where the file ends behind its name.
    let text = add("[[language]]\nname = \"go\"", &["go"]);
    assert!(text.starts_with(&format!("[[language]]\nname = \"go\"\n{line}")), "{text}");
}

#[test]
fn entries_of_the_user_s_own_stay_as_they_are() {
    let file = "[language-server.tandem]\ncommand = \"/opt/tandem\"\nargs = [\"serve\"]\n[language-server.tandem.config.tandem]\n\
                model = \"x\"\n\n[[language]]\nname = \"c\"\nlanguage-servers = [\"clangd\", \"tandem\"]\n";
    assert_eq!(add(file, &["c"]), file);
    assert_eq!(remove(file), file, "nothing in it is marked as ours");
    let with = add(file, &["go"]);
    assert_eq!(with.replace(file, "").matches(OURS).count(), 1);
    assert_eq!(remove(&with), file, "what was added beside goes");
    // A language that is named is meant, whoever wrote it.
    let named = Helix(&wanted(&["c"])).remove(file).unwrap();
    assert_eq!(named, file.replace(", \"tandem\"", ""));
    let inline = "language-server = { tandem = { command = \"x\" } }\n";
    assert_eq!(remove(inline), inline);
}

#[test]
fn a_server_of_the_user_s_own_is_told() {
    let helix = wanted(&["c"]);
    let file = "[language-server.tandem]\ncommand = \"/opt/tandem\"\nargs = [\"serve\"]\n";
    let told = Helix(&helix).remarks(file, true);
    assert!(told[0].ends_with("so it is yours and stays as it is."), "{told:?}");
    assert_eq!(told[2..].join("\n").replace("    ", "") + "\n", SERVER);
    assert_eq!(Helix(&helix).remarks(file, false).len(), 1);
    let same = file.replace("/opt/", "").replace("\"serve\"", "\"serve\", \"--set\", \"a=b\"");
    assert!(Helix(&helix).remarks(&same, true).is_empty());
    assert!(Helix(&helix).remarks(SERVER, true).is_empty() && Helix(&helix).remarks("", false).is_empty());
}

#[test]
fn a_server_of_ours_is_renewed() {
    let other = Wanted { command: "/opt/tandem".into(), languages: vec!["c".into()] };
    let old = add("", &["c"]);
    let new = Helix(&other).add(&old).unwrap();
    assert_eq!(new, old.replace("command = \"tandem\"", "command = \"/opt/tandem\""));
    assert_eq!(Helix(&other).add(&new).unwrap(), new, "twice is once");
    let head = "[language-server.tandem] # added by tandem\n";
    for (table, with) in [
        ("", "command = \"/opt/tandem\"\nargs = [\"serve\"]\n"),
        ("timeout = 9\n", "command = \"/opt/tandem\"\nargs = [\"serve\"]\ntimeout = 9\n"),
        ("args = [ \"ask\" ] # why\ncommand = 3\n", "args = [\"serve\"] # why\ncommand = \"/opt/tandem\"\n"),
        (
            "command = 'x' # mine\nargs = ['serve', \"--set\", \"a=b\"]\nenvironment = { A = \"b\" }\n",
            "command = \"/opt/tandem\" # mine\nargs = ['serve', \"--set\", \"a=b\"]\nenvironment = { A = \"b\" }\n",
        ),
    ] {
        let text = Helix(&other).add(&format!("{head}{table}")).unwrap();
        assert!(text.starts_with(&format!("{head}{with}\n[[language]]")), "{text}");
    }
    let text = Helix(&other).add(head.trim_end()).unwrap();
    assert!(text.starts_with(&format!("{head}command = \"/opt/tandem\"\n")), "{text}");
}

#[test]
fn one_language_goes_alone_and_the_last_one_takes_the_server_along() {
    let both = add("", &["c", "go"]);
    let without = |text: &str, name: &str| Helix(&wanted(&[name])).remove(text).unwrap();
    assert_eq!(without(&both, "go"), add("", &["c"]));
    assert_eq!(without(&both, "rust"), both, "it is not in that one");
    assert_eq!(without(&without(&both, "go"), "c"), "");
    let error = Helix(&wanted(&["rast"])).remove(&both).unwrap_err().to_string();
    assert!(error.starts_with("Helix has no language `rast`"), "{error}");
    let own = "[[language]]\nname = \"mine\"\nlanguage-servers = [\"x\", \"tandem\"]\n";
    assert_eq!(without(own, "mine"), own.replace(", \"tandem\"", ""), "a language that only the file knows");
}

#[test]
fn what_was_changed_since_keeps_what_is_the_user_s() {
    let text = add("", &["c"]);
    let changed = text.replace("[\"clangd\", ", "[\"ccls\", \"clangd\", ");
    assert_eq!(
        remove(&changed),
        "\n[[language]] # added by tandem\nname = \"c\"\nlanguage-servers = [\"ccls\", \"clangd\"]\n"
    );
    let longer = text.replace("name = \"c\"\n", "name = \"c\"\nrulers = [80]\n");
    assert!(remove(&longer).contains("rulers = [80]\nlanguage-servers = [\"clangd\"]\n"));
}

#[test]
fn a_language_that_is_named_twice_is_set_up_in_both() {
    let table = "[[language]]\nname = \"c\"\nlanguage-servers = [\"clangd\"]\n";
    let text = add(&table.repeat(2), &["c"]);
    assert_eq!(text.matches(OURS).count(), 2);
    assert_eq!(remove(&text), table.repeat(2));
}

#[test]
fn what_cannot_be_merged_is_named() {
    for (file, complaint) in [
        ("a = 1\n[language\n", "line 2: "),
        ("language = [{ name = \"c\" }]\n", "`language` is not written as tables like [[language]]"),
        ("language = 3\n", "`language` is not written as tables"),
        ("language-server = { pylsp = { command = \"x\" } }\n", "`language-server` is not written as tables"),
        ("[[language]]\nname = \"c\"\nlanguage-servers = \"clangd\"\n", "`language-servers` of c is not a list"),
    ] {
        let error = Helix(&wanted(&["c"])).add(file).unwrap_err().to_string();
        assert!(error.starts_with(complaint), "{error}");
    }
    let error = Helix(&wanted(&["rast"])).add("").unwrap_err().to_string();
    assert!(error.starts_with("Helix has no language `rast`; it has: ") && error.contains("rust"), "{error}");
}

#[test]
fn the_table_of_servers_is_sound() {
    let defaults = Defaults::read().unwrap();
    assert!(LANGUAGES.iter().all(|language| defaults.of(language).is_ok()));
    assert!(defaults.0.len() > 300);
    let all: Vec<&str> = defaults.0.iter().map(|(name, _)| name).collect();
    let text = add("", &all);
    assert_eq!(remove(&text), "", "all of them come and go");
}

#[test]
fn a_path_with_backslashes_and_quotes_is_a_path() {
    let wanted = Wanted { command: r#"C:\Program Files\a"b\tandem.exe"#.into(), languages: vec!["c".into()] };
    let read: toml::Table = Helix(&wanted).add("").unwrap().parse().unwrap();
    assert_eq!(read["language-server"]["tandem"]["command"].as_str(), Some(&*wanted.command));
}

#[cfg(target_os = "linux")]
#[test]
fn the_file_lies_where_helix_looks() {
    let helix = Helix(&Wanted::default()).file(&Environment::of(&[("HOME", "/h"), ("XDG_CONFIG_HOME", "/c")]));
    assert_eq!(helix, Some("/c/helix/languages.toml".into()));
    let helix = Helix(&Wanted::default()).file(&Environment::of(&[("HOME", "/h"), ("XDG_CONFIG_HOME", "relative")]));
    assert_eq!(helix, Some("/h/.config/helix/languages.toml".into()));
    assert_eq!(Helix(&Wanted::default()).file(&Environment::of(&[])), None);
}

/// How people write the list of a language, among them the one that Helix has for C.
const LISTS: [&str; 7] = [
    "",
    "auto-format = true\n",
    "language-servers = []\n",
    "language-servers = [\"clangd\"] # mine\n",
    "language-servers = [ 'x', { name = \"y\", except-features = [\"format\"] }, ]\n",
    "language-servers = [\n  \"x\", # first\n\n  # last\n  \"y\"\n]\nrulers = [80]\n",
    "language-servers = [\n  { name = \"x\" },\n]\n",
];

proptest::proptest! {
    #[test]
    fn whatever_the_file_says_it_says_again_afterwards(
        tables in proptest::collection::vec((0..3_usize, 0..LISTS.len()), 0..6),
        with_server in proptest::bool::ANY,
        is_cut in proptest::bool::ANY,
    ) {
        let mut text = if with_server { "[language-server.x]\ncommand = \"x\"\n\n".to_owned() } else { String::new() };
        for (language, list) in tables {
            text += &format!("[[language]]\nname = \"{}\"\n{}\n", ["c", "go", "rust"][language], LISTS[list]);
        }
        if is_cut {
            text.truncate(text.trim_end().len());
        }
        let with = add(&text, &["c", "rust"]);
        let parsed: toml::Table = with.parse().unwrap();
        for name in ["c", "rust"] {
            let tables = parsed["language"].as_array().unwrap().iter().filter(|table| table["name"].as_str() == Some(name));
            let lists: Vec<&toml::Value> = tables.filter_map(|table| table.get("language-servers")).collect();
            proptest::prop_assert!(!lists.is_empty());
            for list in lists {
                let ours = list.as_array().unwrap().iter().filter(|server| server.get("name").is_some_and(|n| n.as_str() == Some("tandem")));
                proptest::prop_assert_eq!(ours.count(), 1, "{}", with);
            }
        }
        let left: toml::Table = remove(&with).parse().unwrap();
        proptest::prop_assert_eq!(left, text.parse::<toml::Table>().unwrap(), "{}", with);
    }
}

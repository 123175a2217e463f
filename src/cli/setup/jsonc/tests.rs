//! Settings as people write them, with a member of ours put in, renewed and taken out.

use super::*;

const PATH: [&str; 2] = ["clients", "tandem"];

fn list(renewed: &[&str], fixed: &[&str]) -> Part {
    let own = |list: &[&str]| list.iter().map(ToString::to_string).collect();
    Part::List { renewed: own(renewed), fixed: own(fixed) }
}

fn command() -> [(&'static str, Part); 1] {
    [("command", list(&["\"tandem\""], &[]))]
}

fn put_in(text: &str) -> String {
    let once = put(text, &PATH, &command()).unwrap();
    assert_eq!(put(&once, &PATH, &command()).unwrap(), once, "twice is once");
    once
}

fn take_out(text: &str) -> String {
    take(text, &["clients", "tandem"]).unwrap()
}

#[test]
fn it_comes_in_and_goes_and_the_rest_stays() {
    let ours = "\"tandem\": {\n            \"command\": [\"tandem\"]\n        }";
    for (before, after) in [
        ("{}\n", format!("{{\n    \"clients\": {{\n        {ours}\n    }}\n}}\n")),
        ("// mine\n{\n    \"a\": 1 // one\n}\n", {
            format!("// mine\n{{\n    \"a\": 1, // one\n    \"clients\": {{\n        {ours}\n    }}\n}}\n")
        }),
        ("{\n    \"a\": [1, 2,], /* , */\n}\n", {
            format!("{{\n    \"a\": [1, 2,], /* , */\n    \"clients\": {{\n        {ours}\n    }},\n}}\n")
        }),
        (
            "{\n    \"clients\": {\n        \"x\": {\"a\": \"}\\\"//\"}\n    }\n}\n",
            format!("{{\n    \"clients\": {{\n        \"x\": {{\"a\": \"}}\\\"//\"}},\n        {ours}\n    }}\n}}\n"),
        ),
    ] {
        assert_eq!(put_in(before), after, "{before}");
        let left = take_out(&after);
        let expected = if before == "{}\n" { "{\n}\n" } else { before };
        assert_eq!(left, expected);
    }
    assert_eq!(put_in(""), format!("{{\n    \"clients\": {{\n        {ours}\n    }}\n}}\n"));
}

#[test]
fn other_layouts_stay_json() {
    for text in [
        "{\"a\": 1}",
        "{ }",
        "{\n  // nothing yet\n}",
        "{\"clients\": {}}",
        "{\"clients\": {\"x\": 1}, \"b\": 2}",
        "{\n\t\"clients\": { // those\n\t\t\"x\": 1 }\n}",
        "{\"a\": \"clients\",}",
    ] {
        let with = put_in(text);
        let root = parse(&with).unwrap();
        assert!(root.member("clients").unwrap().value.member("tandem").is_some(), "{with}");
        let without = take_out(&with);
        let root = parse(&without).unwrap();
        let clients = root.member("clients");
        assert!(clients.is_none_or(|clients| clients.value.member("tandem").is_none()), "{without}");
        for part in ["// nothing yet", "// those", "\"x\": 1", "\"b\": 2", "\"a\":"] {
            assert_eq!(without.contains(part), text.contains(part), "{part} of {text}: {without}");
        }
    }
}

#[test]
fn of_what_stands_there_only_our_members_change() {
    let parts = |program: &str| {
        [
            ("enabled", Part::Absent("true".into())),
            ("command", list(&[program], &["\"serve\""])),
            ("selector", Part::Text("\"source\"".into())),
        ]
    };
    let object = |program: &str, selector: &str| {
        format!(
            "{{\n    \"clients\": {{\n        \"tandem\": {{ // mine\n            \"enabled\": false,\n            \"command\": [\n                             {program}, // there\n                \"serve\", \"--set\", \"a=b\", /* more */\n            ],\n            \"env\": {{ \"A\": \"serve\" }},{selector}\n                     }}\n    }}\n}}\n"
        )
    };
    let selector = "\n            \"selector\": \"source\",";
    for before in ["", "\n            \"selector\" : \"text\","] {
        let after = put(&object("\"/old\"", before), &PATH, &parts("\"/new\"")).unwrap();
        assert_eq!(
            after,
            object("\"/new\"", if before.is_empty() { selector } else { "\n            \"selector\" : \"source\"," })
        );
        assert_eq!(put(&after, &PATH, &parts("\"/new\"")).unwrap(), after, "twice is once");
    }
    let same = "{\"clients\": {\"tandem\": { \"command\" : [ \"t\\u0061ndem\" /* it */ ] }}}";
    assert_eq!(put_in(same), same, "the same, written otherwise");
}

#[test]
fn what_is_not_ours_is_refused_with_what_to_make_of_it() {
    let file = |member: &str| format!("{{\"clients\": {{\"tandem\": {{{member}}}}}}}");
    for member in [
        "\"command\": [\"sh\", \"-c\", \"tandem serve\"]",
        "\"command\": [\"x\"]",
        "\"command\": []",
        "\"command\": \"serve\"",
    ] {
        let error =
            put(&file(member), &PATH, &[("command", list(&["\"x\""], &["\"serve\""]))]).unwrap_err().to_string();
        let expected =
            "`clients.tandem.command` is there already, with something else in it; make it [\"x\", \"serve\"]";
        assert_eq!(error, expected, "{member}");
    }
    let error = put(&file("\"a\": {}"), &PATH, &[("a", Part::Text("\"b\"".into()))]).unwrap_err().to_string();
    assert!(error.ends_with("make it \"b\""), "{error}");
    let error = put("{\"clients\": {\"tandem\": 3}}", &PATH, &command()).unwrap_err().to_string();
    assert_eq!(error, "`clients.tandem` is not an object");
}

#[test]
fn broken_ones_are_named_by_line() {
    for (text, problem) in [
        ("{\n\"a\": 1\n\"b\": 2}", "line 3: a comma is missing"),
        ("{\"a\" 1}", "line 1: a colon is missing"),
        ("{\"a\": }", "line 1: a value is missing"),
        ("{\"a\": nul}", "line 1: a value is none of JSON's"),
        ("{a: 1}", "line 1: a name in quotes is missing"),
        ("{\"a\": \"b\n\"}", "line 1: a text has no end"),
        ("{\"a\": 1} x", "line 1: there is more behind the end"),
        ("{ /* a", "line 1: a comment has no end"),
        ("{\"\\", "line 1: a text has no end"),
    ] {
        let error = put(text, &["a", "b"], &command()).unwrap_err().to_string();
        assert!(error.starts_with(problem), "{text}: {error}");
    }
    let deep = "[".repeat(1000);
    assert!(put(&deep, &["a"], &command()).unwrap_err().to_string().contains("nested too deep"));
    let error = put("{\"clients\": 3}", &PATH, &command()).unwrap_err().to_string();
    assert_eq!(error, "`clients` is not an object");
    assert!(put("[]", &["a"], &command()).is_err());
}

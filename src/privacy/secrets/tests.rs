//! Every rule on its own texts, all of them on a corpus, and what no input may do to the scanner.

use proptest::prelude::*;

use super::corpus::{Random, corpus, fill, forms};
use super::rule::{Shape, read};
use super::*;
use crate::privacy::UserKey;

const KEY: [u8; 32] = [7; 32];

fn scanner() -> &'static Scanner {
    Scanner::shared()
}

fn redacted(text: &str) -> String {
    redact(text, &scanner().find(text), &Placeholders::new(UserKey::new(KEY)))
}

#[test]
fn there_are_rules_enough_and_each_is_sound() {
    let rules = read().unwrap();
    assert!(rules.len() >= 150, "{}", rules.len());
    let mut ids: Vec<_> = rules.iter().map(|rule| rule.id.clone()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), rules.len(), "two rules have one name");
    for (rule, forms) in rules.iter().zip(forms()) {
        assert!(rule.id.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{}", rule.id);
        assert!(!rule.keywords.is_empty() && rule.keywords.iter().all(|word| word.len() >= 2), "{}", rule.id);
        assert!(!forms.finds.is_empty(), "{} has no text that shows it", rule.id);
        assert_eq!(rule.regex().is_some(), rule.has_regex(), "{} does not compile", rule.id);
        assert!(rule.shape == Shape::Value || rule.regex().is_some(), "{} has no expression", rule.id);
    }
}

/// Otherwise a long line costs the square of its length.
#[test]
fn every_repetition_is_bounded() {
    for rule in read().unwrap() {
        for expression in rule.expressions() {
            let mut is_class = false;
            let mut before = ' ';
            for letter in expression.chars() {
                match letter {
                    _ if before == '\\' => {}
                    '[' => is_class = true,
                    ']' => is_class = false,
                    '*' | '+' => assert!(is_class, "{}: `{letter}` in {expression}", rule.id),
                    '}' => assert!(is_class || before != ',', "{}: an open end in {expression}", rule.id),
                    _ => {}
                }
                before = if before == '\\' { ' ' } else { letter };
            }
        }
    }
}

#[test]
fn every_rule_finds_its_texts_and_leaves_its_look_alikes() {
    let mut wrong = Vec::new();
    for (number, forms) in forms().iter().enumerate() {
        let alone = Scanner::of(vec![read().unwrap().swap_remove(number)]).unwrap();
        for seed in 0..8 {
            for form in &forms.finds {
                let (text, secret) = fill(form, &mut Random(seed));
                let found: Vec<_> = alone.find(&text).into_iter().map(|finding| finding.range).collect();
                if found != [secret.clone()] {
                    wrong.push(format!("{}: {:?} instead of {:?} in {text:?}", forms.id, found, &text[secret]));
                }
            }
            for form in &forms.leaves {
                let (text, _) = fill(form, &mut Random(seed));
                for finding in alone.find(&text) {
                    wrong.push(format!("{}: {:?} of {text:?}", forms.id, &text[finding.range]));
                }
            }
        }
    }
    wrong.dedup();
    assert!(wrong.is_empty(), "{} of them:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn nothing_of_a_corpus_of_all_kinds_in_all_places_is_left() {
    let all = corpus(1);
    assert!(all.len() >= 1000, "{}", all.len());
    let mut left = Vec::new();
    for seeded in &all {
        let text = redacted(&seeded.text);
        if let Some(trace) = seeded.traces.iter().find(|trace| text.contains(trace.as_str())) {
            left.push(format!("{} in {}: {trace} of {}", seeded.rule, seeded.place, seeded.text));
        }
    }
    assert!(left.is_empty(), "{} of {}:\n{}", left.len(), all.len(), left.join("\n"));
}

#[test]
fn a_corpus_in_one_text_is_found_as_well_and_a_second_run_changes_nothing() {
    let all = corpus(2);
    let text: String = all.iter().map(|seeded| format!("{}\n\n", seeded.text)).collect();
    let once = redacted(&text);
    for seeded in &all {
        for trace in &seeded.traces {
            assert!(!once.contains(trace), "{} in {}: {trace}", seeded.rule, seeded.place);
        }
    }
    assert_eq!(redacted(&once), once);
}

#[test]
fn a_secret_is_found_again_without_the_name_that_gave_it_away() {
    let secret = fill("{a24}", &mut Random(3)).0;
    let texts = [format!("connect(\"{secret}\")"), format!("password = \"{secret}\""), "nothing".to_owned()];
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let found = scanner().find_in(&texts);
    let ids: Vec<Vec<&str>> = found.iter().map(|found| found.iter().map(|finding| &*finding.rule).collect()).collect();
    assert_eq!(ids, [vec!["password"], vec!["password"], vec![]]);
    assert_eq!(&texts[0][found[0][0].range.clone()], secret);
}

#[test]
fn private_keys_and_keys_of_clouds_keep_a_question_here_and_passwords_do_not() {
    for (form, blocks) in [
        ("«-----BEGIN PRIVATE KEY-----\n{b64}\n-----END PRIVATE KEY-----»", true),
        ("«AKIA{t16}»", true),
        ("«sk-ant-api03-{w95}»", true),
        ("password = \"«{a20}4»\"", false),
        ("«eyJ{w33}.eyJ{w80}.{w43}»", false),
    ] {
        let (text, _) = fill(form, &mut Random(4));
        let found = scanner().find(&text);
        assert_eq!(found.iter().map(|finding| finding.blocks).collect::<Vec<_>>(), [blocks], "{text}");
    }
}

#[test]
fn nothing_in_a_text_switches_a_rule_off() {
    let (key, _) = fill("ghp_{a36}", &mut Random(5));
    for text in [
        format!("token = \"{key}\" # gitleaks:allow"),
        format!("// pragma: allowlist secret\nlet t = \"{key}\";"),
        format!("[REDACTED:{key}"),
        format!("[REDACTED:github-token:{key}]"),
        format!("[REDACTED:github-token:0123456{key}]"),
        format!("[REDACTED:github-token:01234567]{key}[REDACTED:github-token:01234567]"),
        format!("\u{200b}{key}\u{fe0f}é"),
    ] {
        let redacted = redacted(&text);
        assert!(!redacted.contains(&key[8..20]), "{redacted}");
    }
}

#[test]
fn without_rules_nothing_leaves() {
    let found = Scanner::closed().find_in(&["a text", ""]);
    assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [1, 0]);
    assert!(found[0][0].blocks && found[0][0].range == (0..6));
}

#[test]
fn placeholders_stand_where_the_secrets_stood() {
    let (key, _) = fill("ghp_{a36}", &mut Random(6));
    let placeholder = Placeholders::new(UserKey::new(KEY)).of("github-token", &key);
    let text = format!("a=\"{key}\" é {key}; b");
    assert_eq!(redacted(&text), format!("a=\"{placeholder}\" é {placeholder}; b"));
}

/// The bound is in the form of the work: each of these is a line in which a rule begins everywhere and ends nowhere.
#[test]
fn long_lines_of_beginnings_are_read_to_the_end() {
    let (key, _) = fill("ghp_{a36}", &mut Random(7));
    for piece in [
        "password=",
        "password=\"",
        "secret: '",
        "-----BEGIN PRIVATE KEY-----",
        "-----END PRIVATE KEY-----",
        "eyJa",
        "eyJaaaaaaaaaaaaaa.",
        "://a:",
        "bearer ",
        "AKIA",
        "discord",
        "kind: Secret",
        "AAAAAAAAAAA:",
        "\"kty\"",
        "[REDACTED:",
        "\\\"token\\\":",
        "A",
        "authorization:",
    ] {
        let mut line = piece.repeat((256 << 10) / piece.len());
        line.push(' ');
        line.push_str(&key);
        assert!(!redacted(&line).contains(&key), "{piece}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_text_has_findings_in_order_on_character_borders(text in "(?s)([a-z]{0,3}(password|secret|token|://|é|\\\\|\"|'|=|: |\n|-----BEGIN PRIVATE KEY-----|-----END |Bearer |eyJ|sk-|[A-Za-z0-9/+]{0,50})){0,12}") {
        let found = scanner().find(&text);
        let mut from = 0;
        for finding in &found {
            prop_assert!(from <= finding.range.start && finding.range.start < finding.range.end);
            prop_assert!(text.get(finding.range.clone()).is_some());
            from = finding.range.end;
        }
        let once = redacted(&text);
        let twice = redacted(&once);
        prop_assert_eq!(redacted(&twice), twice);
    }
}

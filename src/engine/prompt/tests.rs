//! Prompts in token ids: budgets kept, markers in place, the cursor's line last.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::engine::fim::{FimTokens, ModelIdentity};
use crate::engine::{PromptBudget, Snippet, Task, Urgency};

/// Words, single blanks and single line breaks are tokens; their numbers are handed out at first sight.
#[derive(Default)]
struct Words {
    known: std::cell::RefCell<Vec<&'static [u8]>>,
}

const SPECIALS: &[&str] = &["<pre>", "<suf>", "<mid>", "<repo>", "<file>"];

impl Vocabulary for Words {
    fn tokenize(&self, text: &str, out: &mut Vec<Token>) {
        let mut known = self.known.borrow_mut();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let is_word = |character: char| character.is_alphanumeric() || character == '_';
            let length = if is_word(first) {
                rest.find(|character| !is_word(character)).unwrap_or(rest.len())
            } else {
                first.len_utf8()
            };
            let (word, after) = rest.split_at(length);
            let index = known.iter().position(|known| *known == word.as_bytes()).unwrap_or_else(|| {
                known.push(Box::leak(word.to_owned().into_boxed_str().into_boxed_bytes()));
                known.len() - 1
            });
            out.push((SPECIALS.len() + index) as Token);
            rest = after;
        }
    }

    fn piece(&self, token: Token) -> &[u8] {
        let known = self.known.borrow();
        (token as usize).checked_sub(SPECIALS.len()).and_then(|index| known.get(index).copied()).unwrap_or_default()
    }

    fn special(&self, spelling: &str) -> Option<Token> {
        SPECIALS.iter().position(|special| *special == spelling).map(|index| index as Token)
    }

    fn is_special(&self, token: Token) -> bool {
        (token as usize) < SPECIALS.len()
    }

    fn start_of_text(&self) -> Option<Token> {
        None
    }
}

impl Words {
    fn spell(&self, tokens: &[Token]) -> String {
        let spell = |token: &Token| match SPECIALS.get(*token as usize) {
            Some(special) => (*special).to_owned(),
            None => String::from_utf8(self.piece(*token).to_vec()).unwrap(),
        };
        tokens.iter().map(spell).collect()
    }
}

fn builder(layout: &str, context: u32) -> PromptBuilder {
    let tokens =
        FimTokens { prefix: Some(0), suffix: Some(1), middle: Some(2), pad: None, repository: Some(3), file: Some(4) };
    let identity = ModelIdentity { layout: Some(layout.to_owned()), tokens, ..ModelIdentity::default() };
    let fim = Fim::resolve(&identity, &Words::default()).unwrap();
    PromptBuilder::new(fim, SplitRule::Lines, context)
}

fn job(text: &str) -> Job {
    let (prefix, suffix) = text.split_once("$0").unwrap();
    Job {
        lane: 1,
        urgency: Urgency::Awaited,
        task: Task::Write,
        prompt: FimPrompt { path: "a.rs".into(), prefix: prefix.into(), suffix: suffix.into(), ..FimPrompt::default() },
        budget: PromptBudget { prefix: 60, suffix: 20, snippets: 30 },
        max_tokens: 8,
        max_lines: 1,
        candidates: 1,
        draft: None,
        explain: false,
        corpus: None,
    }
}

fn spelled(layout: &str, text: &str) -> String {
    let vocabulary = Words::default();
    let prompt = builder(layout, 1000).build(&vocabulary, 0, &job(text));
    format!("{} + {}", vocabulary.spell(&prompt.tokens), String::from_utf8(prompt.forced).unwrap())
}

#[test]
fn the_cursors_line_stands_last_in_every_layout() {
    let text = "one\ntwo\n  x = $0;\nend\n";
    insta::assert_snapshot!(spelled("psm", text), @"
    <file>a.rs
    <pre>one
    two
    <suf>;
    end
    <mid>  x =  +
    ");
    insta::assert_snapshot!(spelled("spm-no-middle", text), @"
    <file>a.rs
    <suf>;
    end
    <pre>one
    two
      x =  +
    ");
}

#[test]
fn an_unfinished_identifier_is_taken_off_unless_a_marker_stands_after_it() {
    assert!(spelled("psm", "a\nfoo ba$0\n").ends_with("<mid>foo  + ba"));
    assert!(spelled("spm-no-middle", "a\nfoo ba$0\n").ends_with("foo  + ba"));
    assert!(spelled("spm", "a\nfoo ba$0\n").ends_with("foo ba<mid> + "));
    assert!(spelled("psm", "a\nfoo(ba)$0\n").ends_with("foo(ba) + "));
}

#[test]
fn snippets_that_do_not_fit_go_from_the_front() {
    let vocabulary = Words::default();
    let mut job = job("x$0");
    job.prompt.repository = Some("demo".into());
    job.prompt.snippets = ["far", "near", "next"]
        .map(|name| Snippet { path: format!("{name}.rs"), text: format!("{name} {name} {name}\n") })
        .to_vec();
    job.budget.snippets = 22;
    let prompt = builder("psm", 1000).build(&vocabulary, 0, &job);
    let text = vocabulary.spell(&prompt.tokens);
    assert!(
        text.starts_with("<repo>demo\n<file>near.rs\nnear near near\n<file>next.rs\nnext next next\n<file>a.rs\n<pre>"),
        "{text}"
    );
}

#[test]
fn in_a_small_context_every_part_gives_way_alike() {
    let vocabulary = Words::default();
    let lines = |name: &str| (0..200).map(|number| format!("{name}{number}\n")).collect::<String>();
    let shares = |snippets: Vec<Snippet>| {
        let mut job = job(&format!("{}$0\n{}", lines("above"), lines("below")));
        job.prompt.snippets = snippets;
        job.budget = PromptBudget { prefix: 300, suffix: 100, snippets: 200 };
        // Beside the markers, the headings and what is generated there is room for half of the budget.
        let prompt = builder("psm", 380).build(&vocabulary, 0, &job);
        assert!(prompt.tokens.len() + job.max_tokens as usize <= 380);
        let of =
            |source: &str| prompt.shares.iter().find(|share| share.source == source).map_or(0, |share| share.tokens);
        (of("snippets"), of("suffix"))
    };
    let snippet = |number: usize| Snippet { path: format!("f{number}.rs"), text: lines("s")[..40].to_owned() };
    let (snippets, suffix) = shares((0..40).map(snippet).collect());
    assert!((80..=100).contains(&snippets) && (40..=50).contains(&suffix), "{snippets}, {suffix}");
    // Nobody else's room is kept free.
    assert!((70..=75).contains(&shares(Vec::new()).1));
}

#[test]
fn an_old_suffix_is_kept_while_it_differs_little_far_from_the_cursor() {
    let vocabulary = Words::default();
    let mut builder = builder("psm", 2000);
    let suffix: String = (0..50).map(|n| format!("line{n}\n")).collect();
    let mut ask = |suffix: &str| {
        let mut job = job(&format!("a\nb $0\n{suffix}"));
        job.budget.suffix = 100;
        vocabulary.spell(&builder.build(&vocabulary, 0, &job).tokens)
    };
    let first = ask(&suffix);
    assert_eq!(ask(&suffix.replace("line40\n", "changed\n")), first);
    assert_ne!(ask(&suffix.replace("line1\n", "changed\n")), first, "the model must see what stands right after");
    assert_ne!(ask(&suffix.replace("line2", "l")), first, "a tenth and more");
}

#[test]
fn lanes_do_not_share_windows_and_the_oldest_is_forgotten() {
    let vocabulary = Words::default();
    let mut builder = builder("psm", 1000);
    for lane in 0..200 {
        let mut job = job("a\nb $0\nc\n");
        job.lane = lane;
        builder.build(&vocabulary, 0, &job);
    }
    assert_eq!(builder.lanes.len(), REMEMBERED_LANES);
    assert!(builder.lanes.contains_key(&(0, 199)) && !builder.lanes.contains_key(&(0, 0)));
    builder.forget_client(0);
    assert!(builder.lanes.is_empty());
}

fn text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        5 => "[a-c_ ().]{0,10}".prop_map(String::from),
        3 => Just("\n".to_owned()),
        1 => prop_oneof![Just("\r\n"), Just("é"), Just("🙂\n"), Just("\n\n")].prop_map(String::from),
    ];
    prop::collection::vec(part, 0..60).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn a_prompt_is_the_text_around_the_cursor_within_its_budget(
        prefix in text(), suffix in text(), more in "[a-c (\n]{0,12}",
        budget in (1u32..80, 0u32..40, 0u32..30), context in 20u32..300, psm in any::<bool>(),
    ) {
        let vocabulary = Words::default();
        let mut builder = builder(if psm { "psm" } else { "spm-no-middle" }, context);
        let mut typed = prefix.clone();
        // Typing key by key: every prompt obeys the same rules as the first.
        for key in std::iter::once(None).chain(more.chars().map(Some)) {
            typed.extend(key);
            let mut job = job("$0");
            job.prompt.prefix = Arc::from(typed.as_str());
            job.prompt.suffix = Arc::from(suffix.as_str());
            job.budget = PromptBudget { prefix: budget.0, suffix: budget.1, snippets: budget.2 };
            let prompt = builder.build(&vocabulary, 0, &job);
            let share = |name: &str| prompt.shares.iter().find(|share| share.source == name).map_or(0, |share| share.tokens);

            prop_assert_eq!(prompt.shares.iter().map(|share| share.tokens).sum::<u32>() as usize, prompt.tokens.len());
            prop_assert!(share("prefix") + share("line") <= budget.0.max(1));
            prop_assert!(share("suffix") <= budget.1);

            let text = vocabulary.spell(&prompt.tokens) + std::str::from_utf8(&prompt.forced).unwrap();
            let parts: Vec<&str> = text.split(['<', '>']).collect();
            let part = |name: &str| parts.iter().position(|part| *part == name).and_then(|at| parts.get(at + 1)).copied().unwrap_or("");
            prop_assert!(suffix.starts_with(part("suf")));
            let before = format!("{}{}", part("pre"), part("mid"));
            let line = typed.rsplit('\n').next().unwrap_or("");
            if share("line") + share("prefix") > 0 && !psm {
                prop_assert!(typed.ends_with(&before), "{:?} {:?}", typed, before);
            }
            if psm {
                prop_assert!(line.ends_with(part("mid")));
                prop_assert!(typed[..typed.len() - line.len()].ends_with(part("pre")));
            }
        }
    }
}

#[test]
fn a_long_path_says_its_last_parts() {
    assert_eq!(heading("src/engine/prompt.rs"), "src/engine/prompt.rs");
    let deep = "clients/src/main/java/org/apache/kafka/clients/consumer/internals/ConsumerCoordinator.java";
    assert_eq!(heading(deep), "consumer/internals/ConsumerCoordinator.java");
    // A part that ends where the room does stays whole, and a single one is cut.
    let whole = format!("{}/{}", "a", "b".repeat(48));
    assert_eq!(heading(&whole), "b".repeat(48));
    assert_eq!(heading(&format!("x{}", "b".repeat(60))), "b".repeat(48));
    assert_eq!(heading("a\nb\u{1b}/c"), "ab/c");
}

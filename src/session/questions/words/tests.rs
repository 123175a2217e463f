//! What people read, word for word.

use super::*;
use crate::ask::Focus;
use crate::budget::{Amount, Limit, Period, Scope};
use crate::providers::Usage;

fn cents(cents: u64) -> Picodollars {
    Picodollars(cents * Picodollars::DOLLAR.0 / 100)
}

fn window(amount: Amount, settled: u64, open: u64) -> WindowState {
    let limit = Limit { amount, period: Period::Month, scope: Scope::User };
    WindowState { limit, settled, open, resets_at: Some(1_796_083_200), clock_is_behind: 0 }
}

#[test]
fn what_a_footer_quotes_is_text() {
    let footer = Footer {
        answered_by: "a $x$".to_owned(),
        route_reason: "see `a` and <b>".to_owned(),
        diff: Some(crate::ask::Diff {
            problem: Some("![x](https://evil.example/?q=1) is no path".to_owned()),
            ..Default::default()
        }),
        ..Footer::default()
    };
    let shown = super::footer(&footer);
    assert!(shown.contains("\\!\\[x\\](https"), "{shown}");
    assert!(shown.contains("a \\$x\\$") && shown.contains("`a` and \\<b>"), "{shown}");
    assert_eq!(fenced("a\r```\r\nb"), "````\na\n```\nb\n````\n");
}

#[test]
fn bars_tell_what_is_spent_and_what_is_reserved() {
    let windows = [
        window(Amount::Money(cents(2_000)), cents(310).0, cents(100).0),
        window(Amount::Tokens(500_000), 600_000, 0),
        window(Amount::Tokens(0), 0, 0),
    ];
    let expected = "```\n\
        [####+...............]  20 % $4.10 of $20 per month, $1.00 of it reserved, resets 2026-12-01 00:00 UTC\n\
        [####################] 120 % 600,000 tokens of 500000 tokens per month, resets 2026-12-01 00:00 UTC\n\
        [....................] 100 % 0 tokens of 0 tokens per month, resets 2026-12-01 00:00 UTC\n```\n";
    assert_eq!(budget(&windows), expected);
    assert_eq!(fullest(&windows).map(percent), Some(120));
    assert!(budget(&[]).contains("budget.limits"));
}

#[test]
fn a_title_says_what_is_asked() {
    let mut question = Question { kind: Kind::Tests, ..Question::default() };
    assert_eq!(title(&question), "Write tests for this workspace");
    question.focus = Some(Focus { path: "src/a.rs".to_owned(), ..Focus::default() });
    assert_eq!(title(&question), "Write tests for src/a.rs");
    question.focus = Some(Focus { name: Some("A.b".to_owned()), ..Focus::default() });
    assert_eq!(title(&question), "Write tests for A.b");
    question.text = format!("why\n\u{1b}[31m{}", "ä".repeat(100));
    let title = title(&question);
    assert!(title.starts_with("why [31mä") && title.ends_with('…'), "{title}");
    assert_eq!(title.chars().count(), TITLE);
}

#[test]
fn the_footer_tells_cost_tokens_route_and_what_was_sent() {
    let file = SentFile {
        path: "src/`a`\n.rs".to_owned(),
        ranges: std::iter::once(0..1_200).collect(),
        bytes: 1_200,
        is_internal: false,
    };
    let usage = Usage { input_uncached: 1_000, cache_read: 9_000, output: 321, ..Usage::default() };
    let mut cloud = Footer {
        answered_by: "anthropic, claude-x".to_owned(),
        is_cloud: true,
        has_left: true,
        route_reason: "the context does not fit the local model".to_owned(),
        usage,
        cost: cents(12),
        cost_is: Some(Outcome::Counted),
        files: vec![file],
        redactions: 2,
        cited: 3,
        unverified: 1,
        elapsed_ms: 2_345,
        thread: Some("t1".to_owned()),
        ..Footer::default()
    };
    let expected = "\n\n---\n\n\
        * Answered by anthropic, claude-x: $0.12, 10,000 tokens in (90 % from the provider's cache), 321 out, 2.3 s\n\
        * Route: the context does not fit the local model\n\
        * Citations: 3 found in the files, 1 not found and marked\n\
        * Sent: 1.2 kB of 1 file (`src/'a' .rs`); 2 secrets redacted\n\
        * Thread: `t1`\n";
    assert_eq!(footer(&cloud), expected);
    cloud.cost_is = Some(Outcome::Presumed);
    cloud.incomplete = Some("you cancelled it".to_owned());
    let text = footer(&cloud);
    assert!(text.contains("at most $0.12") && text.contains("**Not the whole answer:** you cancelled it"), "{text}");
    let failed = Footer { answered_by: "the index".to_owned(), is_cloud: false, ..cloud };
    assert!(footer(&failed).contains("* Sent: 1.2 kB of 1 file"), "what was paid for in vain was sent, too");
    let local = footer(&Footer { answered_by: "the index".to_owned(), ..Footer::default() });
    assert!(local.contains("nothing left this machine") && !local.contains("Citations"), "{local}");
}

#[test]
fn a_fence_holds_whatever_is_inside() {
    assert_eq!(fenced("a"), "```\na\n```\n");
    assert_eq!(fenced("  ```rust\n````\n"), "`````\n  ```rust\n````\n`````\n");
}

#[test]
fn sizes_and_counts_are_for_people() {
    assert_eq!((bytes(999), bytes(12_345), bytes(2_500_000)), ("999 bytes".into(), "12.3 kB".into(), "2.5 MB".into()));
    assert_eq!((grouped(7), grouped(1_000), grouped(1_234_567)), ("7".into(), "1,000".into(), "1,234,567".into()));
}

#[test]
fn who_may_read_along_without_billing_is_said_before_anything_is_sent() {
    let asked = |host: &str| {
        let (reply, _) = tokio::sync::oneshot::channel();
        let mut preview = Preview::for_tests("mine", "large");
        preview.host = host.to_owned();
        consent(&ConsentRequest { preview, texts: Vec::new(), why: None, may_remember: true, is_guard: false, reply })
    };
    for host in ["generativelanguage.googleapis.com", "generativelanguage.googleapis.com:443"] {
        assert!(asked(host).contains("may be read by people"), "{}", asked(host));
    }
    for host in ["api.anthropic.com:443", "generativelanguage.googleapis.com.example:443", "[::1]:443"] {
        assert!(!asked(host).contains("read by people"), "{}", asked(host));
    }
}

#[test]
fn an_answer_that_is_made_shorter_is_told_with_the_reason() {
    let window = Box::new(window(Amount::Money(cents(2_000)), cents(1_970).0, 0));
    let lowered = crate::gate::Lowered { to: 2_000, from: 8_192, window };
    let sentence = "The answer may have 2,000 tokens instead of 8,192, because $0.30 of $20 per month can be spent now";
    assert_eq!(lowered.to_string(), sentence);
    let mut preview = Preview::for_tests("anthropic", "claude-x");
    preview.lowered = Some(lowered);
    let shown = payload(&preview, &[]);
    assert!(shown.contains("\n* The answer may have 2,000 tokens instead of 8,192, because \\$0.30 of"), "{shown}");
    let (reply, _) = tokio::sync::oneshot::channel();
    let request = ConsentRequest { preview, texts: Vec::new(), why: None, may_remember: true, is_guard: false, reply };
    assert!(consent(&request).contains(&format!(" {sentence}.")), "{}", consent(&request));
    let below = super::footer(&Footer { lowered: Some(sentence.to_owned()), ..Footer::default() });
    assert!(below.contains("\n* The answer may have 2,000 tokens"), "{below}");
}

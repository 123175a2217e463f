//! `tandem demo`: the whole path, from a client's pipes to the summary.

use super::support::User;

#[test]
fn the_demo_plays_without_a_terminal_and_ends_with_a_summary() {
    let user = User::new();
    let ended = user.run(&["demo", "--set", "engine.choice=lookup"]).expect_code(0);
    let text = &ended.stdout;
    assert!(text.contains("the lookup engine completes alone"), "{text}");
    assert!(text.contains("⟦"), "nothing was accepted:\n{text}");
    assert!(text.contains("keys for") && text.contains("written by"), "{text}");
    assert!(text.ends_with("Nothing left this machine.\n"), "{text}");
    assert!(!text.contains('\x1b'), "no colours where there is no terminal");
    assert_eq!(ended.stderr, "");
}

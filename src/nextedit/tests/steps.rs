//! One edit after another: what is typed, taken back, accepted.

use std::time::Duration;

use super::Desk;

const HOME: &str = "pub fn load(path: &str) -> u8 {\n    let size = path.len();\n    size as u8\n}\n";
const USER: &str = "use crate::home::load;\n\nfn main() {\n    load(\"a\");\n}\n";

fn desk() -> Desk {
    let mut desk = Desk::new(&[("src/home.rs", HOME), ("src/main.rs", USER)]);
    desk.set("src/home.rs", HOME);
    desk
}

impl Desk {
    fn type_over(&mut self, path: &str, text: &str) {
        self.now += Duration::from_millis(300);
        self.set(path, text);
    }

    fn wait(&mut self) {
        self.now += Duration::from_secs(60);
    }

    /// Takes the first place's edit, in a document that is opened for it.
    fn accept(&mut self) -> String {
        let place = self.places().into_iter().next().expect("a place");
        let edit = place.edit.clone().expect("an edit");
        let mut text = place.page.text.clone();
        text.replace_range(edit.range, &edit.text);
        self.type_over(&place.page.path.clone(), &text);
        text
    }
}

#[test]
fn a_name_in_the_making_leads_back_to_the_one_before() {
    let mut desk = desk();
    for name in ["loa", "l", "", "r", "re", "read"] {
        desk.type_over("src/home.rs", &HOME.replace("load", name));
        let found = desk.spelled();
        if !name.is_empty() {
            assert_eq!(found.len(), 2, "{name}: {found:?}");
            assert_eq!(found[0], format!("src/main.rs:1 sure: use crate::home::{name};"));
        }
    }
}

#[test]
fn accepted_places_are_gone_and_the_rest_stays() {
    let mut desk = desk();
    desk.type_over("src/home.rs", &HOME.replace("load", "read"));
    assert_eq!(desk.accept(), USER.replacen("load", "read", 1));
    assert_eq!(desk.spelled(), ["src/main.rs:4 sure: read(\"a\");"]);
    assert_eq!(desk.accept(), USER.replace("load", "read"));
    assert_eq!(desk.spelled(), [""; 0]);
}

#[test]
fn the_old_name_back_ends_it() {
    let mut desk = desk();
    desk.type_over("src/home.rs", &HOME.replace("load", "read"));
    assert_eq!(desk.spelled().len(), 2);
    desk.type_over("src/home.rs", HOME);
    assert_eq!(desk.spelled(), [""; 0]);
}

#[test]
fn a_definition_that_is_deleted_leaves_nothing() {
    let mut desk = desk();
    desk.type_over("src/home.rs", "");
    assert_eq!(desk.spelled(), [""; 0]);
    desk.wait();
    desk.type_over("src/home.rs", "pub fn other() {}\n");
    assert_eq!(desk.spelled(), [""; 0]);
}

#[test]
fn what_takes_its_place_under_the_old_name_is_meant() {
    let mut desk = desk();
    let wrapped = format!("{}pub fn load(path: &str) -> u8 {{\n    read(path)\n}}\n", HOME.replace("load", "read"));
    desk.type_over("src/home.rs", &wrapped);
    assert_eq!(desk.spelled(), [""; 0]);
}

#[test]
fn a_new_definition_that_is_typed_was_never_used_before() {
    let mut desk = desk();
    for name in ["m", "ma", "main", "mainly"] {
        desk.type_over("src/home.rs", &format!("{HOME}\npub fn {name}() {{}}\n"));
        assert_eq!(desk.spelled(), [""; 0], "{name}");
    }
    desk.wait();
    desk.type_over("src/main.rs", &format!("{USER}fn user() {{ crate::home::mainly() }}\n"));
    desk.type_over("src/home.rs", &format!("{HOME}\npub fn mostly() {{}}\n"));
    assert_eq!(desk.spelled(), ["src/main.rs:6 sure: fn user() { crate::home::mostly() }"]);
}

#[test]
fn two_renames_with_a_pause_between_leave_both_names_behind() {
    let mut desk = desk();
    desk.type_over("src/home.rs", &HOME.replace("load", "read"));
    desk.accept();
    desk.wait();
    desk.type_over("src/home.rs", &HOME.replace("load", "fetch"));
    let expected = ["src/main.rs:1 sure: use crate::home::fetch;", "src/main.rs:4 sure: fetch(\"a\");"];
    assert_eq!(desk.spelled(), expected);
}

#[test]
fn arguments_that_changed_places_are_changed_once() {
    let home = "pub fn load(path: &str, size: u8) {}\n";
    let user = "use crate::home::load;\nfn main() {\n    load(a, b);\n    load(b, a);\n}\n";
    let mut desk = Desk::new(&[("src/home.rs", home), ("src/main.rs", user)]);
    desk.set("src/home.rs", home);
    desk.type_over("src/home.rs", "pub fn load(size: u8) {}\n");
    assert_eq!(desk.spelled(), ["src/main.rs:3 sure: load(b);", "src/main.rs:4 sure: load(a);"]);
    desk.type_over("src/home.rs", "pub fn load(size: u8, path: &str) {}\n");
    assert_eq!(desk.spelled(), ["src/main.rs:3 sure: load(b, a);", "src/main.rs:4 sure: load(a, b);"]);
    desk.accept();
    assert_eq!(desk.spelled(), ["src/main.rs:4 sure: load(a, b);"]);
    desk.accept();
    assert_eq!(desk.spelled(), [""; 0]);
}

#[test]
fn another_branch_is_no_rename() {
    let text = |prefix: &str| (0..20).map(|n| format!("fn {prefix}{n}() {{\n    work({n});\n}}\n")).collect::<String>();
    let (before, after) = (text("old"), text("new"));
    let user = "fn main() {\n    old3();\n}\n";
    let mut desk = Desk::new(&[("src/home.rs", &before), ("src/main.rs", user)]);
    desk.set("src/home.rs", &before);
    desk.type_over("src/home.rs", &after);
    assert_eq!(desk.spelled(), [""; 0]);
}

#[test]
fn line_ends_and_wide_characters_do_not_move_a_place() {
    let user = "use crate::home::load;\r\n\r\nfn main() {\r\n    let s = \"äß🦀\"; load(\"a\");\r\n}\r\n";
    let mut desk = Desk::new(&[("src/home.rs", HOME), ("src/main.rs", user)]);
    desk.set("src/home.rs", HOME);
    desk.type_over("src/home.rs", &HOME.replace("load", "read"));
    desk.accept();
    assert_eq!(desk.accept(), user.replace("load", "read"));
}

#[test]
fn files_that_cannot_be_written_or_are_ignored_are_left_out() {
    let files = [("src/home.rs", HOME), ("src/main.rs", USER), ("src/locked.rs", USER), ("secret/a.rs", USER)];
    let files = [&files[..], &[(".aiignore", "secret/\n")]].concat();
    let mut desk = Desk::new(&files);
    desk.set("src/home.rs", HOME);
    let locked = desk.path("src/locked.rs");
    let mut permissions = std::fs::metadata(&locked).expect("a file").permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&locked, permissions).expect("permissions");
    desk.type_over("src/home.rs", &HOME.replace("load", "read"));
    assert!(desk.spelled().iter().all(|place| place.starts_with("src/main.rs")), "{:?}", desk.spelled());
    assert_eq!(desk.spelled().len(), 2);
}

//! `tandem man`: a page for each command, with every option in it, that a manual reader takes without a warning.

use std::process::{Command, Stdio};

use super::completions::command_line;
use super::support::{User, files};

/// The file names and texts of all pages.
fn pages() -> Vec<(String, String)> {
    let user = User::new();
    let ended = user.run(&["man", "below/man1"]).expect_code(0);
    assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("", ""));
    let directory = user.path("work/below/man1");
    files(&directory)
        .into_iter()
        .map(|name| {
            let text = std::fs::read_to_string(directory.join(&name)).unwrap();
            (name, text)
        })
        .collect()
}

#[test]
fn every_command_has_a_page_with_its_options() {
    let pages = pages();
    let mut expected: Vec<String> =
        command_line().iter().map(|(command, _)| format!("{}.1", command.replace(' ', "-"))).collect();
    expected.sort();
    let names: Vec<&String> = pages.iter().map(|(name, _)| name).collect();
    assert_eq!(names, expected.iter().collect::<Vec<_>>());
    for (command, options) in command_line() {
        let name = format!("{}.1", command.replace(' ', "-"));
        let (_, text) = pages.iter().find(|(page, _)| *page == name).unwrap();
        let plain = text.replace("\\-", "-");
        for option in options {
            assert!(plain.contains(&option), "{name} does not tell of {option}");
        }
        for section in [".SH NAME", ".SH SYNOPSIS", ".SH DESCRIPTION", ".SH OPTIONS", ".SH \"EXIT STATUS\""] {
            assert_eq!(text.matches(section).count(), 1, "{name}: {section}");
        }
    }
}

#[test]
fn the_main_page_tells_of_every_command_of_files_and_of_variables() {
    let pages = pages();
    let (_, text) = pages.iter().find(|(name, _)| name == "tandem.1").unwrap();
    let plain = text.replace("\\-", "-");
    for (command, _) in command_line().iter().filter(|(command, _)| command.matches(' ').count() == 1) {
        assert!(plain.contains(&format!("{}(1)", command.replace(' ', "-"))), "{command} is not in tandem(1)");
    }
    for word in ["config.toml", ".tandem.toml", "TANDEM_CONFIG", "NO_COLOR"] {
        assert!(plain.contains(word), "{word} is not in tandem(1)");
    }
    assert!(!plain.contains("tandem-engine"), "the engine's process is nobody's command");
}

#[test]
fn the_same_pages_are_the_same_bytes() {
    assert_eq!(pages(), pages());
}

#[test]
fn a_manual_reader_has_nothing_to_complain_of() {
    let user = User::new();
    user.run(&["man", "pages"]).expect_code(0);
    let directory = user.path("work/pages");
    for name in files(&directory) {
        let groff = Command::new("groff")
            .args(["-man", "-Tutf8", "-ww", "-P-c", "-P-b", "-P-o", "-P-u"])
            .arg(directory.join(&name))
            .stdin(Stdio::null())
            .output();
        let Ok(output) = groff else {
            eprintln!("SKIPPED: there is no groff here");
            return;
        };
        assert!(output.status.success(), "{name}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{name}");
        assert!(String::from_utf8_lossy(&output.stdout).contains("EXIT STATUS"), "{name}");
    }
}

#[test]
fn a_place_that_cannot_be_written_is_an_error_that_names_it() {
    let user = User::new();
    user.write("work/file", "not a directory");
    let ended = user.run(&["man", "file"]).expect_code(2);
    assert!(ended.stderr.contains("cannot make the directory file"), "{}", ended.stderr);
}

#[test]
fn the_version_tells_what_the_build_is_made_of() {
    let ended = User::new().run(&["--version"]).expect_code(0);
    let mut lines = ended.stdout.lines();
    assert_eq!(lines.next(), Some(concat!("tandem ", env!("CARGO_PKG_VERSION"))));
    let features: Vec<&str> = lines.next().unwrap().strip_prefix("features: ").unwrap().split(' ').collect();
    assert_eq!(features.contains(&"cloud"), cfg!(feature = "cloud"), "{features:?}");
    assert_eq!(features.contains(&"llama"), cfg!(feature = "llama"), "{features:?}");
    let short = User::new().run(&["-V"]).expect_code(0);
    assert_eq!(short.stdout.lines().count(), 1);
}

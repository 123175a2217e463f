//! `tandem completions`: each shell's script knows every command and option, and the shells that are here run it.

use std::process::{Command, Stdio};

use super::support::User;

/// Commands and options as `--help` shows them, one list for each command.
pub fn shown(command: &clap::Command, path: &str, all: &mut Vec<(String, Vec<String>)>) {
    let options = command.get_arguments().filter(|argument| !argument.is_hide_set());
    let options = options.filter_map(|argument| argument.get_long()).map(|long| format!("--{long}")).collect();
    all.push((path.to_owned(), options));
    for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
        shown(below, &format!("{path} {}", below.get_name()), all);
    }
}

pub fn command_line() -> Vec<(String, Vec<String>)> {
    let mut all = Vec::new();
    shown(&<tandem::cli::Arguments as clap::CommandFactory>::command(), "tandem", &mut all);
    assert!(all.len() > 20, "{all:?}");
    all
}

fn script(shell: &str) -> String {
    let ended = User::new().run(&["completions", shell]).expect_code(0);
    assert_eq!(ended.stderr, "");
    ended.stdout
}

#[test]
fn every_command_and_option_is_in_every_script() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = script(shell);
        for (command, options) in command_line() {
            let name = command.rsplit(' ').next().unwrap();
            assert!(script.contains(name), "{shell} does not know {command}");
            for option in options {
                // Fish writes the name without its dashes.
                let written = if shell == "fish" { format!("-l {}", &option[2..]) } else { option.clone() };
                assert!(script.contains(&written), "{shell} does not know {option} of {command}");
            }
        }
    }
}

#[test]
fn what_is_hidden_is_in_no_script() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = script(shell);
        // The engine's process takes options that no other command has.
        assert!(!script.contains("idle-ms"), "{shell} offers the engine's process");
    }
}

#[test]
fn an_unknown_shell_is_a_mistake_that_names_the_known_ones() {
    let ended = User::new().run(&["completions", "tcsh"]).expect_code(2);
    assert!(ended.stderr.contains("bash, elvish, fish, powershell, zsh"), "{}", ended.stderr);
}

/// What a shell prints for `code` with the completion script as its first argument. None where it is not installed.
fn asked(shell: &str, code: &str) -> Option<String> {
    let user = User::new();
    let file = user.write("script", &script(shell));
    let output = Command::new(shell)
        .args(["-c", code])
        // Bash calls the first word behind the code `$0`, fish gives it as `$argv[1]`.
        .arg(&file)
        .env("HOME", user.path(""))
        .env("SCRIPT", &file)
        .stdin(Stdio::null())
        .output();
    match output {
        Ok(output) => {
            assert!(output.status.success(), "{shell}: {}", String::from_utf8_lossy(&output.stderr));
            assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{shell}");
            Some(String::from_utf8(output.stdout).unwrap())
        }
        Err(_) => {
            eprintln!("SKIPPED: there is no {shell} here");
            None
        }
    }
}

#[test]
fn bash_completes_commands_and_options() {
    let ask = |words: &str, at: usize| {
        let code = format!(
            r#"source "$SCRIPT" || exit 1
               COMP_WORDS=({words}); COMP_CWORD={at}
               _tandem tandem "${{COMP_WORDS[at]}}" "${{COMP_WORDS[at-1]}}"
               printf '%s\n' "${{COMPREPLY[@]}}""#
        );
        asked("bash", &code.replace("[at]", &format!("[{at}]")).replace("[at-1]", &format!("[{}]", at - 1)))
    };
    let Some(commands) = ask("tandem bu", 1) else { return };
    assert_eq!(commands, "budget\n");
    assert_eq!(ask("tandem budget ex", 2).unwrap(), "explain\n");
    assert_eq!(ask("tandem trust --re", 2).unwrap(), "--revoke\n");
    assert_eq!(ask("tandem eng", 1).unwrap(), "\n");
}

#[test]
fn fish_completes_commands_and_options() {
    let ask = |line: &str| asked("fish", &format!(r#"source "$SCRIPT"; and complete --do-complete "{line}""#));
    let Some(commands) = ask("tandem bu") else { return };
    assert!(commands.starts_with("budget\t") && commands.lines().count() == 1, "{commands}");
    assert!(ask("tandem budget ex").unwrap().starts_with("explain\t"));
    assert!(ask("tandem trust --re").unwrap().starts_with("--revoke\t"));
}

#[test]
fn zsh_takes_the_script() {
    // Completion proper needs a terminal; that the functions load and are tied to the command does not.
    let code = r#"autoload -U compinit && compinit -D -u && source "$SCRIPT" && print -- $_comps[tandem] && whence -w _tandem"#;
    let Some(text) = asked("zsh", code) else { return };
    assert_eq!(text, "_tandem\n_tandem: function\n");
}

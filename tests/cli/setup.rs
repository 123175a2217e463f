//! `tandem setup`: what is shown, what is asked, what is written where, and what is left alone.

use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use super::support::{Ended, User, files};

const LANGUAGES: &str = ".config/helix/languages.toml";

fn read(user: &User, relative: &str) -> String {
    std::fs::read_to_string(user.path(relative)).unwrap()
}

#[cfg(unix)]
fn program(user: &User, name: &str, script: &str) {
    use std::os::unix::fs::PermissionsExt;
    let path = user.write(&format!("bin/{name}"), &format!("#!/bin/sh\n{script}\n"));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_missing_file_is_made_once_and_goes_again() {
    let user = User::new();
    let ended = user.run(&["setup", "helix", "--yes"]).expect_code(0);
    assert!(ended.stdout.contains("languages.toml (a new file)\n+ [language-server.tandem]"), "{}", ended.stdout);
    assert!(ended.stdout.contains("Written.\nRestart Helix"), "{}", ended.stdout);
    let first = read(&user, LANGUAGES);
    let parsed: toml::Table = first.parse().unwrap();
    // `tandem` is not on this user's PATH, so it is named in full.
    let command = parsed["language-server"]["tandem"]["command"].as_str().unwrap();
    assert!(Path::new(command).is_absolute() && command.contains("tandem"), "{command}");
    let again = user.run(&["setup", "helix", "--yes"]).expect_code(0);
    assert!(again.stdout.starts_with("Already there: "), "{}", again.stdout);
    assert_eq!(
        (read(&user, LANGUAGES), files(&user.path(".config/helix"))),
        (first, vec!["languages.toml".to_owned()])
    );
    let ended = user.run(&["setup", "helix", "--remove", "--yes"]).expect_code(0);
    assert!(ended.stdout.contains("Taken out."), "{}", ended.stdout);
    assert_eq!(files(&user.path(".config/helix")), ["languages.toml.tandem-backup"]);
    let ended = user.run(&["setup", "helix", "--remove", "--yes"]).expect_code(0);
    assert!(ended.stdout.starts_with("Nothing of Tandem is in "), "{}", ended.stdout);
}

const OTHERS: &str = "# mine\n[language-server.pylsp]\ncommand = \"pylsp\"\n\n[[language]]\nname = \"python\" # snakes\n\
                      language-servers = [ \"pylsp\" ]\n";

#[test]
fn other_servers_stay_and_the_old_file_is_kept() {
    let user = User::new();
    user.write(LANGUAGES, OTHERS);
    let ended = user.run(&["setup", "helix", "--language", "python", "--yes"]).expect_code(0);
    for line in ["- language-servers = [ \"pylsp\" ]", "+ language-servers = [ \"pylsp\", { name = \"tandem\","] {
        assert!(ended.stdout.contains(line), "{}", ended.stdout);
    }
    let with = read(&user, LANGUAGES);
    assert!(with.starts_with("# mine\n[language-server.pylsp]") && with.contains("\"python\" # snakes\n"), "{with}");
    assert_eq!(read(&user, &format!("{LANGUAGES}.tandem-backup")), OTHERS);
    // A second backup does not take the first one's place.
    user.run(&["setup", "helix", "--language", "rust", "--yes"]).expect_code(0);
    assert_eq!(read(&user, &format!("{LANGUAGES}.tandem-backup")), OTHERS);
    assert_eq!(read(&user, &format!("{LANGUAGES}.tandem-backup-2")), with);
    user.run(&["setup", "helix", "--remove", "--yes"]).expect_code(0);
    assert_eq!(read(&user, LANGUAGES), OTHERS);
}

#[test]
fn nothing_is_written_before_somebody_agrees() {
    let user = User::new();
    user.write(LANGUAGES, OTHERS);
    let ended = user.run(&["setup", "helix"]).expect_code(1);
    assert!(ended.stdout.contains("+ [language-server.tandem]"), "{}", ended.stdout);
    assert!(ended.stderr.contains("nobody is here to be asked; --yes agrees"), "{}", ended.stderr);
    let ended = user.run(&["setup", "helix", "--dry-run"]).expect_code(0);
    assert!(ended.stdout.contains("+ [language-server.tandem]"), "{}", ended.stdout);
    let printed = user.run(&["setup", "helix", "--print", "--language", "python"]).expect_code(0).stdout;
    assert!(printed.parse::<toml::Table>().is_ok() && printed.contains("\"ty\", \"ruff\""), "{printed}");
    assert_eq!((read(&user, LANGUAGES), files(&user.path(".config/helix")).len()), (OTHERS.to_owned(), 1));
    // A pipe that says yes is not somebody.
    let mut command = user.command(&["setup", "helix"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    // It may have ended before it is told.
    let _ = child.stdin.take().unwrap().write_all(b"y\n");
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert_eq!(read(&user, LANGUAGES), OTHERS);
}

#[test]
fn what_cannot_be_merged_is_left_alone_with_the_way_out() {
    let user = User::new();
    let ended = user.run(&["setup", "helix", "--language", "rast"]).expect_code(2);
    assert!(
        ended.stderr.contains("Helix has no language `rast`; it has: ")
            && !ended.stderr.contains("Nothing was changed")
    );
    user.write(LANGUAGES, "a = 1\n[language\n");
    let ended = user.run(&["setup", "helix", "--yes"]).expect_code(2);
    assert!(ended.stderr.contains("languages.toml: line 2: "), "{}", ended.stderr);
    assert!(ended.stderr.contains("Nothing was changed. What belongs into it"), "{}", ended.stderr);
    assert!(ended.stderr.contains("[language-server.tandem]"), "{}", ended.stderr);
    assert_eq!(read(&user, LANGUAGES), "a = 1\n[language\n");
    std::fs::write(user.path(LANGUAGES), b"# caf\xe9\n").unwrap();
    let ended = user.run(&["setup", "helix", "--yes"]).expect_code(2);
    assert!(ended.stderr.contains("is not in UTF-8"), "{}", ended.stderr);
    assert_eq!(files(&user.path(".config/helix")), ["languages.toml"]);
}

#[cfg(unix)]
#[test]
fn read_only_files_and_links_are_respected() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let user = User::new();
    let real = user.write("dotfiles/helix.toml", OTHERS);
    std::fs::create_dir_all(user.path(".config/helix")).unwrap();
    symlink("../../dotfiles/helix.toml", user.path(LANGUAGES)).unwrap();
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o444)).unwrap();
    let ended = user.run(&["setup", "helix", "--yes"]).expect_code(2);
    assert!(ended.stderr.contains("is read-only"), "{}", ended.stderr);
    assert_eq!(files(&user.path("dotfiles")), ["helix.toml"]);
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o600)).unwrap();
    let ended = user.run(&["setup", "helix", "--yes"]).expect_code(0);
    assert!(ended.stdout.contains("  which is ") && ended.stdout.contains("dotfiles/helix.toml"), "{}", ended.stdout);
    assert!(user.path(LANGUAGES).is_symlink() && read(&user, LANGUAGES).contains("tandem"));
    assert_eq!(files(&user.path("dotfiles")), ["helix.toml", "helix.toml.tandem-backup"]);
    assert_eq!(real.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

#[cfg(unix)]
#[test]
fn tandem_on_the_path_is_called_by_its_name() {
    let user = User::new();
    std::fs::create_dir_all(user.path("bin")).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_tandem"), user.path("bin/tandem")).unwrap();
    let printed = user.run(&["setup", "zed", "--print"]).expect_code(0).stdout;
    assert!(printed.contains("\"path\": \"tandem\""), "{printed}");
    std::fs::remove_file(user.path("bin/tandem")).unwrap();
    program(&user, "tandem", "exit 1");
    let printed = user.run(&["setup", "zed", "--print"]).expect_code(0).stdout;
    assert!(!printed.contains("\"path\": \"tandem\""), "another program has the name: {printed}");
    let printed = user.run(&["setup", "zed", "--print", "--command", "/opt/tandem"]).expect_code(0).stdout;
    assert!(printed.contains("\"path\": \"/opt/tandem\""), "{printed}");
}

/// Each of the others: the file, and how a file of the user's begins that is kept.
const FILES: [(&str, &str, &str); 5] = [
    ("emacs", ".emacs.d/init.el", "(setq a 1) ; mine\n"),
    ("kakoune", ".config/kak/kakrc", "lsp-enable # mine\n"),
    ("zed", ".config/zed/settings.json", "// mine\n{\n    \"lsp\": {\n        \"pylsp\": {}\n    }\n}\n"),
    (
        "sublime",
        ".config/sublime-text/Packages/User/LSP.sublime-settings",
        "{\n    // mine\n    \"clients\": {\n        \"pylsp\": { \"enabled\": true }\n    }\n}\n",
    ),
    ("neovim", ".config/nvim/plugin/tandem_setup.lua", ""),
];

#[cfg(target_os = "linux")]
#[test]
fn every_editor_s_file_is_written_and_restored() {
    for (editor, file, before) in FILES {
        let user = User::new();
        if !before.is_empty() {
            user.write(file, before);
        }
        user.run(&["setup", editor, "--yes"]).expect_code(0);
        let with = read(&user, file);
        assert!(with.contains("serve") && with.contains("tandem"), "{editor}: {with}");
        assert!(before.lines().all(|line| with.contains(line.trim_end_matches(['}', ' ']))), "{editor}: {with}");
        let again = user.run(&["setup", editor, "--yes"]).expect_code(0);
        assert!(again.stdout.starts_with("Already there: "), "{editor}: {}", again.stdout);
        assert_eq!(read(&user, file), with, "{editor}");
        user.run(&["setup", editor, "--remove", "--yes"]).expect_code(0);
        let left = std::fs::read_to_string(user.path(file)).unwrap_or_default();
        assert_eq!(left, before, "{editor}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_second_run_with_another_program_renews_that_alone() {
    for (editor, file, before) in FILES {
        let user = User::new();
        if !before.is_empty() {
            user.write(file, before);
        }
        user.run(&["setup", editor, "--yes", "--command", "/old/tandem"]).expect_code(0);
        let mut with = read(&user, file);
        if matches!(editor, "zed" | "sublime") {
            with = with.replace("\"serve\"]", "\"serve\", \"--set\", \"a=b\"], // mine\n\"env\": { \"A\": \"serve\" }");
            user.write(file, &with);
        }
        user.run(&["setup", editor, "--yes", "--command", "/new/tandem"]).expect_code(0);
        assert_eq!(read(&user, file), with.replace("/old/", "/new/"), "{editor}");
        let again = user.run(&["setup", editor, "--yes", "--command", "/new/tandem"]).expect_code(0);
        assert!(again.stdout.starts_with("Already there: "), "{editor}: {}", again.stdout);
    }
}

#[test]
fn helix_s_entry_is_renewed_where_it_is_ours_and_told_where_not() {
    let user = User::new();
    let with = |command| ["setup", "helix", "--yes", "--language", "go", "--command", command];
    user.run(&with("/old/tandem")).expect_code(0);
    let old = read(&user, LANGUAGES);
    let ended = user.run(&with("/new/tandem")).expect_code(0);
    assert!(ended.stdout.contains("- command = \"/old/tandem\"\n+ command = \"/new/tandem\"\n"), "{}", ended.stdout);
    assert_eq!(read(&user, LANGUAGES), old.replace("/old/", "/new/"));
    let own = old.replace("[language-server.tandem] # added by tandem", "[language-server.tandem]");
    user.write(LANGUAGES, &own);
    let ended = user.run(&with("/new/tandem")).expect_code(0);
    assert!(ended.stdout.starts_with("Already there: "), "{}", ended.stdout);
    assert!(ended.stdout.contains("so it is yours and stays as it is.\nIt starts something else."), "{}", ended.stdout);
    assert!(ended.stdout.contains("    command = \"/new/tandem\"\n"), "{}", ended.stdout);
    user.run(&["setup", "helix", "--remove", "--yes"]).expect_code(0);
    assert_eq!(read(&user, LANGUAGES), "[language-server.tandem]\ncommand = \"/old/tandem\"\nargs = [\"serve\"]\n");
    let ended = user.run(&["setup", "helix", "--remove", "--yes"]).expect_code(0);
    assert!(ended.stdout.starts_with("Nothing to take out of "), "{}", ended.stdout);
}

#[test]
fn one_language_is_taken_out_alone() {
    let user = User::new();
    user.run(&["setup", "helix", "--yes", "--language", "go"]).expect_code(0);
    let go = read(&user, LANGUAGES);
    user.run(&["setup", "helix", "--yes", "--language", "rust"]).expect_code(0);
    user.run(&["setup", "helix", "--yes", "--remove", "--language", "rust"]).expect_code(0);
    assert_eq!(read(&user, LANGUAGES), go);
    user.run(&["setup", "helix", "--yes", "--remove", "--language", "rast"]).expect_code(2);
    let ended = user.run(&["setup", "sublime", "--yes", "--remove", "--language", "go"]).expect_code(2);
    assert!(ended.stderr.contains("is for Helix: Sublime Text has one entry for all of them"), "{}", ended.stderr);
}

#[test]
fn the_documents_show_what_is_written() {
    let user = User::new();
    for (editor, language) in
        [("helix", "rust"), ("emacs", ""), ("kakoune", ""), ("sublime", ""), ("zed", ""), ("jetbrains", "rust")]
    {
        let mut arguments = vec!["setup", editor, "--print", "--command", "tandem"];
        if !language.is_empty() {
            arguments.extend(["--language", language]);
        }
        let printed = user.run(&arguments).expect_code(0).stdout;
        let marks = [">>> tandem >>>", "<<< tandem <<<"];
        let lines = printed.lines().filter(|line| marks.iter().all(|mark| !line.contains(mark)));
        let block: String = lines.map(|line| format!("{line}\n")).collect();
        let document = format!("{}/docs/editors/{editor}.md", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&document).unwrap();
        assert!(text.contains(&format!("\n{block}```\n")), "{document} lacks this:\n{block}");
    }
}

#[test]
fn another_file_can_be_named() {
    let user = User::new();
    user.run(&["setup", "kakoune", "--yes", "--file", "rc/mine.kak"]).expect_code(0);
    assert!(read(&user, "work/rc/mine.kak").contains("tandem-add-server"));
    for arguments in [["setup", "kakoune", "--yes", "--dry-run"], ["setup", "--yes", "--set", "log.filter=warn"]] {
        user.run(&arguments).expect_code(2);
    }
    let ended = user.run(&["setup", "helix", "--language", "a\"b"]).expect_code(2);
    assert!(ended.stderr.contains("a name has letters"), "{}", ended.stderr);
    let ended = user.run(&["setup", "helix", "--command", " "]).expect_code(2);
    assert!(ended.stderr.contains("not a program's name"), "{}", ended.stderr);
}

#[cfg(unix)]
#[test]
fn without_an_editor_it_says_what_is_here() {
    let user = User::new();
    let ended = user.run(&["setup"]).expect_code(0);
    let all = "not here      Neovim, Helix, VS Code, Zed, Emacs, Kakoune, Sublime Text, JetBrains";
    assert!(ended.stdout.contains(all), "{}", ended.stdout);
    program(&user, "hx", "echo helix 25.07.1");
    program(&user, "kak", "echo Kakoune v2025");
    user.write(".config/kak/kakrc", "# >>> tandem >>>\n");
    user.run(&["setup", "neovim", "--yes"]).expect_code(0);
    let lines = |ended: Ended| ended.stdout;
    let stdout = lines(user.run(&["setup"]).expect_code(0));
    assert!(stdout.contains("Helix         helix 25.07.1; not set up: tandem setup helix\n"), "{stdout}");
    assert!(stdout.contains("Neovim        not on the PATH; set up in "), "{stdout}");
    assert!(stdout.contains("kakrc cannot be changed: the lines `>>> tandem >>>`"), "{stdout}");
    user.run(&["setup", "helix", "--yes", "--language", "rust"]).expect_code(0);
    let stdout = lines(user.run(&["setup"]).expect_code(0));
    assert!(stdout.contains("languages.toml; `tandem setup helix` would bring it up to date"), "{stdout}");
    user.run(&["setup", "helix", "--yes"]).expect_code(0);
    let stdout = lines(user.run(&["setup"]).expect_code(0));
    assert!(stdout.contains("Helix         helix 25.07.1; set up in "), "{stdout}");
}

#[cfg(unix)]
#[test]
fn vs_code_installs_the_package_itself() {
    let user = User::new();
    let ended = user.run(&["setup", "vscode", "--yes"]).expect_code(2);
    let name = concat!("tandem-vscode-", env!("CARGO_PKG_VERSION"), ".vsix came with ");
    assert!(ended.stderr.contains(name) && ended.stderr.contains("name it by --vsix"), "{}", ended.stderr);
    let vsix = user.write("work/tandem-0.1.0.vsix", "");
    let ended = user.run(&["setup", "vscode", "--yes", "--vsix", "tandem-0.1.0.vsix"]).expect_code(2);
    assert!(ended.stderr.contains("none of code, codium and code-server is on the PATH"), "{}", ended.stderr);
    program(&user, "code", "case $1 in --version) echo 1.139.1 ;; *) echo \"$@\" >> \"$HOME/ran\" ;; esac");
    let ended = user.run(&["setup", "vscode", "--yes", "--vsix", "none.vsix"]).expect_code(2);
    assert!(ended.stderr.contains("cannot read none.vsix"), "{}", ended.stderr);
    let ended = user.run(&["setup", "vscode", "--dry-run", "--vsix", "tandem-0.1.0.vsix"]).expect_code(0);
    assert!(ended.stdout.contains("/code --install-extension "), "{}", ended.stdout);
    user.run(&["setup", "vscode", "--vsix", "tandem-0.1.0.vsix"]).expect_code(1);
    assert!(!user.path("ran").exists(), "nobody agreed");
    user.run(&["setup", "vscode", "--yes", "--vsix", "tandem-0.1.0.vsix"]).expect_code(0);
    let real = vsix.canonicalize().unwrap();
    assert_eq!(read(&user, "ran"), format!("--install-extension {}\n", real.display()));
    let universal = concat!("work/tandem-vscode-", env!("CARGO_PKG_VERSION"), ".vsix");
    let universal = user.write(universal, "").display().to_string();
    let ended = user.run(&["setup", "vscode", "--yes", "--vsix", &universal]).expect_code(0);
    assert!(ended.stdout.contains("There is no program in it, and `tandem` is not on the PATH"), "{}", ended.stdout);
    let ended = user.run(&["setup", "vscode", "--remove", "--yes"]).expect_code(0);
    assert!(ended.stdout.contains("Nothing of Tandem is in VS Code's extensions"), "{}", ended.stdout);
    program(&user, "code", "case $1 in --version) echo 1 ;; *) echo no >&2; exit 3 ;; esac");
    let ended = user.run(&["setup", "vscode", "--yes", "--vsix", "tandem-0.1.0.vsix"]).expect_code(2);
    assert!(ended.stderr.contains("failed: "), "{}", ended.stderr);
    let ended = user.run(&["setup", "vscode", "--language", "rust"]).expect_code(2);
    assert!(ended.stderr.contains("are its settings"), "{}", ended.stderr);
    let ended = user.run(&["setup", "helix", "--vsix", "a"]).expect_code(2);
    assert!(ended.stderr.contains("--vsix is for VS Code"), "{}", ended.stderr);
}

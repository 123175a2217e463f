//! Emacs: a block in the init file that makes Tandem known to eglot and to lsp-mode, whichever is used.

use std::path::PathBuf;

use anyhow::bail;

use super::block::Block;
use super::edits::line_number;
use super::recipe::{Recipe, Wanted, config_home, quoted};
use crate::config::Environment;

const BLOCK: Block = Block { comment: ";;;", command: "tandem setup emacs" };

pub struct Emacs<'a>(pub &'a Wanted);

impl Emacs<'_> {
    /// lsp-mode runs Tandem beside the language's own server. eglot runs one server for a buffer: Tandem where it knows no
    /// other, because its entry is the last one, and elsewhere by `tandem-eglot`. The first line is a default for those who have
    /// set nothing: lsp-mode's own is two seconds. lsp-mode 10 shows ghost text, but announces it by a null, which elsewhere means
    /// that it is not there: so it is said once more. And while it waits for an answer it loses what comes in one piece with it, so
    /// commands are not waited for.
    fn body(&self) -> String {
        let command = quoted(&self.0.command);
        format!(
            r#"(defvar lsp-inline-completion-idle-delay 0.2)
(with-eval-after-load 'lsp-mode
  (lsp-register-client
   (make-lsp-client :new-connection (lsp-stdio-connection '({command} "serve"))
                    :activation-fn (lambda (&rest _) t)
                    :add-on? t
                    :priority -2
                    :custom-capabilities '((experimental . ((tandemInlineCompletion . t))))
                    :notification-handlers (lsp-ht ("tandem/status" #'ignore))
                    :action-handlers (lsp-ht ("tandem.ask" #'tandem-lsp-run) ("tandem.preview" #'tandem-lsp-run))
                    :server-id 'tandem)))
(defun tandem-lsp-run (action)
  "Have Tandem run the command of ACTION, and wait for nothing."
  (lsp-request-async "workspace/executeCommand"
                     (list :command (lsp:command-command action) :arguments (lsp:command-arguments? action))
                     #'ignore))
(with-eval-after-load 'eglot
  (add-to-list 'eglot-server-programs '((prog-mode text-mode) . ({command} "serve")) t))
(defun tandem-eglot ()
  "Have Tandem as the server of this buffer's major mode, in place of its usual one."
  (interactive)
  (require 'eglot)
  (setq-local eglot-server-programs (list (cons major-mode '({command} "serve"))))
  (call-interactively #'eglot))"#
        )
    }
}

impl Recipe for Emacs<'_> {
    /// The first that exists, in the order in which Emacs looks; where there is none, the one that Emacs would make.
    fn file(&self, environment: &Environment) -> Option<PathBuf> {
        let home = environment.directory("HOME").or_else(|| {
            // On Windows Emacs takes this for the home where HOME is not set.
            environment.directory("APPDATA").filter(|_| cfg!(windows))
        })?;
        let old = home.join(".emacs.d");
        let known = [home.join(".emacs.el"), home.join(".emacs"), old.join("init.el")];
        let xdg = config_home(environment).map(|base| base.join("emacs"));
        let found = known.iter().find(|file| file.exists()).cloned();
        let xdg_exists = xdg.as_ref().is_some_and(|directory| directory.exists()) && !old.exists();
        found
            .or_else(|| xdg.filter(|_| xdg_exists).map(|directory| directory.join("init.el")))
            .or(Some(old.join("init.el")))
    }

    fn add(&self, text: &str) -> anyhow::Result<String> {
        check_balanced(text)?;
        BLOCK.put(text, &self.body())
    }

    fn remove(&self, text: &str) -> anyhow::Result<String> {
        BLOCK.take(text)
    }

    fn notes(&self) -> Vec<String> {
        vec![
            "M-x lsp or M-x eglot starts it in a buffer; M-x tandem-eglot where eglot would take another server."
                .into(),
            "docs/editors/emacs.md has the rest.".into(),
        ]
    }
}

/// What is appended must not land inside of an expression or a text that has no end.
fn check_balanced(text: &str) -> anyhow::Result<()> {
    let (mut depth, mut string, mut opened) = (0_usize, None, 0);
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match (character, string) {
            ('\\', _) => drop(characters.next()),
            ('"', None) => string = Some(at),
            ('"', Some(_)) => string = None,
            (_, Some(_)) => {}
            // A character: ?( and ?\( and ?"; but not a question mark inside a name.
            ('?', None) => {
                let is_name =
                    text[..at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || "-_?!*+/<>=".contains(c));
                if !is_name && characters.next().is_some_and(|(_, next)| next == '\\') {
                    characters.next();
                }
            }
            (';', None) => drop(characters.by_ref().find(|(_, c)| *c == '\n')),
            ('(' | '[', None) => {
                opened = if depth == 0 { at } else { opened };
                depth += 1;
            }
            (')' | ']', None) => match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => bail!("line {}: a bracket is closed that was not opened; mend it first", line_number(text, at)),
            },
            _ => {}
        }
    }
    match string {
        Some(at) => bail!("line {}: a text has no end; mend it first", line_number(text, at)),
        None if depth > 0 => bail!("line {}: an expression has no end; mend it first", line_number(text, opened)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(text: &str) -> anyhow::Result<String> {
        Emacs(&Wanted { command: "tandem".into(), languages: Vec::new() }).add(text)
    }

    #[test]
    fn it_is_appended_to_whole_expressions_only() {
        for whole in ["", "(a)\n", "; (\n(a \")\" ?( ?\\) ?\\\" [b]) ; \"\n", "(a?b (c))", "(setq x '(?\" . 1))\n"] {
            let with = add(whole).unwrap();
            assert!(with.starts_with(whole) && with.contains("make-lsp-client"), "{whole}");
            check_balanced(&with).unwrap();
        }
        for (broken, problem) in [
            ("(a)\n(b\n", "line 2: an expression has no end"),
            ("(a))\n", "line 1: a bracket is closed"),
            ("\n\"abc\n", "line 2: a text has no end"),
        ] {
            let error = add(broken).unwrap_err().to_string();
            assert!(error.starts_with(problem), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn the_init_file_is_the_one_that_emacs_reads() {
        let place = tempfile::tempdir().unwrap();
        let home = place.path();
        let environment = Environment::of(&[("HOME", home.to_str().unwrap())]);
        let file = || Emacs(&Wanted::default()).file(&environment).unwrap();
        let create = |relative: &str| {
            std::fs::create_dir_all(home.join(relative).parent().unwrap()).unwrap();
            std::fs::write(home.join(relative), "").unwrap();
        };
        assert_eq!(file(), home.join(".emacs.d/init.el"));
        std::fs::create_dir_all(home.join(".config/emacs")).unwrap();
        assert_eq!(file(), home.join(".config/emacs/init.el"));
        create(".emacs.d/init.el");
        assert_eq!(file(), home.join(".emacs.d/init.el"));
        create(".emacs");
        assert_eq!(file(), home.join(".emacs"));
    }
}

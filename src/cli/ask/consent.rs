//! Asks for consent at a terminal. Where nobody can answer, only `--yes` is a yes.

use std::io::{self, IsTerminal, Write};

use super::screen::harmless;
use crate::ask::{ConsentReply, ConsentRequest};
use crate::session::questions::words;

/// How a yes can come about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// The user said so when they typed the command.
    Given,
    AtTheTerminal,
    /// Nobody is there to be asked.
    Nobody,
}

impl Permission {
    pub fn of(yes: bool) -> Self {
        match yes {
            true => Self::Given,
            // The question goes to stderr, the answer comes from stdin.
            false if io::stdin().is_terminal() && io::stderr().is_terminal() => Self::AtTheTerminal,
            false => Self::Nobody,
        }
    }
}

/// What was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Typed {
    Once,
    Always,
    Show,
    No,
}

pub async fn ask(permission: Permission, request: &ConsentRequest) -> ConsentReply {
    match permission {
        Permission::Given if !request.is_guard => return ConsentReply::Once,
        // What loops has `--yes`, too.
        Permission::Given => {
            eprintln!("tandem: {}", harmless(&words::consent(request)));
            eprintln!("tandem: --yes does not allow that; ask at a terminal without it, or wait five minutes");
            return ConsentReply::Refused;
        }
        Permission::Nobody => {
            eprintln!("tandem: {}", harmless(&words::consent(request)));
            eprintln!("tandem: nobody is here to be asked; --yes allows it");
            return ConsentReply::Refused;
        }
        Permission::AtTheTerminal => {}
    }
    loop {
        eprintln!("{}", harmless(&words::consent(request)));
        let always = if request.may_remember { ", a = always for this workspace" } else { "" };
        eprint!("y = this time{always}, s = show it, anything else = no: ");
        let _ = io::stderr().flush();
        let line = tokio::task::spawn_blocking(|| {
            let mut line = String::new();
            io::stdin().read_line(&mut line).map(|_| line)
        });
        let line = line.await.ok().and_then(Result::ok).unwrap_or_default();
        return match read(&line) {
            Typed::Once => ConsentReply::Once,
            Typed::Always if request.may_remember => ConsentReply::Workspace,
            Typed::Show => {
                for line in words::payload(&request.preview, &request.texts).lines() {
                    eprintln!("{}", harmless(line));
                }
                continue;
            }
            Typed::Always | Typed::No => ConsentReply::Refused,
        };
    }
}

fn read(line: &str) -> Typed {
    match line.trim().to_lowercase().as_str() {
        "y" | "yes" => Typed::Once,
        "a" | "always" => Typed::Always,
        "s" | "show" => Typed::Show,
        _ => Typed::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(is_guard: bool) -> ConsentRequest {
        let (reply, _) = tokio::sync::oneshot::channel();
        let preview = crate::gate::Preview::default();
        ConsentRequest { preview, texts: Vec::new(), why: None, may_remember: !is_guard, is_guard, reply }
    }

    #[test]
    fn only_a_yes_is_a_yes() {
        assert_eq!(["y\n", " YES ", "a", "s"].map(read), [Typed::Once, Typed::Once, Typed::Always, Typed::Show]);
        for line in ["", "\n", "n", "yep", "y y", "ä"] {
            assert_eq!(read(line), Typed::No, "{line:?}");
        }
    }

    #[tokio::test]
    async fn without_a_terminal_only_the_option_allows_it() {
        assert_eq!(ask(Permission::Given, &request(false)).await, ConsentReply::Once);
        assert_eq!(ask(Permission::Given, &request(true)).await, ConsentReply::Refused, "a loop says yes, too");
        assert_eq!(ask(Permission::Nobody, &request(false)).await, ConsentReply::Refused);
    }
}

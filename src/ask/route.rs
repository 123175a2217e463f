//! Where a question is answered, and why: one function of facts.

use std::fmt;

use super::Kind;
use super::refusal::explain;
use crate::budget::Picodollars;
use crate::config::RouteChoice;
use crate::gate::Withheld;

/// The model of the settings, as far as it is known before anything is packed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelFacts {
    /// Provider and model, for people.
    pub name: String,
    /// On this machine or on one of the user's.
    pub is_local: bool,
    /// Tokens of prompt that it takes.
    pub room: u64,
    /// Why nothing can be sent to it.
    pub blocked: Option<Withheld>,
    /// Why it is of no use to try now.
    pub down: Option<String>,
    /// What the limits leave, in money. None where there is none in money.
    pub left: Option<Picodollars>,
}

/// All that decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The question's own, else the setting.
    pub choice: RouteChoice,
    pub kind: Kind,
    /// It asks for a place that the index has: where something is defined, who calls it.
    pub is_lookup: bool,
    /// A file that the question is about and that stays on this machine.
    pub stays: Option<String>,
    /// Tokens of what it is about, without what would be found besides.
    pub needed: u64,
    /// None where no provider is named or nothing can be sent.
    pub model: Option<ModelFacts>,
    /// Tokens of prompt that the model on this machine takes. None where there is none, or where nobody looked.
    pub here: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Route {
    Local,
    Cloud,
    /// The cloud, if the user allows it now or has allowed this workspace.
    AskMe,
}

/// Who answers locally.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Local {
    /// What is known of the workspace, without any model.
    Index,
    /// The model on this machine that the engine runs.
    Model,
    /// A server of the user's.
    Server,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The user's choice.
    Chosen,
    /// Of this kind of question the index knows the answer.
    Known,
    /// The user's own server answers whatever fits.
    Own,
    /// The same, with a part of the context.
    OwnCut {
        needed: u64,
        room: u64,
    },
    /// The question needs more than what is here.
    Needs(Kind),
    NoModel,
    /// There is a model on this machine, and no other.
    Here,
    Stays(String),
    Blocked(Withheld),
    Down(String),
    NothingLeft,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    pub route: Route,
    pub local: Local,
    pub reason: Reason,
    /// A cloud model that could be asked and is not: its name, for the user to know.
    pub offer: Option<String>,
    /// The model on this machine has no room for all, which is not the reason: a sentence of its own.
    pub cut: Option<String>,
}

/// See the room. Who would rather have a cloud model than nothing is told of it, and asked. What is in the index it answers
/// itself, at once and without mistakes; where prose is wanted and no cloud or server gives it, the model on this machine does.
pub fn decide(facts: &Facts) -> Decision {
    let decision = without_model(facts);
    match facts.here {
        Some(room) if wants_prose(facts, &decision) => {
            let cut = (facts.needed > room).then_some(Reason::OwnCut { needed: facts.needed, room });
            let (reason, cut) = match (decision.reason, cut) {
                // Who chose so, or has no other, knows why it is this one.
                (Reason::NoModel | Reason::Here | Reason::Chosen, Some(cut)) => (cut, None),
                (Reason::NoModel, None) => (Reason::Here, None),
                (reason, cut) => (reason, cut.map(|cut| format!("The model on this machine answers: {cut}."))),
            };
            Decision { local: Local::Model, reason, cut, ..decision }
        }
        _ => decision,
    }
}

/// The index would answer, and knows less of it than a model.
pub fn wants_prose(facts: &Facts, decision: &Decision) -> bool {
    (decision.route, decision.local) == (Route::Local, Local::Index) && !facts.is_lookup
}

fn without_model(facts: &Facts) -> Decision {
    let local = |local, reason| Decision { route: Route::Local, local, reason, offer: None, cut: None };
    let Some(model) = &facts.model else {
        let reason = if facts.choice == RouteChoice::Local { Reason::Chosen } else { Reason::NoModel };
        return local(Local::Index, reason);
    };
    let refusal = match (&model.blocked, &model.down) {
        (Some(withheld), _) => Some(Reason::Blocked(withheld.clone())),
        (None, Some(why)) => Some(Reason::Down(why.clone())),
        (None, None) => None,
    };
    if model.is_local {
        if let Some(reason) = refusal {
            return local(Local::Index, reason);
        }
        let reason = match facts.choice {
            _ if facts.needed > model.room => Reason::OwnCut { needed: facts.needed, room: model.room },
            RouteChoice::Local => Reason::Chosen,
            RouteChoice::Ask | RouteChoice::Auto | RouteChoice::Cloud => Reason::Own,
        };
        return local(Local::Server, reason);
    }
    // Files decide before anything else: whatever the user chose, they do not leave.
    if let Some(path) = facts.stays.clone().filter(|_| facts.choice != RouteChoice::Local) {
        return local(Local::Index, Reason::Stays(path));
    }
    let nothing_left = (model.left == Some(Picodollars::ZERO)).then_some(Reason::NothingLeft);
    let refusal = refusal.or(nothing_left);
    match (facts.choice, refusal) {
        (RouteChoice::Local, refusal) => {
            let offer = (refusal.is_none() && facts.stays.is_none()).then(|| model.name.clone());
            Decision { offer, ..local(Local::Index, Reason::Chosen) }
        }
        (_, Some(reason)) => local(Local::Index, reason),
        (RouteChoice::Ask | RouteChoice::Auto, None) if facts.is_lookup => {
            Decision { offer: Some(model.name.clone()), ..local(Local::Index, Reason::Known) }
        }
        (RouteChoice::Cloud, None) => Decision { route: Route::Cloud, ..local(Local::Index, Reason::Chosen) },
        (RouteChoice::Auto, None) => Decision { route: Route::Cloud, ..local(Local::Index, Reason::Needs(facts.kind)) },
        (RouteChoice::Ask, None) => Decision { route: Route::AskMe, ..local(Local::Index, Reason::Needs(facts.kind)) },
    }
}

/// A sentence.
impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.route, self.local) {
            (Route::Local, Local::Index) => f.write_str("answered from the index: ")?,
            (Route::Local, Local::Model) => f.write_str("answered by the model on this machine: ")?,
            (Route::Local, Local::Server) => f.write_str("answered by your own server: ")?,
            (Route::Cloud, _) => f.write_str("asked the cloud model: ")?,
            (Route::AskMe, _) => f.write_str("the cloud model, if you allow it: ")?,
        }
        self.reason.fmt(f)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chosen => f.write_str("you chose so"),
            Self::Known => f.write_str("where a definition is and who uses it is known here"),
            Self::Own => f.write_str("it is the model of your settings, and nothing leaves your machines"),
            Self::OwnCut { needed, room } => {
                write!(f, "it takes {room} tokens, so a part of the {needed} that the question is about is left out")
            }
            Self::Needs(kind) => f.write_str(match kind {
                Kind::Ask => "the question spans more of the workspace than a model on this machine can weigh",
                Kind::Explain => "an explanation needs a model, and none on this machine can give it",
                Kind::WhyError => "finding an error's cause needs a model, and none on this machine can do it",
                Kind::Tests | Kind::Document | Kind::Refactor => "a change needs a model that can write it",
            }),
            Self::NoModel => {
                f.write_str("no model for questions is set up; `cloud.provider` and `cloud.model` name one")
            }
            Self::Here => f.write_str("it is the one that is set up, and nothing leaves"),
            Self::Stays(path) => write!(f, "{path} may not leave this machine (`privacy.localOnly`)"),
            Self::Blocked(withheld) => f.write_str(&explain(withheld)),
            Self::Down(why) => f.write_str(why),
            Self::NothingLeft => {
                f.write_str("nothing is left of the budget; `tandem budget` shows when there is again")
            }
        }
    }
}

/// Whether the words ask for a place or for uses, of which the index knows more than a model.
pub fn is_lookup(kind: Kind, text: &str) -> bool {
    const BEGINNINGS: &[&str] = &[
        "where is",
        "where are",
        "where's",
        "who calls",
        "who uses",
        "what calls",
        "what uses",
        "which files use",
        "which files define",
        "which file defines",
        "find the definition",
        "find all references",
        "find references",
        "find uses",
        "list the callers",
        "callers of",
        "definition of",
        "references to",
        "uses of",
        "show me the definition",
        "go to",
    ];
    let text = text.trim().to_lowercase();
    // Longer ones ask for more than that.
    kind == Kind::Ask && text.split_whitespace().count() <= 10 && BEGINNINGS.iter().any(|start| text.starts_with(start))
}

#[cfg(test)]
mod tests;

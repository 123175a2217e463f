//! What an argument list has to be for a signature that changed.
//!
//! Arguments move with the parameters that they were given for. Where that cannot be told, or a value would have to be made
//! up, there is no answer.

use super::change::Parameter;
use crate::syntax::{Item, ItemRole, List};

/// What becomes of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is not one of the former signature, or right for both.
    Fine,
    /// What stands between the brackets has to become this. `is_told`: the call is wrong as it is; otherwise it could
    /// have followed already. `drops`: a value goes that somebody computes.
    Rewrite { inner: String, is_told: bool, drops: bool },
    /// It is wrong, and what is right is not in the syntax.
    Look,
}

/// A call as it is written.
pub struct Written<'a> {
    pub list: &'a List,
    /// The whole text that its ranges are of.
    pub text: &'a str,
    /// `name=value` is how an argument is given by name.
    pub names_with_equals: bool,
    /// Every argument has its label, and its place (Swift).
    pub is_labelled: bool,
    /// Whether a variable of this name can be used there.
    pub in_scope: &'a dyn Fn(&str) -> bool,
}

/// An argument and where it goes.
struct Given<'a> {
    item: &'a Item,
    by_name: bool,
}

pub fn judge(before: &[Parameter], now: &[Parameter], written: &Written<'_>) -> Verdict {
    let (before, now) = (takes(before), takes(now));
    if before == now {
        return Verdict::Fine;
    }
    if written.list.items.iter().any(|item| item.role == ItemRole::Spread) {
        return Verdict::Look;
    }
    let Some(given) = given(&before, written) else { return Verdict::Fine };
    let fits_now = self::given(&now, written).is_some();
    let partners = partners(&before, &now);
    let rewritten = partners.and_then(|partners| rewrite(&before, &now, &partners, &given, written));
    match rewritten {
        Some((inner, _)) if inner == inner_text(written) => Verdict::Fine,
        // A comment would stand beside another argument.
        Some(_) if !written.list.is_plain => Verdict::Look,
        Some((inner, drops)) => Verdict::Rewrite { inner, is_told: !fits_now, drops },
        None if fits_now => Verdict::Fine,
        None => Verdict::Look,
    }
}

fn inner_text<'a>(written: &Written<'a>) -> &'a str {
    written.text.get(written.list.inner.clone()).unwrap_or_default()
}

/// Parameters that a call has to do with.
fn takes(parameters: &[Parameter]) -> Vec<&Parameter> {
    let is_mark = |parameter: &Parameter| parameter.role == ItemRole::Spread && parameter.rest == "/";
    parameters.iter().filter(|parameter| parameter.role != ItemRole::Receiver && !is_mark(parameter)).collect()
}

/// A star alone: what follows is given by name.
fn is_star(parameter: &Parameter) -> bool {
    parameter.role == ItemRole::Spread && parameter.name.is_empty() && parameter.rest == "*"
}

/// Which argument is given for each parameter, and last those beyond. None where the call does not fit.
fn given<'a>(parameters: &[&Parameter], written: &Written<'a>) -> Option<Vec<Vec<Given<'a>>>> {
    let mut given: Vec<Vec<Given<'a>>> = (0..parameters.len()).map(|_| Vec::new()).collect();
    let mut next = 0;
    for item in &written.list.items {
        let keyword = item.name.clone().filter(|_| item.role == ItemRole::Keyword && !written.is_labelled);
        if let Some(name) = keyword {
            let name = written.text.get(name)?;
            let known = parameters.iter().position(|parameter| parameter.name == name);
            let swallows =
                || parameters.iter().rposition(|parameter| parameter.role == ItemRole::Spread && !is_star(parameter));
            let at = known.or_else(swallows)?;
            if !given[at].is_empty() && parameters[at].role != ItemRole::Spread {
                return None;
            }
            given[at].push(Given { item, by_name: true });
            continue;
        }
        let parameter = parameters.get(next)?;
        if parameter.role == ItemRole::Keyword || is_star(parameter) {
            return None;
        }
        given[next].push(Given { item, by_name: false });
        if parameter.role != ItemRole::Spread {
            next += 1;
        }
    }
    let is_missing = |(parameter, given): (&&Parameter, &Vec<Given<'_>>)| {
        given.is_empty()
            && match parameter.role {
                ItemRole::Plain => true,
                ItemRole::Keyword => parameter.default.is_none() && !parameter.rest.contains(':'),
                _ => false,
            }
    };
    let misses = parameters.iter().zip(&given).any(is_missing);
    (!misses).then_some(given)
}

/// For each parameter of now the former one. None where that cannot be told.
fn partners(before: &[&Parameter], now: &[&Parameter]) -> Option<Vec<Option<usize>>> {
    let is_twice = |all: &[&Parameter]| {
        all.iter()
            .enumerate()
            .any(|(at, one)| !one.name.is_empty() && all[..at].iter().any(|other| other.name == one.name))
    };
    if is_twice(before) || is_twice(now) {
        return None;
    }
    let find = |parameter: &&Parameter| {
        before.iter().position(|other| match parameter.name.is_empty() {
            true => other.name.is_empty() && other.rest == parameter.rest,
            false => other.name == parameter.name,
        })
    };
    let mut partners: Vec<Option<usize>> = now.iter().map(find).collect();
    let mut taken: Vec<bool> = vec![false; before.len()];
    for partner in partners.iter().flatten() {
        // Two without a name and of one type.
        if std::mem::replace(&mut taken[*partner], true) {
            return None;
        }
    }
    // What has another name at its old place, and takes the same, was renamed.
    for at in 0..now.len() {
        let is_renamed = |old: &&Parameter| {
            old.rest == now[at].rest && old.role == now[at].role && (!old.rest.is_empty() || before.len() == now.len())
        };
        if partners[at].is_none()
            && taken.get(at) == Some(&false)
            && before.len() == now.len()
            && before.get(at).is_some_and(is_renamed)
        {
            partners[at] = Some(at);
            taken[at] = true;
        }
    }
    Some(partners)
}

fn rewrite(
    before: &[&Parameter],
    now: &[&Parameter],
    partners: &[Option<usize>],
    given: &[Vec<Given<'_>>],
    written: &Written<'_>,
) -> Option<(String, bool)> {
    let text = |item: &Item| written.text.get(item.range.clone()).map(str::to_owned);
    let mut arguments: Vec<String> = Vec::new();
    // From here on arguments are given by name, or nothing may follow.
    let (mut by_name, mut was_left_out) = (false, false);
    let follows = |by_name: bool, was_left_out: bool, name: &str, value: String| -> Option<String> {
        if !by_name && !was_left_out {
            return Some(value);
        }
        (written.names_with_equals && !name.is_empty()).then(|| format!("{name}={value}"))
    };
    for (parameter, partner) in now.iter().zip(partners) {
        if is_star(parameter) {
            by_name = true;
            continue;
        }
        let Some(partner) = *partner else {
            if parameter.role == ItemRole::Spread {
                continue;
            }
            let is_behind = later_by_place(now, partners, given, parameter);
            if matches!(parameter.role, ItemRole::Optional) || parameter.default.is_some() {
                // May be left out where nothing has to stand behind it.
                match &parameter.default {
                    Some(default) if is_behind && is_literal(default) && !by_name && !was_left_out => {
                        arguments.push(default.clone());
                    }
                    _ if is_behind && !written.names_with_equals => return None,
                    _ => was_left_out = true,
                }
                continue;
            }
            let is_safe =
                parameter.role == ItemRole::Plain && !written.is_labelled && (written.in_scope)(&parameter.name);
            if !is_safe {
                return None;
            }
            arguments.push(follows(by_name, was_left_out, &parameter.name, parameter.name.clone())?);
            by_name |= by_name || was_left_out;
            continue;
        };
        let old = before[partner];
        if (old.role == ItemRole::Spread) != (parameter.role == ItemRole::Spread) {
            return None;
        }
        if given[partner].is_empty() {
            was_left_out |= parameter.role != ItemRole::Spread;
            // It has to be given now.
            if parameter.role == ItemRole::Plain {
                return None;
            }
        }
        for argument in &given[partner] {
            if !argument.by_name {
                let value = text(argument.item)?;
                let value = match &argument.item.name {
                    // A label goes with its parameter's name.
                    Some(label) if written.is_labelled && old.name != parameter.name => {
                        let rest = written.text.get(label.end..argument.item.range.end)?;
                        if written.text.get(label.clone())? != old.name {
                            return None;
                        }
                        format!("{}{rest}", parameter.name)
                    }
                    _ => value,
                };
                if parameter.role == ItemRole::Keyword && !written.is_labelled {
                    return None;
                }
                arguments.push(follows(by_name, was_left_out, &parameter.name, value)?);
                by_name |= was_left_out;
                continue;
            }
            let name = argument.item.name.clone()?;
            let rest = written.text.get(name.end..argument.item.range.end)?;
            let is_own = written.text.get(name.clone())? == old.name;
            let name = if is_own { parameter.name.as_str() } else { written.text.get(name)? };
            arguments.push(format!("{name}{rest}"));
            by_name = true;
        }
    }
    let kept: Vec<usize> = partners.iter().flatten().copied().collect();
    let dropped = (0..before.len()).filter(|old| !kept.contains(old)).flat_map(|old| &given[old]);
    let dropped: Vec<&Given<'_>> = dropped.collect();
    // Many values went with their parameter: that is more than one edit.
    if dropped.iter().any(|argument| argument.by_name && before.iter().all(|old| !names(argument, old, written))) {
        return None;
    }
    let drops = dropped.iter().any(|argument| text(argument.item).is_some_and(|text| text.contains('(')));
    Some((join(&arguments, written), drops))
}

fn names(argument: &Given<'_>, parameter: &Parameter, written: &Written<'_>) -> bool {
    argument.item.name.clone().and_then(|name| written.text.get(name)) == Some(parameter.name.as_str())
}

/// An argument that is given by its place belongs to a parameter behind this one.
fn later_by_place(
    now: &[&Parameter],
    partners: &[Option<usize>],
    given: &[Vec<Given<'_>>],
    parameter: &Parameter,
) -> bool {
    let at = now.iter().position(|other| std::ptr::eq(*other, parameter)).unwrap_or(now.len());
    let behind = partners.iter().skip(at + 1).flatten();
    behind.into_iter().any(|old| given[*old].iter().any(|argument| !argument.by_name))
}

/// Means the same wherever it stands.
fn is_literal(text: &str) -> bool {
    let is_number = text.starts_with(|first: char| first.is_ascii_digit() || first == '-')
        && text[1..].chars().all(|rest| rest.is_ascii_alphanumeric() || matches!(rest, '.' | '_'));
    let quotes = ['"', '\''];
    let is_text = text.len() >= 2
        && quotes.iter().any(|quote| text.starts_with(*quote) && text.ends_with(*quote))
        && !text[1..text.len() - 1].contains(['"', '\'', '\\', '{', '$', '#']);
    let is_word = matches!(
        text,
        "true" | "false" | "True" | "False" | "None" | "null" | "nil" | "undefined" | "nullptr" | "[]" | "{}"
    );
    is_number || is_text || is_word
}

/// The arguments between the brackets as the list was laid out.
fn join(arguments: &[String], written: &Written<'_>) -> String {
    let List { inner, items, .. } = written.list;
    let between = |from: usize, to: usize| written.text.get(from..to).unwrap_or_default();
    let (Some(first), Some(last)) = (items.first(), items.last()) else {
        return arguments.join(", ");
    };
    let (lead, trail) = (between(inner.start, first.range.start), between(last.range.end, inner.end));
    if arguments.is_empty() {
        return String::new();
    }
    let separators: Vec<&str> = items.windows(2).map(|pair| between(pair[0].range.end, pair[1].range.start)).collect();
    let own_lines = format!(",{lead}");
    let usual = match separators.last() {
        Some(separator) => separator,
        None if lead.contains('\n') => own_lines.as_str(),
        None => ", ",
    };
    let mut text = lead.to_owned();
    for (at, argument) in arguments.iter().enumerate() {
        if at > 0 {
            text.push_str(separators.get(at - 1).copied().unwrap_or(usual));
        }
        text.push_str(argument);
    }
    text.push_str(trail);
    text
}

#[cfg(test)]
mod tests;

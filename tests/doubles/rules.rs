//! Reading JSON strictly: a field that the provider does not know is a mistake of the client's, as it is there.

use serde_json::{Map, Value};

use super::prompt::Refusal;

/// An object with these fields and no others; those of `needed` must be there.
pub fn object<'a>(
    value: &'a Value,
    place: &str,
    known: &[&str],
    needed: &[&str],
) -> Result<&'a Map<String, Value>, Refusal> {
    let object = value.as_object().ok_or_else(|| Refusal::bad(format!("{place}: not an object")))?;
    if let Some(extra) = object.keys().find(|key| !known.contains(&key.as_str())) {
        return Err(Refusal::bad(format!("{place}.{extra}: Extra inputs are not permitted")));
    }
    if let Some(missing) = needed.iter().find(|key| !object.contains_key(**key)) {
        return Err(Refusal::bad(format!("{place}.{missing}: Field required")));
    }
    Ok(object)
}

pub fn list<'a>(value: Option<&'a Value>, place: &str) -> Result<&'a [Value], Refusal> {
    match value {
        None => Ok(&[]),
        Some(value) => value.as_array().map(Vec::as_slice).ok_or_else(|| Refusal::bad(format!("{place}: not a list"))),
    }
}

pub fn text<'a>(value: Option<&'a Value>, place: &str) -> Result<&'a str, Refusal> {
    value.and_then(Value::as_str).ok_or_else(|| Refusal::bad(format!("{place}: not a string")))
}

pub fn one_of<'a>(value: Option<&'a Value>, place: &str, known: &[&str]) -> Result<&'a str, Refusal> {
    let text = text(value, place)?;
    if known.contains(&text) {
        Ok(text)
    } else {
        Err(Refusal::bad(format!("{place}: `{text}` is not one of {known:?}")))
    }
}

pub fn at_least_one(value: Option<&Value>, place: &str) -> Result<u64, Refusal> {
    value
        .and_then(Value::as_u64)
        .filter(|number| *number > 0)
        .ok_or_else(|| Refusal::bad(format!("{place}: not a positive number")))
}

pub fn must_be(value: Option<&Value>, expected: Value, place: &str) -> Result<(), Refusal> {
    if value == Some(&expected) { Ok(()) } else { Err(Refusal::bad(format!("{place}: must be {expected}"))) }
}

pub fn texts(value: Option<&Value>, place: &str, most: usize) -> Result<Vec<String>, Refusal> {
    let list = list(value, place)?;
    if list.len() > most {
        return Err(Refusal::bad(format!("{place}: more than {most}")));
    }
    list.iter().map(|item| text(Some(item), place).map(str::to_owned)).collect()
}

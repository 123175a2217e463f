//! Whether an adapter (LoRA) belongs to a model, from the headers of both files. llama.cpp aborts the process on some values of
//! a wrong type and only says "mismatch" to others; here each fault is a sentence.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::gguf::{Header, Tensor, Value, block_of};

/// What was found in an adapter that fits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// `general.name`; empty where it has none.
    pub name: String,
    /// How many matrices of the model it changes.
    pub matrices: usize,
    /// Bytes that it takes beside the model.
    pub bytes: u64,
    /// It fits by shape, but says that it was made for another model.
    pub warning: Option<String>,
}

/// # Errors
/// What is wrong, and the way out.
pub fn check(adapter: &Header, model: &Header) -> Result<Found, String> {
    let text = |key: &str| adapter.text(key).unwrap_or_default();
    if text("general.type") != "adapter" {
        return Err(
            "it is a GGUF file, but no adapter (general.type); convert the adapter with convert_lora_to_gguf.py".into(),
        );
    }
    if text("adapter.type") != "lora" {
        return Err(format!("it is an adapter of the type `{}`; only `lora` is supported", text("adapter.type")));
    }
    if adapter.architecture() != model.architecture() {
        return Err(format!(
            "it was made for the architecture `{}` and the model is `{}`; use the model that it was made for",
            adapter.architecture(),
            model.architecture()
        ));
    }
    if !matches!(adapter.value("adapter.lora.alpha"), Some(Value::Real(alpha)) if alpha.is_finite()) {
        return Err("it lacks a number that is needed (adapter.lora.alpha); convert the adapter anew".into());
    }
    // Adapters that are switched on by words of the prompt; what llama.cpp reads there it does not check.
    if adapter.value("adapter.alora.invocation_tokens").is_some() {
        return Err(
            "it is switched on by words in the prompt (aLoRA), which completions do not have; use a plain LoRA".into(),
        );
    }
    let pairs = pairs(adapter)?;
    for (name, pair) in &pairs {
        fits(name, *pair, model)?;
    }
    if pairs.is_empty() {
        return Err("it changes nothing: it has no tensors; convert the adapter anew".into());
    }
    Ok(Found {
        name: text("general.name").to_owned(),
        matrices: pairs.len(),
        bytes: adapter.weight_bytes(),
        warning: made_for_another(adapter, model),
    })
}

type Pair<'a> = (&'a Tensor, &'a Tensor);

/// Both halves of each change, by the name of what they change.
fn pairs(adapter: &Header) -> Result<BTreeMap<&str, Pair<'_>>, String> {
    let mut halves: BTreeMap<&str, [Option<&Tensor>; 2]> = BTreeMap::new();
    for tensor in &adapter.tensors {
        let (base, which) = match (tensor.name.strip_suffix(".lora_a"), tensor.name.strip_suffix(".lora_b")) {
            (Some(base), _) => (base, 0),
            (None, Some(base)) => (base, 1),
            // llama.cpp leaves them alone.
            (None, None) if tensor.name.ends_with("_norm.weight") => continue,
            (None, None) => return Err(format!("its tensor {} is no part of a LoRA", tensor.name)),
        };
        if block_of(tensor.kind).is_none() {
            return Err(format!("its tensor {} has an unknown type", tensor.name));
        }
        halves.entry(base).or_default()[which] = Some(tensor);
    }
    let whole = halves.into_iter().map(|(name, halves)| match halves {
        [Some(first), Some(second)] => Ok((name, (first, second))),
        _ => Err(format!("one half of its change to {name} is missing")),
    });
    whole.collect()
}

/// The shapes that llama.cpp wants: the first half leads from the matrix's rows to the rank, the second from there back.
fn fits(name: &str, (first, second): Pair<'_>, model: &Header) -> Result<(), String> {
    let other = "it belongs to another model: use the one that it was made for";
    let Some(base) = model.tensor(name) else { return Err(format!("the model has no {name}; {other}")) };
    let size = |tensor: &Tensor, at: usize| tensor.shape.get(at).copied().unwrap_or(1);
    let [rows, columns] = [size(base, 0), size(base, 1)];
    let is_right = if name.ends_with("token_embd.weight") {
        // Both halves are the other way round.
        rows == size(second, 1) && columns == size(first, 1) && size(first, 0) == size(second, 0)
    } else {
        rows == size(first, 0) && columns == size(second, 1) && size(first, 1) == size(second, 0)
    };
    if !is_right || first.shape.len() > 2 || second.shape.len() > 2 {
        return Err(format!("its change to {name} has the shape of another model's; {other}"));
    }
    Ok(())
}

/// A sentence where both name a base model and the names have nothing in common. Names are written in many ways, so it is no
/// error.
fn made_for_another(adapter: &Header, model: &Header) -> Option<String> {
    let plain = |text: &str| text.to_lowercase().chars().filter(|letter| letter.is_alphanumeric()).collect::<String>();
    let base = adapter.text("general.base_model.0.name").filter(|name| !name.is_empty())?;
    let names: Vec<&str> = ["general.name", "general.basename"].iter().filter_map(|key| model.text(key)).collect();
    let wanted = plain(base);
    let is_known = |name: &&str| {
        let name = plain(name);
        !name.is_empty() && (name.contains(&wanted) || wanted.contains(&name))
    };
    if names.is_empty() || names.iter().any(is_known) {
        return None;
    }
    Some(format!("the adapter says that it was made for {base}, and the model calls itself {}", names.join(", ")))
}

//! What is compared: each engine with each set of settings.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde_json::{Map, Value, json};

use crate::complete::{Calibration, model_digest};
use crate::config::{EngineChoice, Layer, Origin, Settings};

/// Where suggestions come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EngineWish {
    /// What the settings say.
    AsSet,
    Lookup,
    /// The model that the settings say, without lookup beside it.
    ModelAlone,
    Model(PathBuf),
}

/// Which of the two usual sets of settings is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ContextWish {
    /// With text of other files in the prompt, as the settings say
    With,
    /// Without: completion.snippetTokens is 0
    Without,
    Both,
}

/// One engine with one set of settings.
#[derive(Clone, Debug)]
pub struct Variant {
    pub name: String,
    /// The engine's number among the wishes.
    pub engine: usize,
    /// Lookup writes, drafts and judges beside the model. Not where the model is measured alone.
    pub with_lookup: bool,
    pub settings: Settings,
}

/// Every engine with every set of settings, engine by engine. `named` are `NAME:KEY=VALUE,…` of the command line, parsed by
/// `parse`.
pub fn variants(
    base: &Settings,
    engines: &[EngineWish],
    context: ContextWish,
    named: &[(String, Map<String, Value>)],
) -> anyhow::Result<Vec<Variant>> {
    let mut sets: Vec<(String, Map<String, Value>)> = Vec::new();
    if context != ContextWish::Without {
        sets.push(("with context".to_owned(), Map::new()));
    }
    if context != ContextWish::With {
        let without = Map::from_iter([("completion.snippetTokens".to_owned(), json!(0))]);
        sets.push(("without context".to_owned(), without));
    }
    sets.extend(named.iter().cloned());
    let mut variants: Vec<Variant> = Vec::new();
    for (number, engine) in engines.iter().enumerate() {
        for (set, values) in &sets {
            let mut settings = with(base, values)?;
            match engine {
                EngineWish::AsSet => {}
                EngineWish::Lookup => settings.engine.choice = EngineChoice::Lookup,
                EngineWish::ModelAlone => settings.engine.choice = EngineChoice::Auto,
                EngineWish::Model(file) => {
                    settings.engine.choice = EngineChoice::Auto;
                    settings.engine.model = Some(file.clone());
                }
            }
            let with_lookup = *engine != EngineWish::ModelAlone;
            let alone = if with_lookup { "" } else { " alone" };
            let name = format!("{}{alone}, {set}", engine_name(&settings));
            if variants.iter().any(|other| other.name == name) {
                bail!("two variants have the name `{name}`; name each engine and each --variant once");
            }
            variants.push(Variant { name, engine: number, with_lookup, settings });
        }
    }
    Ok(variants)
}

/// `NAME:KEY=VALUE,KEY=VALUE` as the name and what is behind it.
pub fn split(variant: &str) -> anyhow::Result<(String, Vec<String>)> {
    let (name, assignments) =
        variant.split_once(':').filter(|(name, _)| !name.trim().is_empty()).with_context(|| {
            format!("--variant {variant}: write NAME:KEY=VALUE,…, for example short:completion.maxLines=1")
        })?;
    let assignments: Vec<String> = assignments.split(',').map(|part| part.trim().to_owned()).collect();
    if let Some(other) = assignments.iter().find(|assignment| !assignment.starts_with("completion.")) {
        bail!(
            "--variant {name}: `{other}` is no setting of completion.*; engines are compared with --model and --engine"
        );
    }
    Ok((name.trim().to_owned(), assignments))
}

fn engine_name(settings: &Settings) -> String {
    if settings.engine.choice == EngineChoice::Lookup || !cfg!(feature = "llama") {
        return "lookup".to_owned();
    }
    let stem = settings.engine.model.as_deref().and_then(Path::file_stem);
    stem.map_or_else(|| "starter model".to_owned(), |stem| stem.to_string_lossy().into_owned())
}

fn with(base: &Settings, values: &Map<String, Value>) -> anyhow::Result<Settings> {
    let layer = |values| Layer { origin: Origin::CommandLine, values };
    let layers = [layer(serde_json::to_value(base)?), layer(Value::Object(values.clone()))];
    let (settings, problems) = Settings::from_layers(&layers);
    match problems.first() {
        Some(problem) => bail!("{problem}"),
        None => Ok(settings),
    }
}

/// What tells a variant from another of the same name: its settings, its model's file, and what its confidence is taken for.
pub fn fingerprint(variant: &Variant, calibration: &Calibration) -> anyhow::Result<String> {
    let mut hasher = blake3::Hasher::new();
    let Settings { completion, engine, index, .. } = &variant.settings;
    hasher.update(
        serde_json::to_string(&json!([completion, engine, index, calibration, variant.with_lookup]))?.as_bytes(),
    );
    if engine.choice == EngineChoice::Auto
        && let Some(file) = &engine.model
    {
        let digest = model_digest(file).with_context(|| format!("cannot read {}", file.display()))?;
        hasher.update(digest.as_bytes());
    }
    Ok(hasher.finalize().to_hex()[..32].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print_of(variant: &Variant) -> anyhow::Result<String> {
        fingerprint(variant, &Calibration::default())
    }

    fn names(engines: &[EngineWish], context: ContextWish) -> Vec<String> {
        let found = variants(&Settings::default(), engines, context, &[]).unwrap();
        found.into_iter().map(|variant| variant.name).collect()
    }

    #[test]
    fn every_engine_meets_every_set_of_settings() {
        let all = names(&[EngineWish::Lookup], ContextWish::Both);
        assert_eq!(all, ["lookup, with context", "lookup, without context"]);
        assert_eq!(names(&[EngineWish::Lookup], ContextWish::Without), ["lookup, without context"]);
        let short = ("short".to_owned(), Map::from_iter([("completion.maxLines".to_owned(), json!(1))]));
        let found =
            variants(&Settings::default(), &[EngineWish::Lookup], ContextWish::Without, std::slice::from_ref(&short))
                .unwrap();
        let told: Vec<_> = found
            .iter()
            .map(|variant| {
                let completion = &variant.settings.completion;
                (variant.name.as_str(), completion.snippet_tokens, completion.max_lines)
            })
            .collect();
        assert_eq!(told, [("lookup, without context", 0, 12), ("lookup, short", 1024, 1)]);
        assert_ne!(print_of(&found[0]).unwrap(), print_of(&found[1]).unwrap());
        let again = variants(&Settings::default(), &[EngineWish::Lookup], ContextWish::With, &[short.clone(), short]);
        assert!(again.unwrap_err().to_string().contains("two variants have the name `lookup, short`"));
    }

    #[cfg(feature = "llama")]
    #[test]
    fn a_model_alone_is_another_engine_than_the_same_beside_lookup() {
        let wishes = [EngineWish::AsSet, EngineWish::ModelAlone, EngineWish::Lookup];
        let found = variants(&Settings::default(), &wishes, ContextWish::With, &[]).unwrap();
        let told: Vec<_> = found.iter().map(|variant| (variant.name.as_str(), variant.with_lookup)).collect();
        let expected = [
            ("starter model, with context", true),
            ("starter model alone, with context", false),
            ("lookup, with context", true),
        ];
        assert_eq!(told, expected);
        assert_ne!(print_of(&found[0]).unwrap(), print_of(&found[1]).unwrap());
    }

    #[test]
    fn variants_are_settings_of_completion() {
        let (name, assignments) = split("short:completion.maxLines=1, completion.maxTokens=8").unwrap();
        assert_eq!(
            (name.as_str(), assignments),
            ("short", vec!["completion.maxLines=1".to_owned(), "completion.maxTokens=8".to_owned()])
        );
        assert!(split("short").unwrap_err().to_string().contains("write NAME:KEY=VALUE"));
        assert!(split("x:engine.threads=1").unwrap_err().to_string().contains("--model and --engine"));
    }

    #[test]
    fn another_model_in_the_same_file_is_another_variant() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("m.gguf");
        std::fs::write(&file, "one").unwrap();
        let variant = |file: &Path| {
            let wish = [EngineWish::Model(file.to_owned())];
            variants(&Settings::default(), &wish, ContextWish::With, &[]).unwrap().remove(0)
        };
        let one = print_of(&variant(&file)).unwrap();
        std::fs::write(&file, "two").unwrap();
        assert_ne!(one, print_of(&variant(&file)).unwrap());
        std::fs::remove_file(&file).unwrap();
        assert!(print_of(&variant(&file)).unwrap_err().to_string().contains("cannot read"));
    }
}

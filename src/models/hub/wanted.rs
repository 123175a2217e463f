//! What a user who names a model means: one of the catalogue, files of a repository, or a file at an address.

use reqwest::Url;

use super::super::name::{ModelName, Quantisation};
use super::super::store::split_of;
use super::address::{HubFile, Repository};
use super::listing::Listed;

/// Which quantisation a repository's name alone means, best first: small enough for most machines, and hardly worse than the
/// original weights.
const USUAL: &[&str] = &["q4_k_m", "q5_k_m", "q8_0", "q4_k_s", "q6_k", "q4_0", "f16", "bf16"];

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    Named(ModelName),
    /// A file of a repository, or the one of a quantisation.
    Repository {
        repository: Repository,
        revision: Option<String>,
        file: Option<String>,
        quantisation: Option<Quantisation>,
    },
    Address(Url),
}

impl Wanted {
    /// # Errors
    /// A sentence with what to write instead.
    pub fn of(text: &str, hub: &Url) -> Result<Self, String> {
        let text = text.trim();
        if text.starts_with("https://") || text.starts_with("http://") {
            let url =
                Url::parse(text).map_err(|error| format!("`{}` is not an address: {error}", text.escape_debug()))?;
            return Ok(match HubFile::of_address(hub, &url) {
                Some(file) => {
                    let path = file.path().to_owned();
                    let (repository, revision) = (file.repository, Some(file.revision));
                    Self::Repository { repository, revision, file: Some(path), quantisation: None }
                }
                None => Self::Address(url),
            });
        }
        let (rest, is_hub) = match text.strip_prefix("hf:").or_else(|| text.strip_prefix("hf://")) {
            Some(rest) => (rest.trim_start_matches('/'), true),
            None => (text, false),
        };
        let looks_like_file = text.starts_with(['.', '/', '~']) || text.contains('\\');
        if !is_hub && (looks_like_file || !text.contains('/') && text.to_ascii_lowercase().ends_with(".gguf")) {
            return Err(format!(
                "`{}` is a file of this machine: `tandem model import` takes it up. What is pulled is a name, OWNER/REPOSITORY or \
                 an address",
                text.escape_debug()
            ));
        }
        if !is_hub && !rest.contains('/') {
            return rest.parse().map(Self::Named).map_err(|error: super::super::name::NameError| error.to_string());
        }
        let parts: Vec<&str> = rest.splitn(3, '/').collect();
        let (owner, name, file) = match parts.as_slice() {
            [owner, name] => (*owner, *name, None),
            [owner, name, file] => (*owner, *name, Some(*file)),
            _ => return Err(format!("`{}` names no repository: write hf:OWNER/NAME", text.escape_debug())),
        };
        let (name, quantisation) = match (name.split_once(':'), &file) {
            (Some((name, quantisation)), None) => {
                let parsed = quantisation.parse::<Quantisation>().map_err(|error| error.to_string())?;
                (name, Some(parsed))
            }
            _ => (name, None),
        };
        let repository: Repository = format!("{owner}/{name}").parse()?;
        if let Some(file) = file {
            HubFile::new(repository.clone(), "main", file)?;
        }
        Ok(Self::Repository { repository, revision: None, file: file.map(str::to_owned), quantisation })
    }
}

/// The files of one model among those of a repository, the parts of a split one in their order.
///
/// # Errors
/// A sentence that lists what there is.
pub fn choose_files(
    repository: &Repository,
    listed: &[Listed],
    quantisation: Option<&Quantisation>,
) -> Result<Vec<Listed>, String> {
    let models = models(listed);
    if models.is_empty() {
        return Err(format!("{repository} has no GGUF file: look for a repository of the same name with `GGUF` in it"));
    }
    let of = |wanted: &str| -> Vec<&Vec<Listed>> {
        let is_wanted = |files: &&Vec<Listed>| name_of(files).is_some_and(|found| found.as_str() == wanted);
        models.iter().filter(is_wanted).collect()
    };
    let there = || {
        let names: Vec<&str> =
            models.iter().filter_map(|files| files.first()).map(|file| file.path.as_str()).take(40).collect();
        names.join(", ")
    };
    let found = match quantisation {
        Some(wanted) => of(wanted.as_str()),
        None if models.len() == 1 => models.iter().collect(),
        None => USUAL.iter().map(|usual| of(usual)).find(|found| !found.is_empty()).unwrap_or_default(),
    };
    match (found.as_slice(), quantisation) {
        ([one], _) => check_parts(one).map(|()| (*one).clone()),
        ([], Some(wanted)) => Err(format!("{repository} has no file of {wanted}; there is {}", there())),
        ([], None) => {
            Err(format!("{repository} has several files: name one, as hf:{repository}/FILE. There is {}", there()))
        }
        (several, _) => {
            let names: Vec<&str> =
                several.iter().filter_map(|files| files.first()).map(|file| file.path.as_str()).collect();
            Err(format!(
                "several files could be meant: name one, as hf:{repository}/FILE. There is {}",
                names.join(", ")
            ))
        }
    }
}

/// The GGUF files that are models, those in parts together. Projectors for pictures and statistics for quantising are none.
fn models(listed: &[Listed]) -> Vec<Vec<Listed>> {
    let mut models: Vec<(String, Vec<Listed>)> = Vec::new();
    for file in listed {
        let lower = file.path.to_ascii_lowercase();
        let Some(stem) = lower.strip_suffix(".gguf") else { continue };
        let name = stem.rsplit('/').next().unwrap_or_default();
        if name.starts_with("mmproj") || name.contains("imatrix") {
            continue;
        }
        let key = split_of(stem).map_or(stem, |(base, _, _)| base).to_owned();
        match models.iter_mut().find(|(known, _)| *known == key) {
            Some((_, files)) => files.push(file.clone()),
            None => models.push((key, vec![file.clone()])),
        }
    }
    models
        .into_iter()
        .map(|(_, mut files)| {
            files.sort_by(|one, other| one.path.cmp(&other.path));
            files
        })
        .collect()
}

fn name_of(files: &[Listed]) -> Option<Quantisation> {
    let path = &files.first()?.path;
    Quantisation::in_file_name(path.rsplit('/').next()?)
}

fn check_parts(files: &[Listed]) -> Result<(), String> {
    let Some(first) = files.first() else { return Ok(()) };
    let stem = |path: &str| path.to_ascii_lowercase().trim_end_matches(".gguf").to_owned();
    let count = split_of(&stem(&first.path)).map_or(1, |(_, _, count)| count);
    if u32::try_from(files.len()).is_ok_and(|there| there == count) {
        return Ok(());
    }
    Err(format!("{} is one of {count} parts, of which {} are there", first.path, files.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(text: &str) -> Result<Wanted, String> {
        Wanted::of(text, &Url::parse("https://huggingface.co").unwrap())
    }

    fn repository(text: &str, file: Option<&str>, quantisation: Option<&str>) -> Result<Wanted, String> {
        Ok(Wanted::Repository {
            repository: text.parse().unwrap(),
            revision: None,
            file: file.map(str::to_owned),
            quantisation: quantisation.map(|text| text.parse().unwrap()),
        })
    }

    #[test]
    fn a_word_is_a_name_and_a_slash_makes_it_a_repository() {
        assert_eq!(wanted("qwen2.5-coder-1.5b:Q8_0"), Ok(Wanted::Named("qwen2.5-coder-1.5b:q8_0".parse().unwrap())));
        assert_eq!(wanted("o/n:Q4_K_M"), repository("o/n", None, Some("q4_k_m")));
        assert_eq!(wanted("hf:o/n"), repository("o/n", None, None));
        assert_eq!(wanted("hf:o/n/sub/a-Q8_0.gguf"), repository("o/n", Some("sub/a-Q8_0.gguf"), None));
        assert_eq!(wanted("o/n/a.gguf"), repository("o/n", Some("a.gguf"), None));
        for wrong in ["", "hf:o", "hf:o/../x", "o/n/../x", "o/n:", "hf:/etc/../passwd"] {
            assert!(wanted(wrong).is_err(), "{wrong}: {:?}", wanted(wrong));
        }
        for file in ["./a.gguf", "/m/a.gguf", "~/a.gguf", "a.gguf", "m\\a.gguf"] {
            assert!(wanted(file).unwrap_err().contains("tandem model import"), "{file}");
        }
    }

    #[test]
    fn an_address_is_followed_or_the_hubs_own_file() {
        let page = wanted("https://huggingface.co/o/n/blob/main/a.gguf").unwrap();
        let Wanted::Repository { repository, revision, file, .. } = page else { panic!("{page:?}") };
        assert_eq!(
            (repository.to_string().as_str(), revision.as_deref(), file.as_deref()),
            ("o/n", Some("main"), Some("a.gguf"))
        );
        assert!(matches!(wanted("https://example.com/a.gguf"), Ok(Wanted::Address(_))));
        assert!(wanted("https://").is_err());
    }

    fn choose(paths: &[&str], quantisation: Option<&str>) -> Result<Vec<String>, String> {
        let listed: Vec<Listed> = paths.iter().map(|path| Listed { path: (*path).to_owned(), bytes: 1 }).collect();
        let quantisation = quantisation.map(|text| text.parse().unwrap());
        let chosen = choose_files(&"o/n".parse().unwrap(), &listed, quantisation.as_ref())?;
        Ok(chosen.into_iter().map(|file| file.path).collect())
    }

    #[test]
    fn the_usual_quantisation_is_taken_where_none_is_named() {
        let all = ["README.md", "m-Q2_K.gguf", "m-Q4_K_M.gguf", "m-Q8_0.gguf", "mmproj-f16.gguf", "imatrix.gguf"];
        assert_eq!(choose(&all, None), Ok(vec!["m-Q4_K_M.gguf".to_owned()]));
        assert_eq!(choose(&all, Some("q8_0")), Ok(vec!["m-Q8_0.gguf".to_owned()]));
        let error = choose(&all, Some("q6_k")).unwrap_err();
        assert_eq!(error, "o/n has no file of q6_k; there is m-Q2_K.gguf, m-Q4_K_M.gguf, m-Q8_0.gguf");
        assert_eq!(choose(&["odd.gguf"], None), Ok(vec!["odd.gguf".to_owned()]));
        assert!(choose(&["a.gguf", "b.gguf"], None).unwrap_err().contains("name one"));
        assert!(
            choose(&["a-Q8_0.gguf", "b-Q8_0.gguf"], Some("q8_0")).unwrap_err().contains("several files could be meant")
        );
        assert!(choose(&["model.safetensors"], None).unwrap_err().contains("no GGUF file"));
    }

    #[test]
    fn parts_come_together_and_in_order() {
        let parts = ["q6/m-Q6_K-00002-of-00002.gguf", "q6/m-Q6_K-00001-of-00002.gguf", "m-Q2_K.gguf"];
        let chosen = choose(&parts, Some("q6_k")).unwrap();
        assert_eq!(chosen, ["q6/m-Q6_K-00001-of-00002.gguf", "q6/m-Q6_K-00002-of-00002.gguf"]);
        let error = choose(&parts[1..], Some("q6_k")).unwrap_err();
        assert_eq!(error, "q6/m-Q6_K-00001-of-00002.gguf is one of 2 parts, of which 1 are there");
    }
}

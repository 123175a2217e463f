//! What a pull will bring: which files, from where, under which name and licence. Everything but the bytes.

use std::path::Path;

use anyhow::{Context, bail};

use super::Arguments;
use crate::cli::fitting;
use crate::cli::terminal::printable;
use crate::models::catalogue::Licence;
use crate::models::download::{EARLIER, Failure, Fetch, Source};
use crate::models::fit::Machine;
use crate::models::hub::{HubAddress, HubFile, Remote, Repository, Wanted, choose_files};
use crate::models::store::{parts, split_of};
use crate::models::{
    Catalogue, CommercialUse, Installed, ModelName, Origin, OriginKind, Quantisation, Role, Sha256, Store,
};

/// What is known before anybody is asked.
#[derive(Debug)]
pub struct Draft {
    pub name: ModelName,
    /// By the user or the catalogue.
    pub role: Option<Role>,
    pub licence: Option<&'static Licence>,
    /// `owner/name`, or the address.
    pub origin: String,
    pub sources: Vec<Source>,
    /// What the user should know of the choice.
    pub remark: Option<String>,
}

/// One file with what the hub says of it.
pub struct Part {
    pub source: Source,
    pub remote: Remote,
}

/// What a name, a repository or an address means. Only a repository without a file has its hub asked.
pub async fn draft(fetch: &Fetch, arguments: &Arguments, machine: &Machine) -> anyhow::Result<Draft> {
    let wanted = Wanted::of(&arguments.wanted, fetch.hub.url()).map_err(anyhow::Error::msg)?;
    let wished = arguments.role.map(Role::from);
    let mut draft = match wanted {
        Wanted::Named(name) => of_catalogue(&name, arguments.revision.as_deref(), machine)?,
        Wanted::Repository { repository, revision, file, quantisation } => {
            let revision = arguments.revision.clone().or(revision).unwrap_or_else(|| "main".to_owned());
            let paths = match file {
                Some(file) => all_parts(&file),
                None => {
                    let listed = fetch.patiently(async || fetch.hub.files(&repository, &revision).await).await?;
                    let chosen =
                        choose_files(&repository, &listed, quantisation.as_ref()).map_err(anyhow::Error::msg)?;
                    chosen.into_iter().map(|file| file.path).collect()
                }
            };
            of_repository(&repository, &revision, &paths)?
        }
        Wanted::Address(address) => {
            if arguments.revision.is_some() {
                bail!("--revision is for repositories of a hub, not for an address");
            }
            let file = address.path_segments().and_then(|mut parts| parts.next_back()).unwrap_or_default();
            let name = name_of(file).with_context(|| format!("{address} names no file: give it a name with --name"));
            let name = arguments.name.clone().map_or(name, |name| Ok(with_quantisation(name, file)))?;
            // The other parts of a split model stand beside the one that is named.
            let parts: Vec<HubAddress> = all_parts(file).iter().map(|part| with_file(&address, part)).collect();
            Draft {
                name,
                role: None,
                licence: None,
                origin: parts.first().unwrap_or(&address).to_string(),
                sources: parts.into_iter().map(Source::Address).collect(),
                remark: None,
            }
        }
    };
    if let Some(name) = &arguments.name {
        let quantisation = draft.name.quantisation().cloned();
        draft.name = match name.quantisation() {
            Some(_) => name.clone(),
            None => ModelName::new(name.name(), quantisation)?,
        };
    }
    if draft.name.name() == crate::models::name::AUTO || draft.name.name() == crate::models::name::STARTER {
        bail!("{} means something else: give it another name with --name", draft.name.name());
    }
    draft.role = wished.or(draft.role);
    Ok(draft)
}

fn of_catalogue(name: &ModelName, revision: Option<&str>, machine: &Machine) -> anyhow::Result<Draft> {
    let catalogue = Catalogue::builtin();
    if name.is_starter() {
        bail!("the starter model is inside the program: `tandem model use starter` uses it");
    }
    let Some(entry) = catalogue.entry(name.name()) else {
        bail!(
            "no model is called {}{}; `tandem model list` shows them, and any file of a hub is OWNER/REPOSITORY/FILE.gguf",
            printable(&name.to_string()),
            name.hint()
        );
    };
    let (file, remark) = match name.quantisation() {
        Some(_) => (entry.file(name.quantisation()), None),
        None => fitting::file(entry, machine),
    };
    let Some(file) = file else {
        let there: Vec<&str> = entry.files.iter().map(|file| file.quantisation.as_str()).collect();
        bail!("{} is to be had as {}", entry.name, there.join(", "));
    };
    let repository: Repository = file.repository.parse().map_err(anyhow::Error::msg)?;
    let draft = of_repository(&repository, revision.unwrap_or("main"), &all_parts(&file.file))?;
    let name = ModelName::new(&entry.name, Some(file.quantisation.clone()))?;
    Ok(Draft { name, role: Some(entry.role), licence: catalogue.licence(entry), remark, ..draft })
}

fn of_repository(repository: &Repository, revision: &str, paths: &[String]) -> anyhow::Result<Draft> {
    let first = paths.first().context("no file")?;
    let catalogue = Catalogue::builtin();
    // The catalogue's own file by its long name is the catalogue's model.
    let known = catalogue.entries().iter().find_map(|entry| {
        let file = entry.files.iter().find(|file| file.repository == repository.to_string() && file.file == *first)?;
        Some((entry, file))
    });
    let (name, role, licence) = match known {
        Some((entry, file)) => {
            (ModelName::new(&entry.name, Some(file.quantisation.clone()))?, Some(entry.role), catalogue.licence(entry))
        }
        None => {
            let name = name_of(first)
                .with_context(|| format!("{} makes no name: give it one with --name", printable(first)))?;
            (name, None, None)
        }
    };
    let files: Result<Vec<HubFile>, String> =
        paths.iter().map(|path| HubFile::new(repository.clone(), revision, path)).collect();
    let sources = files.map_err(anyhow::Error::msg)?.into_iter().map(Source::Hub).collect();
    Ok(Draft { name, role, licence, origin: repository.to_string(), sources, remark: None })
}

/// All parts of a split model, by the name of any of them.
fn all_parts(path: &str) -> Vec<String> {
    parts(Path::new(path)).iter().map(|part| part.to_string_lossy().replace('\\', "/")).collect()
}

/// The same address with another file at its end.
fn with_file(address: &HubAddress, file: &str) -> HubAddress {
    let mut address = address.clone();
    let path = address.path().rsplit_once('/').map_or_else(String::new, |(folder, _)| format!("{folder}/{file}"));
    address.set_path(&path);
    address
}

/// A name of its own, never one of the catalogue: what that means must not depend on what else was pulled.
fn name_of(file: &str) -> Option<ModelName> {
    let lower = file.rsplit('/').next()?.to_ascii_lowercase();
    let stem = lower.strip_suffix(".gguf").unwrap_or(&lower);
    let stem = split_of(stem).map_or(stem, |(stem, _, _)| stem);
    let quantisation = Quantisation::in_file_name(&lower).unwrap_or_else(Quantisation::mixed);
    let without = [format!("-{quantisation}"), format!(".{quantisation}"), format!("_{quantisation}")];
    let stem = without.iter().find_map(|end| stem.strip_suffix(end.as_str())).unwrap_or(stem);
    let mut name = String::new();
    for character in stem.chars() {
        match character {
            'a'..='z' | '0'..='9' | '_' => name.push(character),
            '.' if name.ends_with('.') => {}
            '.' => name.push('.'),
            _ if name.ends_with('-') => {}
            _ => name.push('-'),
        }
    }
    let name = name.trim_matches(['-', '.', '_']);
    let own = if Catalogue::builtin().entry(name).is_some() { format!("own-{name}") } else { name.to_owned() };
    ModelName::new(&own, Some(quantisation)).ok()
}

fn with_quantisation(name: ModelName, file: &str) -> ModelName {
    let found = || Quantisation::in_file_name(file).unwrap_or_else(Quantisation::mixed);
    match name.quantisation() {
        Some(_) => name,
        None => ModelName::new(name.name(), Some(found())).unwrap_or(name),
    }
}

/// What the hub says of each file. All parts are of the commit that the first one is of.
pub async fn look(fetch: &Fetch, sources: Vec<Source>) -> Result<Vec<Part>, Failure> {
    let mut commit: Option<String> = None;
    let mut parts = Vec::new();
    for source in sources {
        let source = match (source, &commit) {
            (Source::Hub(file), Some(commit)) => Source::Hub(file.at(commit)),
            (source, _) => source,
        };
        let remote = fetch.look(&source).await?;
        commit = commit.or_else(|| remote.commit.clone());
        parts.push(Part { source, remote });
    }
    Ok(parts)
}

impl Draft {
    pub fn origin_at(&self, parts: &[Part]) -> Origin {
        Origin { kind: OriginKind::Hub, repository: self.origin.clone(), revision: revision(parts) }
    }

    /// What is installed under this name from the same place.
    pub fn installed(&self, store: &Store) -> anyhow::Result<Option<Installed>> {
        let found = store.find(&self.name)?;
        Ok(found
            .into_iter()
            .find(|model| model.origin.kind == OriginKind::Hub && model.origin.repository == self.origin))
    }

    /// Whether its licence keeps it from being used at work.
    pub fn is_restricted(&self) -> bool {
        self.licence.is_some_and(|licence| licence.commercial == CommercialUse::No)
    }
}

/// The commit; of addresses the versions that their hosts name, which may be none.
pub fn revision(parts: &[Part]) -> String {
    match parts.first() {
        Some(Part { source: Source::Hub(_), remote }) => remote.commit.clone().unwrap_or_default(),
        _ => {
            let versions: Option<Vec<String>> = parts.iter().map(|part| part.remote.version()).collect();
            versions.unwrap_or_default().join(", ")
        }
    }
}

/// An address that has another file now than the one that was pulled is refused before it is fetched: it would be in vain.
pub fn changed(installed: Option<&Installed>, parts: &[Part]) -> Option<Failure> {
    let installed = installed?;
    let (before, now) = (&installed.origin.revision, revision(parts));
    let is_newer = !before.is_empty() && !now.is_empty() && *before != now;
    parts.iter().find_map(|part| {
        let Source::Address(address) = &part.source else { return None };
        let file = installed.files.iter().find(|file| file.source == address.to_string())?;
        let version = if now.is_empty() { String::new() } else { format!(" ({})", printable(&now)) };
        let found = format!("another file of {} bytes{version}", part.remote.size);
        let is_other = is_newer || file.bytes != part.remote.size;
        is_other.then(|| Failure::lie(&part.remote.what, EARLIER, format!("sha256:{}", file.sha256), found))
    })
}

/// The way out of a failure by the name that the model has here.
pub fn with_way_out(failure: Failure, name: &ModelName) -> Failure {
    match failure {
        Failure::Lie { what, by: EARLIER, said, found, .. } => {
            let way_out = format!("if the new file is meant, type `tandem model rm {name}` and pull again");
            Failure::Lie { what, by: EARLIER, said, found, way_out }
        }
        other => other,
    }
}

/// The digest that this file had when it was pulled at this commit before. An address has no commits: there any earlier one counts.
pub fn pinned(installed: Option<&Installed>, part: &Part, revision: &str) -> Option<Sha256> {
    let installed = installed?;
    let file = installed.files.iter().find(|file| file.source == source_name(&part.source))?;
    let is_address = matches!(part.source, Source::Address(_));
    (is_address || installed.origin.revision == revision).then_some(file.sha256)
}

/// What a file is called where it comes from.
pub fn source_name(source: &Source) -> String {
    match source {
        Source::Hub(file) => file.path().to_owned(),
        Source::Address(address) => address.to_string(),
    }
}

#[cfg(test)]
mod name_tests {
    use super::*;

    #[test]
    fn a_file_makes_a_name_of_its_own() {
        for (file, name) in [
            ("Some-Coder-30B-A3B-Q4_K_M.gguf", "some-coder-30b-a3b:q4_k_m"),
            ("sub/My Model.v2.Q8_0.gguf", "my-model.v2:q8_0"),
            ("big-Q6_K-00001-of-00003.gguf", "big:q6_k"),
            ("odd.gguf", "odd:mixed"),
            ("a..b--c.gguf", "a.b-c:mixed"),
        ] {
            assert_eq!(name_of(file).map(|name| name.to_string()).as_deref(), Some(name), "{file}");
        }
        assert_eq!(name_of("---.gguf"), None);
        let known = &Catalogue::builtin().entries()[0];
        let file = format!("{}-q8_0.gguf", known.name);
        assert_eq!(name_of(&file).unwrap().to_string(), format!("own-{}:q8_0", known.name));
    }
}

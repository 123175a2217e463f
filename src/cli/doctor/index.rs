//! The stored index of this folder, and its vectors. Nothing is indexed for it.

use std::path::Path;
use std::time::SystemTime;

use super::look::Scene;
use super::machine::size;
use super::report::{Fix, Section};
use crate::cli::engines::with_files;
use crate::engine::embed::identity;
use crate::index::{Glance, IndexOptions, VectorGlance, glance, glance_vectors};

pub fn look(scene: &Scene, section: &mut Section) -> anyhow::Result<()> {
    let settings = &scene.settings.index;
    section.fact("folder", scene.folder.display().to_string());
    if !settings.enabled {
        section.fact("index", "off (index.enabled is false)");
        return Ok(());
    }
    if !settings.persist {
        section.fact("index", "made anew by each server (index.persist is false)");
        return Ok(());
    }
    let options = IndexOptions::new(settings, Some(scene.loader.paths().index_directory()));
    match glance(&scene.folder, &options) {
        Ok(found) => stored(section, found, SystemTime::now()),
        Err(error) => {
            section.fact("index", "damaged");
            let what = format!("the stored index cannot be used: {error:#}");
            section.warn("index-damaged", what, Fix::run("tandem index"));
        }
    }
    // A model that is not there is told of beside the others.
    let files = with_files(&scene.settings, scene.loader.paths());
    if let Some(model) = files.ok().and_then(|settings| settings.engine.embedding_model) {
        vectors(section, &model, glance_vectors(&scene.folder, &options));
    }
    Ok(())
}

/// The stored vectors, where `model` makes some.
fn vectors(section: &mut Section, model: &Path, found: anyhow::Result<Option<VectorGlance>>) {
    let name = model.file_stem().unwrap_or_default().to_string_lossy();
    let is_of_it = |found: &VectorGlance| !found.is_old && identity(model).is_ok_and(|own| own == found.identity);
    match found {
        Ok(Some(found)) if is_of_it(&found) => {
            section.fact("vectors", format!("{} vectors of {name}, {}", found.vectors, size(found.bytes)));
        }
        Ok(Some(found)) => {
            section.fact("vectors", format!("{} of another model, version or limits", found.vectors));
            let what = format!("the stored vectors are not of {name} as it is: a server makes them anew");
            section.note("vectors-other", what, Fix::run("tandem index"));
        }
        Ok(None) => {
            section.fact("vectors", format!("none of {name} yet; a server makes them"));
            let what = "search by meaning has no vectors of this folder yet: it is by words alone";
            section.note("vectors-none", what, Fix::run("tandem index"));
        }
        Err(error) => {
            section.fact("vectors", "damaged");
            let what = format!("the stored vectors cannot be used: {error:#}");
            section.warn("vectors-damaged", what, Fix::run("tandem index"));
        }
    }
}

fn stored(section: &mut Section, found: Option<Glance>, now: SystemTime) {
    let Some(found) = found else {
        section.fact("index", "none stored yet; a server makes one");
        return section.note("index-none", "this folder has no stored index yet", Fix::run("tandem index"));
    };
    let age = found.written.and_then(|written| now.duration_since(written).ok());
    let age = age.map_or_else(|| "at an unknown time".to_owned(), |age| format!("{} ago", length(age.as_secs())));
    match found.files {
        Some(files) => section.fact("index", format!("{files} files, {}, stored {age}", size(found.bytes))),
        None => {
            section.fact("index", format!("of another version or other limits, stored {age}"));
            let what = "the stored index is of another version or other limits: the next start makes a new one";
            section.note("index-other", what, Fix::run("tandem index"));
        }
    }
}

/// A length of time as people say it.
fn length(seconds: u64) -> String {
    let counted = |number: u64, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
    match seconds {
        0..60 => counted(seconds, "second"),
        60..3_600 => counted(seconds / 60, "minute"),
        3_600..86_400 => counted(seconds / 3_600, "hour"),
        _ => counted(seconds / 86_400, "day"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::look::testing::{ids, scene, write};
    use std::sync::Arc;

    use super::*;
    use crate::engine::embed::fake::HashedWords;
    use crate::index::{Index, Meaning};

    fn looked(scene: &Scene) -> Section {
        let mut section = Section::new("index", "Index");
        look(scene, &mut section).unwrap();
        section
    }

    #[test]
    fn a_stored_index_is_counted_and_a_damaged_one_found() {
        let place = tempfile::tempdir().unwrap();
        let mut scene = scene(place.path(), &[]);
        scene.folder = scene.folder.canonicalize().unwrap();
        write(place.path(), "work/a.rs", "fn a() {}\n");
        assert_eq!(ids(&looked(&scene)), ["index-none"]);

        let directory = scene.loader.paths().index_directory();
        let index = Index::open(&scene.folder, IndexOptions::new(&scene.settings.index, Some(directory.clone())));
        crate::cli::workspace::wait_for(&index, None);
        index.save().unwrap();
        let section = looked(&scene);
        assert_eq!(ids(&section), [""; 0]);
        assert!(section.facts[1].value.starts_with("1 files, "), "{:?}", section.facts);

        scene.settings.index.max_file_bytes += 1;
        assert_eq!(ids(&looked(&scene)), ["index-other"]);
        let file = std::fs::read_dir(&directory).unwrap().next().unwrap().unwrap().path();
        std::fs::write(file, "no index").unwrap();
        assert_eq!(ids(&looked(&scene)), ["index-damaged"]);
        scene.settings.index.enabled = false;
        assert_eq!(ids(&looked(&scene)), [""; 0]);
    }

    #[test]
    fn vectors_are_counted_where_they_are_of_the_model_that_is_named() {
        let place = tempfile::tempdir().unwrap();
        let mut scene = scene(place.path(), &[]);
        scene.folder = scene.folder.canonicalize().unwrap();
        write(place.path(), "work/a.rs", "fn a() {}\n");
        write(place.path(), "small.gguf", "weights");
        let model = place.path().join("small.gguf");
        let options = IndexOptions::new(&scene.settings.index, Some(scene.loader.paths().index_directory()));
        let index = Index::open(&scene.folder, options);
        crate::cli::workspace::wait_for(&index, None);
        index.save().unwrap();
        assert_eq!(ids(&looked(&scene)), [""; 0], "nobody asked for vectors");

        scene.settings.engine.embedding_model = Some(model.clone());
        assert_eq!(ids(&looked(&scene)), ["vectors-none"]);
        let engine = Arc::new(HashedWords::new(8));
        index.understand(Some(Meaning::new(engine, identity(&model).unwrap(), "small".to_owned())));
        index.settle_vectors(|_| false);
        index.save().unwrap();
        let section = looked(&scene);
        assert_eq!(ids(&section), [""; 0]);
        assert!(section.facts[2].value.starts_with("1 vectors of small, "), "{:?}", section.facts);

        write(place.path(), "small.gguf", "other weights");
        assert_eq!(ids(&looked(&scene)), ["vectors-other"]);
        let file = index.stored_at().unwrap().with_extension("vectors");
        std::fs::write(file, "no vectors").unwrap();
        assert_eq!(ids(&looked(&scene)), ["vectors-damaged"]);
    }

    #[test]
    fn ages_are_said_as_people_do() {
        assert_eq!(length(1), "1 second");
        assert_eq!(length(3_599), "59 minutes");
        assert_eq!(length(200_000), "2 days");
    }
}

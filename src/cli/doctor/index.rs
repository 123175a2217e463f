//! The stored index of this folder. Nothing is indexed for it.

use std::time::SystemTime;

use super::look::Scene;
use super::machine::size;
use super::report::{Fix, Section};
use crate::index::{Glance, IndexOptions, glance};

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
    Ok(())
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
    use super::*;
    use crate::index::Index;

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
    fn ages_are_said_as_people_do() {
        assert_eq!(length(1), "1 second");
        assert_eq!(length(3_599), "59 minutes");
        assert_eq!(length(200_000), "2 days");
    }
}

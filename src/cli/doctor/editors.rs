//! Editors that are here, whether Tandem is set up in them, and which program they would start.

use std::path::Path;

use super::look::Scene;
use super::report::{Fix, Section};
use crate::cli::editors::{self, Editor, Kind};
use crate::cli::setup::{Standing, standing};
use crate::config::Environment;

pub fn look(scene: &Scene, section: &mut Section) -> anyhow::Result<()> {
    let environment = scene.loader.environment();
    program(section, environment, &std::env::current_exe()?);
    let mut is_any = false;
    for kind in Kind::ALL {
        let editor = editors::find_one(kind, environment);
        let standing = standing(kind, environment)?;
        if editor.is_some() || matches!(standing, Standing::SetUp(_) | Standing::Differs(_)) {
            is_any = true;
            one(section, kind, editor.as_ref(), &standing);
        }
    }
    if !is_any {
        section.fact(
            "none found",
            "of those that `tandem setup` knows; any editor with an LSP client can start `tandem serve`",
        );
    }
    Ok(())
}

fn one(section: &mut Section, kind: Kind, editor: Option<&Editor>, standing: &Standing) {
    let (name, word) = (kind.name(), kind.word());
    let version = match editor {
        Some(editor) => {
            let version = editor.version.as_deref().unwrap_or("version unknown");
            let remark = editor.remark.map_or_else(String::new, |remark| format!("; {remark}"));
            format!("{version}, {}{remark}", editor.path.display())
        }
        None => "not on the PATH".to_owned(),
    };
    let state = match standing {
        Standing::SetUp(place) => format!("set up in {}", place.display()),
        Standing::Differs(place) => format!("set up otherwise in {}", place.display()),
        Standing::NotSetUp => "not set up".to_owned(),
        Standing::Unusable(place, _) => format!("{} cannot be read as its configuration", place.display()),
    };
    section.fact(name, format!("{version}; {state}"));
    match standing {
        Standing::SetUp(_) => {}
        Standing::Differs(place) => {
            let what = format!("{name} is set up by another version or by hand in {}", place.display());
            section.note(
                "editor-differs",
                what,
                Fix::run(format!("tandem setup {word} --dry-run   # what would change")),
            );
        }
        Standing::NotSetUp => {
            let what = format!("{name} is here and Tandem is not set up in it");
            section.note("editor-not-set-up", what, Fix::run(format!("tandem setup {word}")));
        }
        Standing::Unusable(place, problem) => {
            let what = format!("{name}: {} cannot be changed safely: {problem}", place.display());
            section.warn(
                "editor-unusable",
                what,
                Fix::run(format!("tandem setup {word} --print   # to be added by hand")),
            );
        }
    }
    if let Some(remark) = editor.filter(|editor| editor.is_too_old()).and_then(|editor| editor.remark) {
        section.warn("editor-old", format!("this {name} is old: {remark}"), Fix::by_hand(format!("a newer {name}")));
    }
}

/// What an editor that starts `tandem` would get. `own` is this program.
fn program(section: &mut Section, environment: &Environment, own: &Path) {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let directory = own.parent().unwrap_or(own).display();
    let add = format!("export PATH=\"{directory}:$PATH\"   # in your shell's profile");
    match environment.find_executable("tandem") {
        Some(found) if real(&found) == real(own) => section.fact("on the PATH", found.display().to_string()),
        Some(found) => {
            section.fact("on the PATH", format!("{}, which is another program than this", found.display()));
            let what = format!("`tandem` on the PATH is {}, and this is {}", found.display(), own.display());
            section.warn("path-other", what, Fix::run(add));
        }
        None => {
            section.fact("on the PATH", "no `tandem`");
            let what = "`tandem` is not on the PATH: editors need its whole path, which `tandem setup` writes";
            section.note("path-missing", what, Fix::run(add));
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::super::look::testing::ids;
    use super::*;

    fn program_at(path: &Path) {
        std::fs::write(path, "#!/bin/sh\n").unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    #[test]
    fn another_program_of_the_same_name_is_found() {
        let place = tempfile::tempdir().unwrap();
        let (own, other) = (place.path().join("own"), place.path().join("other"));
        for directory in [&own, &other] {
            std::fs::create_dir(directory).unwrap();
            program_at(&directory.join("tandem"));
        }
        let found = |path: &Path| {
            let mut section = Section::new("editors", "Editors");
            program(&mut section, &Environment::of(&[("PATH", path.to_str().unwrap())]), &own.join("tandem"));
            ids(&section)
        };
        assert_eq!(found(&own), [""; 0]);
        assert_eq!(found(&other), ["path-other"]);
        assert_eq!(found(place.path()), ["path-missing"]);
        let link = place.path().join("tandem");
        std::os::unix::fs::symlink(own.join("tandem"), link).unwrap();
        assert_eq!(found(place.path()), [""; 0], "a link to it is it");
    }

    #[test]
    fn each_standing_has_its_way_out() {
        let found = |version: &str, standing: Standing| {
            let editor = editors::Editor::of(Kind::Neovim, "/bin/nvim".into(), Some(version.to_owned()));
            let mut section = Section::new("editors", "Editors");
            one(&mut section, Kind::Neovim, Some(&editor), &standing);
            ids(&section)
        };
        let new = "NVIM v0.12.4";
        assert_eq!(found(new, Standing::SetUp("/i".into())), [""; 0]);
        assert_eq!(found(new, Standing::Differs("/i".into())), ["editor-differs"]);
        assert_eq!(found(new, Standing::NotSetUp), ["editor-not-set-up"]);
        assert_eq!(found(new, Standing::Unusable("/i".into(), "no Lua".into())), ["editor-unusable"]);
        assert_eq!(found("NVIM v0.9.5", Standing::SetUp("/i".into())), ["editor-old"]);
    }
}

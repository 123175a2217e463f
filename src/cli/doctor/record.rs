//! What has to do with leaving this machine: the record of what left, what may leave without a question, and whether this folder is
//! trusted.

use super::look::Scene;
use super::report::{Fix, Section};
use crate::budget::workspace_key;
use crate::gate::ConsentStore;
use crate::gate::audit::{LastRecord, last_record};
use crate::privacy::{Trust, TrustState};

pub fn look(scene: &Scene, section: &mut Section) -> anyhow::Result<()> {
    let paths = scene.loader.paths();
    match last_record(&paths.audit_file()) {
        Ok(last) => record(section, &last),
        Err(error) => {
            let what = format!("the record of what left cannot be read, so nothing will leave: {error}");
            section.warn("audit-unreadable", what, Fix::run("tandem audit --verify"));
        }
    }
    match ConsentStore::new(paths.consents_file()).list() {
        Ok(all) => {
            let key = workspace_key(&scene.folder);
            let here = all.iter().filter(|allowed| allowed.workspace == key).count();
            section.fact("consents", format!("{} remembered, {here} of them for this folder", all.len()));
        }
        Err(error) => {
            let what = format!("what you allowed once for all cannot be read, so you are asked again: {error}");
            let file = super::files::quoted(&paths.consents_file());
            section.warn("consents-unreadable", what, Fix::run(format!("mv {file} {file}.damaged")));
        }
    }
    trust(section, &Trust::new(&paths.state).state(&scene.folder), scene.wants_cloud());
    Ok(())
}

fn record(section: &mut Section, last: &LastRecord) {
    match last {
        LastRecord::None => section.fact("audit log", "nothing ever left"),
        LastRecord::Good { number } => section.fact("audit log", format!("{number} records, the last one is whole")),
        LastRecord::Unfinished => {
            section.fact("audit log", "its last record is unfinished");
            let what = "the last record of what left is unfinished: it is being written, or its writer died";
            section.note("audit-unfinished", what, Fix::run("tandem audit --verify"));
        }
        LastRecord::Bad => {
            section.fact("audit log", "its end is not what was written");
            let what = "the end of the record of what left is not what was written: something was changed or removed";
            section.warn("audit-changed", what, Fix::run("tandem audit --verify"));
        }
    }
}

/// Trust matters where something could leave.
fn trust(section: &mut Section, state: &TrustState, is_cloud_on: bool) {
    match state {
        TrustState::Trusted => section.fact("this folder", "trusted"),
        TrustState::Never => {
            section.fact("this folder", "not trusted: nothing of it leaves this machine");
            if is_cloud_on {
                let what = "this folder is not trusted, so no question about it goes to a cloud model";
                section.note("untrusted", what, Fix::run("tandem trust"));
            }
        }
        TrustState::Changed { files } => {
            section.fact("this folder", format!("trusted once, changed since then: {}", files.join(", ")));
            let what = "files that steer this folder have changed since you trusted it, so nothing of it leaves";
            section.note("trust-changed", what, Fix::run("tandem trust"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::look::testing::{ids, scene, write};
    use super::*;

    #[test]
    fn a_new_user_has_nothing_on_record() {
        let place = tempfile::tempdir().unwrap();
        let mut section = Section::new("privacy", "Privacy");
        look(&scene(place.path(), &[]), &mut section).unwrap();
        assert_eq!(ids(&section), [""; 0]);
        assert_eq!(section.facts[0].value, "nothing ever left");
    }

    #[test]
    fn what_was_tampered_with_is_found() {
        let place = tempfile::tempdir().unwrap();
        let scene = scene(place.path(), &[]);
        write(place.path(), "home/.local/state/tandem/audit.jsonl", "{\"n\":1}\n");
        write(place.path(), "home/.local/state/tandem/consents.json", "not JSON");
        let mut section = Section::new("privacy", "Privacy");
        look(&scene, &mut section).unwrap();
        assert_eq!(ids(&section), ["audit-changed", "consents-unreadable"]);
    }

    #[test]
    fn trust_is_asked_for_where_something_could_leave() {
        let found = |state: TrustState, is_cloud_on| {
            let mut section = Section::new("privacy", "Privacy");
            trust(&mut section, &state, is_cloud_on);
            ids(&section)
        };
        assert_eq!(found(TrustState::Never, false), [""; 0]);
        assert_eq!(found(TrustState::Never, true), ["untrusted"]);
        assert_eq!(found(TrustState::Changed { files: vec![".vscode/tasks.json".into()] }, false), ["trust-changed"]);
        assert_eq!(found(TrustState::Trusted, true), [""; 0]);
    }
}

//! The engine hosts of this user that run now, and what memory they hold.

use super::look::Scene;
use super::machine::size;
use super::report::Section;
use crate::config::HostMode;
use crate::engine::host::{Holding, HostAddress, HostIdentity, HostPaths, Register, Role, our_user};

pub fn look(scene: &Scene, section: &mut Section) -> anyhow::Result<()> {
    let engine = &scene.settings.engine;
    if engine.host == HostMode::InProcess {
        section.fact("engine host", "not used (engine.host is in-process)");
    }
    let sleep = match engine.unload_minutes {
        0 => "never, for being unused".to_owned(),
        minutes => format!("after {minutes} minutes without use"),
    };
    let pressure = if engine.unload_under_pressure { ", and when memory is short" } else { "" };
    section.fact("sleeps", format!("{sleep}{pressure}"));
    // Nobody has this one's name, so nobody is left out; where a socket's path would be too long, hosts are elsewhere.
    let paths = HostPaths::from(scene.loader.paths());
    let identity = HostIdentity { binary: env!("CARGO_PKG_VERSION").to_owned(), model: "doctor".to_owned() };
    let address = HostAddress::new(&paths, &identity, our_user(), 0);
    section.fact("sockets", address.directory.display().to_string());
    show(section, &Register::new(&address).others());
    Ok(())
}

fn show(section: &mut Section, all: &[Holding]) {
    if all.is_empty() {
        section.fact("running", "none besides this command's own");
    }
    for host in all {
        let role = match host.role {
            Role::Completion => "completion",
            Role::Chat => "questions",
            Role::Embedding => "search by meaning",
        };
        let held: Vec<String> =
            host.held.iter().map(|held| format!("{} on {}", size(held.bytes), held.device)).collect();
        let held = if held.is_empty() { "nothing known".to_owned() } else { held.join(", ") };
        let state = if host.is_awake { format!("holds {held}") } else { format!("sleeps; awake it holds {held}") };
        section.fact(role, format!("{}, process {}, {state}", host.model, host.process));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::host::Held;

    #[test]
    fn hosts_are_told_with_what_they_hold() {
        let held = vec![Held { device: "CPU".to_owned(), bytes: 2_000_000_000 }];
        let awake = Holding { role: Role::Completion, model: "m".to_owned(), process: 7, is_awake: true, held };
        let asleep = Holding { role: Role::Chat, is_awake: false, ..awake.clone() };
        let mut section = Section::new("hosts", "Hosts");
        show(&mut section, &[awake, asleep]);
        let values: Vec<&str> = section.facts.iter().map(|fact| fact.value.as_str()).collect();
        let expected = ["m, process 7, holds 2.0 GB on CPU", "m, process 7, sleeps; awake it holds 2.0 GB on CPU"];
        assert_eq!(values, expected);
    }
}

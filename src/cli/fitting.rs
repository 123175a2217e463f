//! Which models this machine can use, and which one it should have. By what the machine has, not by what is free just now: the
//! answer has to stay the same while the model that was chosen is in memory.

use crate::config::EngineSettings;
use crate::models::fit::{Candidate, Choice, Machine, Pace, Wish, choice, choose};
use crate::models::{Catalogue, Entry, Installed, ModelFile, ResolveError, Role, Store, gguf};

/// The machine at rest, with the devices that `engine.device` means.
pub fn machine(engine: &EngineSettings) -> Machine {
    #[cfg(feature = "llama")]
    let machine = crate::engine::llama::machine(&engine.device, engine.threads);
    #[cfg(not(feature = "llama"))]
    let machine = {
        let memory = crate::engine::power::Machine::default().read().memory;
        let threads = std::thread::available_parallelism().map_or(1, |count| count.get() as u32);
        let room = memory.room.into_iter().chain(memory.group_room).min_by_key(|room| room.total);
        Machine {
            total: room.map(|room| room.total),
            threads: if engine.threads > 0 { engine.threads } else { threads.saturating_sub(1).max(1) },
            ..Machine::default()
        }
    };
    machine.at_rest()
}

/// How a file of the catalogue would be on a machine; None where nobody says what the machine has.
pub fn judge(entry: &Entry, file: &ModelFile, machine: &Machine) -> Option<Choice> {
    machine.is_known().then_some(())?;
    let candidate = Candidate::of(entry, file, false);
    choose(&[candidate], machine, entry.role, &choice::usual_wish()).into_iter().next()
}

/// The name of the catalogue's model that a machine should have for a role: the best that answers soon enough.
pub fn recommended(machine: &Machine, role: Role) -> Option<&'static Entry> {
    machine.is_known().then_some(())?;
    let entries: Vec<&Entry> = Catalogue::builtin().entries().iter().filter(|entry| entry.role == role).collect();
    let candidates: Vec<Candidate> =
        entries.iter().flat_map(|entry| entry.files.iter().map(|file| Candidate::of(entry, file, false))).collect();
    let best = choose(&candidates, machine, role, &choice::usual_wish()).into_iter().next().filter(is_of_use)?;
    entries.into_iter().find(|entry| best.name.split(':').next() == Some(entry.name.as_str()))
}

/// The file that a name without a quantisation means here: the catalogue's default where the machine can use it, else the best
/// of the others that it can, with a sentence that says so.
pub fn file<'e>(entry: &'e Entry, machine: &Machine) -> (Option<&'e ModelFile>, Option<String>) {
    let default = entry.file(None);
    let Some(judged) = default.and_then(|file| judge(entry, file, machine)) else { return (default, None) };
    if is_of_use(&judged) {
        return (default, None);
    }
    let candidates: Vec<Candidate> = entry.files.iter().map(|file| Candidate::of(entry, file, false)).collect();
    let best = choose(&candidates, machine, entry.role, &choice::usual_wish()).into_iter().next();
    let better = best.filter(|best| is_of_use(best) && best.name != judged.name);
    match better.and_then(|best| {
        Some((entry.files.iter().find(|file| best.name.ends_with(&format!(":{}", file.quantisation)))?, best))
    }) {
        Some((file, best)) => {
            let why = format!(
                "{} in place of {}, which on this machine is no good choice ({}). It is {}",
                file.quantisation, entry.default, judged.reason, best.reason
            );
            (Some(file), Some(why))
        }
        None => (default, Some(format!("On this machine it is no good choice: {}", judged.reason))),
    }
}

fn is_of_use(choice: &Choice) -> bool {
    choice.plan.is_some() && choice.pace != Pace::TooSlow
}

/// The best installed model of a role that fits; of those that are all too slow the quickest.
pub fn best_installed(
    store: &Store,
    role: Role,
    engine: &EngineSettings,
    machine: &Machine,
) -> Result<Option<Installed>, ResolveError> {
    let mut models = store.list()?;
    models.retain(|model| model.role == role && store.check(model).is_ok());
    let candidates: Vec<Candidate> = models.iter().filter_map(|model| candidate(store, model)).collect();
    let wish = Wish { kv_type: engine.kv_type, flash_attention: engine.flash_attention, ..choice::usual_wish() };
    let best = choose(&candidates, machine, role, &wish).into_iter().next().filter(|best| best.plan.is_some());
    if let Some(best) = &best {
        tracing::info!(model = %best.name, reason = %best.reason, "chosen by engine.model = auto");
    }
    Ok(best.and_then(|best| models.into_iter().find(|model| model.name.to_string() == best.name)))
}

/// None where neither the catalogue nor its file says what it is.
fn candidate(store: &Store, model: &Installed) -> Option<Candidate> {
    let name = model.name.to_string();
    if let Some((entry, file)) = Catalogue::builtin().find(&model.name) {
        return Some(Candidate { name, role: model.role, ..Candidate::of(entry, file, true) });
    }
    let header = gguf::read_whole(&store.path(model.files.first()?)).ok()?;
    Candidate::of_header(name, model.role, &header)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;

    fn machine(gibibytes: u64) -> Machine {
        Machine { available: Some(gibibytes * GIB), total: Some(gibibytes * GIB), threads: 7, ..Machine::default() }
    }

    fn entry(name: &str) -> &'static Entry {
        Catalogue::builtin().entry(name).unwrap()
    }

    #[test]
    fn a_larger_machine_should_have_a_larger_model() {
        let named = |gibibytes| recommended(&machine(gibibytes), Role::Completion).map(|entry| entry.name.as_str());
        assert_eq!(named(1), Some("qwen2.5-coder-0.5b"));
        assert_eq!(named(8), Some("qwen2.5-coder-1.5b"));
        assert_eq!(recommended(&Machine::default(), Role::Completion), None, "nobody says what it has");
    }

    #[test]
    fn a_name_alone_means_the_default_file_or_one_that_fits() {
        let small = entry("qwen2.5-coder-0.5b");
        assert_eq!(file(small, &machine(16)), (small.file(None), None));
        assert_eq!(file(small, &Machine::default()), (small.file(None), None));
        let (_, why) = file(entry("qwen2.5-coder-32b"), &machine(4));
        assert!(why.unwrap().contains("needs"), "there is no file of it that would fit, and that is said");
    }

    #[test]
    fn where_the_default_file_is_too_large_a_smaller_one_is_taken() {
        let entry = Catalogue::builtin()
            .entries()
            .iter()
            .find(|entry| {
                let default = entry.file(None).map_or(0, |file| file.bytes);
                entry.role == Role::Completion && entry.files.iter().any(|file| file.bytes < default / 10 * 8)
            })
            .expect("one whose default is not its smallest");
        let smallest = entry.files.iter().min_by_key(|file| file.bytes).unwrap();
        let default = entry.file(None).unwrap();
        // Room for the smallest and what is computed, not for the default.
        let room = (smallest.bytes..default.bytes * 2)
            .step_by(64 << 20)
            .map(|bytes| Machine { available: Some(bytes), threads: 64, ..Machine::default() })
            .find(|machine| judge(entry, smallest, machine).is_some_and(|choice| choice.plan.is_some()))
            .unwrap();
        let (found, why) = file(entry, &room);
        assert_eq!(found.map(|file| &file.quantisation), Some(&smallest.quantisation), "{why:?}");
        assert!(why.unwrap().contains("in place of"));
    }
}

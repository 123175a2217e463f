//! The processor, the memory, and what of them llama.cpp needs.

use std::path::Path;

use super::look::Scene;
use super::machine::{self, size};
use super::report::{Fix, Section};
use crate::config::Politeness;
use crate::engine::power::{self, Conditions, Judge};

/// What llama.cpp can make use of: its name, and how Linux spells it on x86 and on ARM.
const USEFUL: &[(&str, &[&str])] = &[
    ("AVX2", &["avx2"]),
    ("FMA", &["fma"]),
    ("F16C", &["f16c"]),
    ("BMI2", &["bmi2"]),
    ("AVX-VNNI", &["avx_vnni"]),
    ("AVX-512", &["avx512f"]),
    ("AVX-512 VNNI", &["avx512_vnni"]),
    ("AVX-512 BF16", &["avx512_bf16"]),
    ("AMX", &["amx_tile"]),
    ("NEON", &["asimd"]),
    ("dot products", &["asimddp"]),
    ("int8 matrices", &["i8mm"]),
    ("SVE", &["sve"]),
    ("SME", &["sme"]),
];

/// What this build of llama.cpp uses without asking.
const NEEDED: &[&str] =
    if cfg!(all(target_arch = "x86_64", feature = "llama")) { &["AVX2", "FMA", "F16C", "BMI2"] } else { &[] };

/// How long the machine is watched for memory pressure and throttling: shorter than this nothing can be said.
const WATCHED: std::time::Duration = std::time::Duration::from_millis(400);

pub fn look(scene: &Scene, section: &mut Section) -> anyhow::Result<()> {
    section.fact("system", format!("{} on {}", std::env::consts::OS, std::env::consts::ARCH));
    let found = machine::Machine::below(&scene.root);
    match &found.processor {
        Some(processor) => section.fact("processor", processor),
        None => section.fact("processor", "this system does not say"),
    }
    section.fact("threads", found.threads.to_string());
    instructions(section, &scene.root);
    memory(section, &found);
    let machine = power::Machine::below(&scene.root);
    let mut judge = Judge::default();
    judge.see(std::time::Instant::now(), machine.read());
    std::thread::sleep(WATCHED);
    let reading = machine.read();
    // A condition of the second reading alone has not held for long; what the first showed counts at once.
    let conditions = judge.see(std::time::Instant::now(), reading.clone());
    power(section, &reading, conditions, &scene.settings.engine);
    Ok(())
}

/// None where the system has no such list.
fn flags(root: &Path) -> Option<Vec<String>> {
    let text = std::fs::read_to_string(root.join("proc/cpuinfo")).ok()?;
    let line = machine::field(&text, "flags").or_else(|| machine::field(&text, "Features"))?;
    Some(line.split_whitespace().map(str::to_owned).collect())
}

fn instructions(section: &mut Section, root: &Path) {
    let Some(flags) = flags(root) else {
        let missing = machine::missing_instructions();
        let has = if missing.is_empty() { "what this build needs is there" } else { "not all that this build needs" };
        section.fact("instructions", has);
        return lacking(section, &missing);
    };
    let has = |spellings: &[&str]| flags.iter().any(|flag| spellings.contains(&flag.as_str()));
    let there: Vec<&str> = USEFUL.iter().filter(|(_, spellings)| has(spellings)).map(|(name, _)| *name).collect();
    section.fact(
        "instructions",
        if there.is_empty() { "none of those that make models fast".to_owned() } else { there.join(", ") },
    );
    let missing: Vec<&str> = NEEDED.iter().copied().filter(|needed| !there.contains(needed)).collect();
    lacking(section, &missing);
}

fn lacking(section: &mut Section, missing: &[&str]) {
    if !missing.is_empty() {
        let what = format!(
            "this processor lacks {}, which this build's llama.cpp uses: a model would end the engine's process",
            missing.join(", ")
        );
        let fix = "cargo install --locked --path . --no-default-features --features cloud   # the lookup engine alone";
        section.broken("instructions-missing", what, Fix::run(fix));
    }
}

fn memory(section: &mut Section, found: &machine::Machine) {
    match (found.memory, found.memory_free) {
        (Some(all), Some(free)) => section.fact("memory", format!("{} of {} free", size(free), size(all))),
        (Some(all), None) => section.fact("memory", size(all)),
        (None, _) => section.fact("memory", "this system does not say"),
    }
}

fn power(
    section: &mut Section,
    reading: &power::Reading,
    conditions: &Conditions,
    engine: &crate::config::EngineSettings,
) {
    if let Some(room) = reading.memory.group_room {
        section
            .fact("of it ours", format!("{} of {} free in this control group", size(room.available), size(room.total)));
    }
    let has_pressure = reading.memory.stalls.is_some() || reading.memory.room.is_some();
    section.fact(
        "pressure",
        match (&conditions.pressure, has_pressure) {
            (Some(why), _) => why.clone(),
            (None, true) => "none".to_owned(),
            (None, false) => "this system does not say".to_owned(),
        },
    );
    let power = match reading.on_battery {
        Some(true) => "battery",
        Some(false) => "plugged in",
        None if cfg!(target_os = "linux") => "no battery",
        None => "this system does not say",
    };
    section.fact("power", power);
    let heat = match (&conditions.heat, &reading.heat.hottest) {
        (Some(why), _) => why.clone(),
        (None, Some((zone, margin))) => format!("{zone} is {:.0} °C below its limit", -(*margin as f64) / 1000.0),
        (None, None) => "no sensor says".to_owned(),
    };
    section.fact("heat", heat);
    if let Some(why) = &conditions.pressure {
        let what = format!("memory is short ({why})");
        section.warn(
            "memory-pressure",
            what,
            Fix::run("tandem model list --fitting   # a smaller model, or close programs"),
        );
    }
    let polite = |key: &str| format!("engine.{key} decides what the model does then");
    if conditions.battery {
        let what =
            format!("the machine runs on its battery: {}, now `{}`", polite("onBattery"), word(engine.on_battery));
        section.note("on-battery", what, Fix::set("engine.onBattery", "\"same\""));
    }
    if let Some(why) = &conditions.heat {
        let what = format!("the machine is hot ({why}): {}, now `{}`", polite("whenHot"), word(engine.when_hot));
        section.note("hot", what, Fix::set("engine.whenHot", "\"same\""));
    }
}

/// As the settings spell it.
fn word(politeness: Politeness) -> &'static str {
    match politeness {
        Politeness::Lookup => "lookup",
        Politeness::Polite => "polite",
        Politeness::Same => "same",
    }
}

#[cfg(test)]
mod tests {
    use super::super::look::testing::{ids, scene, write};
    use super::*;

    fn looked(files: &[(&str, &str)]) -> Section {
        let place = tempfile::tempdir().unwrap();
        for (path, text) in files {
            write(place.path(), path, text);
        }
        let mut section = Section::new("machine", "Machine");
        look(&scene(place.path(), &[]), &mut section).unwrap();
        section
    }

    fn fact<'a>(section: &'a Section, name: &str) -> &'a str {
        &section.facts.iter().find(|fact| fact.name == name).unwrap().value
    }

    const FAST: &str = "model name\t: Fast One\nflags\t\t: fpu avx2 fma f16c bmi2 avx512f amx_tile\n";

    #[cfg(target_os = "linux")]
    #[test]
    fn a_plain_machine_has_nothing_to_remark() {
        let memory = "MemTotal: 16000000 kB\nMemAvailable: 8000000 kB\n";
        let section = looked(&[("proc/cpuinfo", FAST), ("proc/meminfo", memory)]);
        assert_eq!(ids(&section), [""; 0]);
        assert_eq!(fact(&section, "processor"), "Fast One");
        assert_eq!(fact(&section, "instructions"), "AVX2, FMA, F16C, BMI2, AVX-512, AMX");
        assert_eq!(fact(&section, "memory"), "8.2 GB of 16 GB free");
        assert_eq!(fact(&section, "power"), "no battery");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_laptop_on_its_battery_is_told_what_that_means() {
        let section = looked(&[
            ("proc/cpuinfo", FAST),
            ("sys/class/power_supply/BAT0/type", "Battery"),
            ("sys/class/power_supply/BAT0/status", "Discharging"),
            ("sys/class/power_supply/AC/type", "Mains"),
            ("sys/class/power_supply/AC/online", "0"),
        ]);
        assert_eq!(ids(&section), ["on-battery"]);
        assert_eq!(fact(&section, "power"), "battery");
        assert!(section.findings[0].what.ends_with("now `polite`"), "{:?}", section.findings);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_machine_without_memory_to_spare_is_told_so() {
        let memory = "MemTotal: 16000000 kB\nMemAvailable: 100000 kB\n";
        let section = looked(&[("proc/cpuinfo", FAST), ("proc/meminfo", memory)]);
        assert_eq!(ids(&section), ["memory-pressure"]);
    }

    #[test]
    fn what_the_build_needs_and_the_processor_lacks_is_broken() {
        let mut section = Section::new("machine", "Machine");
        lacking(&mut section, &[]);
        assert_eq!(ids(&section), [""; 0]);
        lacking(&mut section, &["AVX2", "FMA"]);
        assert_eq!(ids(&section), ["instructions-missing"]);
        assert!(section.findings[0].what.starts_with("this processor lacks AVX2, FMA, which"));
    }

    #[test]
    fn an_arm_processor_is_read_too() {
        let section = looked(&[("proc/cpuinfo", "Features\t: fp asimd asimddp i8mm\n")]);
        assert_eq!(fact(&section, "instructions"), "NEON, dot products, int8 matrices");
    }
}

//! A table of machines and what they should have, and the steps down when memory is short.

use super::choice::{Pace, usual_wish};
use super::{Candidate, Choice, Gpu, Machine, Plan, TooLarge, Wish, choose, ladder};
use crate::config::KvType;
use crate::models::catalogue::{Catalogue, Role};
use crate::models::size::{Shape, Weights};

const GIB: u64 = 1 << 30;

fn gpu(gibibytes: f64) -> Gpu {
    let total = (gibibytes * GIB as f64) as u64;
    // A display takes some of it.
    Gpu { name: "CUDA0".into(), description: "A card".into(), free: total - total / 50, total, is_shared: false }
}

fn machine(memory: u64, threads: u32, gpus: Vec<Gpu>) -> Machine {
    Machine {
        gpus,
        available: Some(memory * GIB * 3 / 4),
        total: Some(memory * GIB),
        threads,
        measured_bandwidth: None,
    }
}

fn apple(memory: u64) -> Machine {
    let total = memory * GIB * 2 / 3;
    let gpu = Gpu { name: "Metal".into(), description: "Apple M2".into(), free: total, total, is_shared: true };
    machine(memory, 7, vec![gpu])
}

/// Every file of the catalogue.
fn candidates() -> Vec<Candidate> {
    let catalogue = Catalogue::builtin();
    let of = |entry: &'static crate::models::Entry| entry.files.iter().map(|file| Candidate::of(entry, file, false));
    catalogue.entries().iter().flat_map(of).collect()
}

fn best(machine: &Machine, role: Role) -> Choice {
    choose(&candidates(), machine, role, &usual_wish()).into_iter().next().unwrap()
}

#[test]
fn each_machine_gets_the_model_that_it_can_bear() {
    let table = [
        ("8 GB laptop, 2 cores", machine(8, 1, vec![])),
        ("8 GB laptop, 8 cores", machine(8, 7, vec![])),
        ("16 GB Apple chip", apple(16)),
        ("6 GB card", machine(16, 7, vec![gpu(6.0)])),
        ("8 GB card", machine(32, 7, vec![gpu(8.0)])),
        ("12 GB card", machine(32, 7, vec![gpu(12.0)])),
        ("24 GB card", machine(64, 15, vec![gpu(24.0)])),
        ("80 GB card", machine(256, 31, vec![gpu(80.0)])),
        ("two 12 GB cards", machine(64, 15, vec![gpu(12.0), gpu(12.0)])),
    ];
    let lines: Vec<String> = table
        .iter()
        .map(|(what, machine)| {
            let choice = best(machine, Role::Completion);
            format!("{what}: {}, {:?}", choice.name, choice.pace)
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    8 GB laptop, 2 cores: qwen2.5-coder-0.5b:q8_0, Usable
    8 GB laptop, 8 cores: qwen2.5-coder-1.5b:q4_k_m, Comfortable
    16 GB Apple chip: qwen2.5-coder-7b:q4_k_m, Comfortable
    6 GB card: qwen2.5-coder-7b:q4_k_m, Comfortable
    8 GB card: qwen2.5-coder-7b:q4_k_m, Comfortable
    12 GB card: qwen2.5-coder-14b:q4_k_m, Comfortable
    24 GB card: qwen2.5-coder-32b:q4_k_m, Comfortable
    80 GB card: qwen2.5-coder-32b:q4_k_m, Comfortable
    two 12 GB cards: qwen2.5-coder-14b:q8_0, Comfortable
    ");
}

#[test]
fn what_is_chosen_fits_whatever_the_machine() {
    for memory in [2, 4, 8, 16, 64] {
        for card in [0.0, 2.0, 4.0, 6.0, 11.0, 16.0, 48.0] {
            let gpus = if card > 0.0 { vec![gpu(card)] } else { Vec::new() };
            let machine = machine(memory, 3, gpus);
            for role in [Role::Completion, Role::Chat, Role::Embedding] {
                for choice in choose(&candidates(), &machine, role, &usual_wish()) {
                    let Some(plan) = choice.plan else { continue };
                    assert!(plan.memory(&machine) <= machine.available.unwrap(), "{memory} {card} {choice:?}");
                    assert!(plan.need.gpu.total() <= machine.usable_on_gpus(), "{memory} {card} {choice:?}");
                }
            }
        }
    }
}

#[test]
fn a_seven_billion_model_is_no_completion_model_of_two_cores() {
    let machine = machine(32, 1, vec![]);
    let choices = choose(&candidates(), &machine, Role::Completion, &usual_wish());
    let large = choices.iter().find(|choice| choice.name.starts_with("qwen2.5-coder-7b:")).unwrap();
    assert!(large.plan.is_some() && large.pace == Pace::TooSlow, "{large:?}");
    assert!(large.reason.contains("assumed"), "the source of the number is said: {}", large.reason);
    let measured = Machine { measured_bandwidth: Some(200e9), ..machine };
    let choices = choose(&candidates(), &measured, Role::Completion, &usual_wish());
    assert!(choices[0].reason.contains("measured here"), "{}", choices[0].reason);
}

fn model(name: &str) -> (Shape, Weights) {
    let candidate = candidates().into_iter().find(|candidate| candidate.name == name).unwrap();
    (candidate.shape, candidate.weights)
}

/// The steps of a ladder in words: layers, window, prompts, type of the cache.
fn steps(name: &str, machine: &Machine, wish: &Wish) -> Result<Vec<String>, TooLarge> {
    let (shape, weights) = model(name);
    let word = |plan: Plan| format!("{}/{} {:?} {}", plan.gpu_layers, plan.window, plan.kv_type, plan.slots);
    Ok(ladder(&shape, &weights, wish, machine)?.into_iter().map(|step| word(step.plan)).collect())
}

#[test]
fn plans_become_smaller_step_by_step() {
    let roomy = steps("qwen2.5-coder-7b:q8_0", &machine(32, 7, vec![gpu(24.0)]), &usual_wish()).unwrap();
    insta::assert_snapshot!(roomy.join("\n"), @r"
    29/4096 F16 3
    29/4096 F16 2
    29/4096 F16 1
    29/2048 F16 1
    29/1024 F16 1
    29/1024 Q8_0 1
    29/1024 Q4_0 1
    28/4096 F16 1
    14/4096 F16 1
    0/4096 F16 3
    0/4096 F16 2
    0/4096 F16 1
    0/2048 F16 1
    0/1024 F16 1
    0/1024 Q8_0 1
    0/1024 Q4_0 1
    ");
    let tight = steps("qwen2.5-coder-7b:q8_0", &machine(32, 7, vec![gpu(6.0)]), &usual_wish()).unwrap();
    let layers = |step: &String| step.split('/').next().and_then(|layers| layers.parse::<u32>().ok()).unwrap();
    let first = layers(&tight[0]);
    assert!(first > 10 && first < 29 && layers(&tight[1]) == first / 2, "{tight:?}");
    assert!(tight[2..].iter().all(|step| step.starts_with("0/")), "{tight:?}");
    let without = steps("qwen2.5-coder-7b:q8_0", &machine(16, 7, vec![]), &usual_wish()).unwrap();
    assert!(without[0].starts_with("0/4096 F16") && without.iter().all(|step| step.starts_with("0/")), "{without:?}");
}

#[test]
fn each_step_says_what_is_less() {
    let (shape, weights) = model("qwen2.5-coder-7b:q8_0");
    let steps = ladder(&shape, &weights, &usual_wish(), &machine(32, 7, vec![gpu(6.0)])).unwrap();
    let lowered = &steps[0].lowered;
    assert!(lowered[0].contains("of 29 layers are on the GPU, which has 5.9 GiB free"), "{lowered:?}");
    assert_eq!(lowered[1], "1 of 4 prompts are kept ready: returning to a place costs its prompt anew");
    let full = ladder(&shape, &weights, &usual_wish(), &machine(32, 7, vec![gpu(24.0)])).unwrap();
    assert_eq!(full[0].lowered, [""; 0]);
}

#[test]
fn a_model_that_cannot_fit_is_refused_unless_the_user_insists() {
    let small = machine(8, 7, vec![]);
    let refused = steps("qwen2.5-coder-32b:q4_k_m", &small, &usual_wish()).unwrap_err();
    assert!(refused.to_string().starts_with("it needs 1") && refused.to_string().contains("the machine would crawl"));
    for insists in [Wish { is_window_fixed: true, ..usual_wish() }, Wish { gpu_layers: Some(0), ..usual_wish() }] {
        let (shape, weights) = model("qwen2.5-coder-32b:q4_k_m");
        let steps = ladder(&shape, &weights, &insists, &small).unwrap();
        assert_eq!(steps.len(), 1);
        assert!(steps[0].lowered.last().unwrap().contains("more than is free"), "{steps:?}");
    }
}

#[test]
fn what_the_user_named_stays() {
    let machine = machine(16, 7, vec![gpu(6.0)]);
    let (shape, weights) = model("qwen2.5-coder-3b:q8_0");
    let fixed = Wish { window: 3000, is_window_fixed: true, ..usual_wish() };
    assert!(ladder(&shape, &weights, &fixed, &machine).unwrap().iter().all(|step| step.plan.window == 3000));
    let layers = Wish { gpu_layers: Some(5), ..usual_wish() };
    assert!(ladder(&shape, &weights, &layers, &machine).unwrap().iter().all(|step| step.plan.gpu_layers == 5));
}

#[test]
fn a_cache_that_cannot_be_quantised_is_not() {
    let (shape, weights) = model("stable-code-3b:q4_k_m");
    assert_eq!(shape.key_size, 80);
    let steps = ladder(&shape, &weights, &usual_wish(), &machine(16, 7, vec![gpu(6.0)])).unwrap();
    assert!(steps.iter().all(|step| step.plan.kv_type == KvType::F16));
}

#[test]
fn a_second_model_gets_what_the_first_left() {
    let whole = machine(16, 7, vec![gpu(8.0)]);
    let (shape, weights) = model("qwen2.5-coder-7b:q4_k_m");
    let first = ladder(&shape, &weights, &usual_wish(), &whole).unwrap().remove(0).plan;
    assert_eq!(first.gpu_layers, shape.layers + 1);
    let rest = whole.without(first.need.gpu.total(), first.need.cpu.total());
    let second = ladder(&shape, &weights, &usual_wish(), &rest).unwrap().remove(0).plan;
    assert!(second.gpu_layers <= shape.layers / 2, "{second:?}");
    let shared = apple(16);
    let rest = shared.without(6 * GIB, GIB);
    assert_eq!(shared.available.unwrap() - rest.available.unwrap(), 7 * GIB, "one memory");
}

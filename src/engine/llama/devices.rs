//! The devices that llama.cpp finds, those that a model is to use, and the machine around them.

use llama_cpp_2::{LlamaBackendDevice, LlamaBackendDeviceType, list_llama_ggml_backend_devices};

use super::backend::backend;
use super::load;
use crate::engine::power;
use crate::models::fit::{Gpu, Machine};

/// The word for no GPU at all.
const CPU: &str = "cpu";

/// What a model is to be on.
#[derive(Debug, Default)]
pub(super) struct Chosen {
    /// llama.cpp's numbers of the GPUs; none for the CPU alone.
    pub numbers: Vec<usize>,
    pub gpus: Vec<Gpu>,
    /// A sentence where the wish could not be followed.
    pub complaint: Option<String>,
}

/// The GPUs that `wanted` (`engine.device`) means: one by its name or description, `cpu` for none; without a wish all
/// discrete ones, else the first integrated one, as llama.cpp does.
pub(super) fn choose(wanted: &str) -> Chosen {
    if wanted.trim().eq_ignore_ascii_case(CPU) || backend().is_err() {
        return Chosen::default();
    }
    choose_among(wanted, list_llama_ggml_backend_devices())
}

fn choose_among(wanted: &str, devices: Vec<LlamaBackendDevice>) -> Chosen {
    let is = |kind: LlamaBackendDeviceType| move |device: &&LlamaBackendDevice| device.device_type == kind;
    let gpus: Vec<&LlamaBackendDevice> = devices
        .iter()
        .filter(|device| {
            matches!(device.device_type, LlamaBackendDeviceType::Gpu | LlamaBackendDeviceType::IntegratedGpu)
        })
        .collect();
    let wanted = wanted.trim().to_lowercase();
    let named = |device: &&&LlamaBackendDevice| {
        device.name.to_lowercase() == wanted || device.description.to_lowercase() == wanted
    };
    let mut complaint = None;
    let mut chosen: Vec<&LlamaBackendDevice> = Vec::new();
    if !wanted.is_empty() {
        chosen.extend(
            gpus.iter()
                .find(named)
                .or_else(|| gpus.iter().find(|device| device.description.to_lowercase().contains(&wanted))),
        );
        if chosen.is_empty() {
            let names: Vec<&str> = gpus.iter().map(|device| device.name.as_str()).chain([CPU]).collect();
            complaint =
                Some(format!("there is no device `{wanted}` here; set engine.device to one of: {}", names.join(", ")));
        }
    }
    if chosen.is_empty() {
        chosen = gpus.iter().copied().filter(|device| is(LlamaBackendDeviceType::Gpu)(device)).collect();
    }
    if chosen.is_empty() {
        chosen.extend(gpus.first());
    }
    Chosen {
        numbers: chosen.iter().map(|device| device.index).collect(),
        gpus: chosen.into_iter().map(gpu).collect(),
        complaint,
    }
}

fn gpu(device: &LlamaBackendDevice) -> Gpu {
    let is_integrated = device.device_type == LlamaBackendDeviceType::IntegratedGpu;
    Gpu {
        name: device.name.clone(),
        description: device.description.clone(),
        free: device.memory_free as u64,
        total: device.memory_total as u64,
        // Apple's chips call themselves discrete.
        is_shared: is_integrated || device.backend.starts_with("Metal") || device.backend.starts_with("MTL"),
    }
}

/// Every GPU, each with the name of the backend that drives it. Starts the drivers, which may take seconds.
///
/// # Errors
/// When llama.cpp refuses to start.
pub fn all_gpus() -> Result<Vec<(Gpu, String)>, String> {
    backend()?;
    let is_gpu = |device: &LlamaBackendDevice| {
        matches!(device.device_type, LlamaBackendDeviceType::Gpu | LlamaBackendDeviceType::IntegratedGpu)
    };
    let all = list_llama_ggml_backend_devices().into_iter().filter(is_gpu);
    Ok(all.map(|device| (gpu(&device), device.backend)).collect())
}

/// The machine with the GPUs that `wanted` means; 0 threads are as many as an engine takes by itself.
pub fn machine(wanted: &str, threads: u32) -> Machine {
    let threads = if threads > 0 { threads } else { load::default_threads() };
    machine_with(choose(wanted).gpus, threads, &power::Machine::default())
}

/// The machine whose memory `seen` tells.
pub(super) fn machine_with(gpus: Vec<Gpu>, threads: u32, seen: &power::Machine) -> Machine {
    let memory = seen.read().memory;
    let rooms = [memory.room, memory.group_room];
    let tightest = rooms.into_iter().flatten().min_by_key(|room| room.available);
    let (available, total) = match tightest {
        Some(room) => (Some(room.available), Some(room.total)),
        None => reported_memory(),
    };
    Machine { gpus, available, total, threads, measured_bandwidth: None }
}

/// Where the system's own numbers are not read: what llama.cpp reports of the CPU. Some systems report all as free, so only
/// two thirds of it count as available.
fn reported_memory() -> (Option<u64>, Option<u64>) {
    let cpu = list_llama_ggml_backend_devices()
        .into_iter()
        .find(|device| device.device_type == LlamaBackendDeviceType::Cpu)
        .filter(|device| device.memory_total > 0);
    let Some(cpu) = cpu else { return (None, None) };
    let (free, total) = (cpu.memory_free as u64, cpu.memory_total as u64);
    (Some(if free >= total { total / 3 * 2 } else { free }), Some(total))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(index: usize, name: &str, description: &str, kind: LlamaBackendDeviceType) -> LlamaBackendDevice {
        LlamaBackendDevice {
            index,
            name: name.into(),
            description: description.into(),
            backend: "CUDA".into(),
            memory_total: 8 << 30,
            memory_free: 7 << 30,
            device_type: kind,
        }
    }

    fn here() -> Vec<LlamaBackendDevice> {
        use LlamaBackendDeviceType::{Cpu, Gpu, IntegratedGpu};
        vec![
            device(0, "CUDA0", "NVIDIA GeForce RTX 3060", Gpu),
            device(1, "CUDA1", "NVIDIA GeForce RTX 4090", Gpu),
            device(2, "Vulkan0", "Intel Graphics", IntegratedGpu),
            device(3, "CPU", "AMD EPYC", Cpu),
        ]
    }

    #[test]
    fn a_device_is_meant_by_its_name_or_a_part_of_its_description() {
        for (wanted, numbers) in [
            ("", vec![0, 1]),
            ("cuda1", vec![1]),
            ("4090", vec![1]),
            (" Vulkan0 ", vec![2]),
            ("intel graphics", vec![2]),
        ] {
            let chosen = choose_among(wanted, here());
            assert_eq!((chosen.numbers, chosen.complaint), (numbers, None), "{wanted}");
        }
        assert!(choose("cpu").gpus.is_empty());
    }

    #[test]
    fn an_unknown_device_is_a_sentence_and_llama_cpps_choice() {
        let chosen = choose_among("radeon", here());
        assert_eq!(chosen.numbers, [0, 1]);
        let complaint = chosen.complaint.unwrap();
        assert!(complaint.contains("CUDA0, CUDA1, Vulkan0, cpu"), "{complaint}");
    }

    #[test]
    fn an_integrated_gpu_is_used_where_there_is_no_other_and_its_memory_is_the_machines() {
        let chosen = choose_among("", here().into_iter().skip(2).collect());
        assert_eq!(chosen.numbers, [2]);
        assert!(chosen.gpus[0].is_shared);
    }
}

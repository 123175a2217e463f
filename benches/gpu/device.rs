//! The device, and how much of its memory is free.

use tandem::engine::Engine;
use tandem::engine::llama::LlamaEngine;

use super::engine::{config, settled};

pub struct Gpu {
    pub name: String,
    total: u64,
}

const MIB: f64 = 1024.0 * 1024.0;

/// Starts llama.cpp with the starter model, which wakes drivers whose own memory would be counted as the first model's
/// otherwise. None where no device is seen.
pub fn wake() -> Option<Gpu> {
    let engine = LlamaEngine::start(config(None));
    settled(&engine).ok()?;
    let devices = engine.status().borrow().model.as_ref().map(|model| model.devices.clone()).unwrap_or_default();
    let name = devices.into_iter().map(|device| device.name).find(|name| name != "CPU")?;
    Some(Gpu { name, total: memory().1 })
}

impl Gpu {
    pub fn describe(&self) -> String {
        format!(
            "{}, {:.0} MiB; tandem {} for {} {}; {}\n",
            self.name,
            self.total as f64 / MIB,
            env!("CARGO_PKG_VERSION"),
            std::env::consts::ARCH,
            std::env::consts::OS,
            if cfg!(debug_assertions) { "development build" } else { "release build" }
        )
    }
}

/// Free and all bytes of the devices that are no processors.
pub fn memory() -> (u64, u64) {
    llama_cpp_2::list_llama_ggml_backend_devices()
        .into_iter()
        .filter(|device| {
            matches!(
                device.device_type,
                llama_cpp_2::LlamaBackendDeviceType::Gpu | llama_cpp_2::LlamaBackendDeviceType::IntegratedGpu
            )
        })
        .fold((0, 0), |(free, all), device| (free + device.memory_free as u64, all + device.memory_total as u64))
}

/// What is taken of it, against an earlier look. Some drivers call all of it free whatever happens.
pub fn taken(free_before: u64) -> String {
    let (free, all) = memory();
    if free == all {
        "not told by the driver".to_owned()
    } else {
        format!("{:.0} MiB", (free_before as f64 - free as f64) / MIB)
    }
}

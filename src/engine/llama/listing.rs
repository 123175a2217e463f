//! The devices that llama.cpp finds, for people to choose from.

use llama_cpp_2::{LlamaBackendDeviceType, list_llama_ggml_backend_devices};

use super::backend::backend;

/// One device, as its backend tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedDevice {
    pub name: String,
    pub description: String,
    pub backend: String,
    pub is_gpu: bool,
    /// Bytes; 0 where the backend does not say.
    pub free: u64,
    pub total: u64,
}

/// All of them, in llama.cpp's order. Drivers are started for it, which may take seconds.
///
/// # Errors
/// When llama.cpp refuses to start.
pub fn list_devices() -> Result<Vec<ListedDevice>, String> {
    backend()?;
    let devices = list_llama_ggml_backend_devices().into_iter().map(|device| ListedDevice {
        is_gpu: matches!(device.device_type, LlamaBackendDeviceType::Gpu | LlamaBackendDeviceType::IntegratedGpu),
        name: device.name,
        description: device.description,
        backend: device.backend,
        free: device.memory_free as u64,
        total: device.memory_total as u64,
    });
    Ok(devices.collect())
}

//! Graphics cards: those that are in the machine, those that llama.cpp can use, and what stands between the two.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::look::Scene;
use super::machine::size;
use super::report::{Fix, Section};
use crate::models::fit::Gpu;

/// A GPU as llama.cpp lists it: its name is for `engine.device`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    #[serde(flatten)]
    pub gpu: Gpu,
    /// The backend's own name.
    pub backend: String,
}

/// What llama.cpp lists, or why that is not known.
pub type Devices = Result<Vec<Listed>, String>;

/// How a card is made use of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backends {
    pub vulkan: bool,
    pub cuda: bool,
    pub metal: bool,
    /// Some model can be run at all.
    pub llama: bool,
}

impl Backends {
    pub const BUILT_IN: Self = Self {
        vulkan: cfg!(feature = "vulkan"),
        cuda: cfg!(feature = "cuda"),
        metal: cfg!(any(feature = "metal", all(feature = "llama", target_os = "macos", target_arch = "aarch64"))),
        llama: cfg!(feature = "llama"),
    };

    fn words(self) -> String {
        let all = [("CUDA", self.cuda), ("Metal", self.metal), ("Vulkan", self.vulkan), ("processor", self.llama)];
        let there: Vec<&str> = all.iter().filter(|(_, is_in)| *is_in).map(|(name, _)| *name).collect();
        if there.is_empty() { "none: this build has no llama.cpp".to_owned() } else { there.join(", ") }
    }
}

/// Who made a card, by the number that PCI has for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Vendor {
    Nvidia,
    Amd,
    Intel,
}

impl Vendor {
    fn name(self) -> &'static str {
        match self {
            Self::Nvidia => "NVIDIA",
            Self::Amd => "AMD",
            Self::Intel => "Intel",
        }
    }

    /// The Debian package with the driver that speaks Vulkan.
    fn package(self) -> &'static str {
        match self {
            Self::Nvidia => "nvidia-driver",
            Self::Amd | Self::Intel => "mesa-vulkan-drivers",
        }
    }
}

/// What this system has to drive cards with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Drivers {
    cards: Vec<Vendor>,
    nvidia: Option<String>,
    has_loader: bool,
    /// Drivers that speak Vulkan, by the names of their manifests.
    vulkan: Vec<String>,
    /// Device files that this user may not open.
    closed: Vec<String>,
}

const LIBRARIES: &[&str] = &[
    "usr/lib/x86_64-linux-gnu",
    "usr/lib/aarch64-linux-gnu",
    "usr/lib64",
    "usr/lib",
    "usr/local/lib",
    "lib/x86_64-linux-gnu",
    "lib64",
];

const MANIFESTS: &[&str] = &["usr/share/vulkan/icd.d", "etc/vulkan/icd.d", "usr/local/share/vulkan/icd.d"];

/// A manifest of Mesa's software device, which no card is behind.
fn is_software(manifest: &str) -> bool {
    manifest.starts_with("lvp_") || manifest.contains("swrast")
}

impl Drivers {
    fn look(root: &Path) -> Self {
        let entries = |directory: &str| {
            let entries = std::fs::read_dir(root.join(directory)).into_iter().flatten().flatten();
            let mut found: Vec<_> = entries.map(|entry| entry.path()).collect();
            found.sort();
            found
        };
        let text = |path: &Path| std::fs::read_to_string(path).map(|text| text.trim().to_owned()).unwrap_or_default();
        let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let card = |device: std::path::PathBuf| {
            // Class 3 is what shows pictures, or could.
            let is_display = text(&device.join("class")).starts_with("0x03");
            match text(&device.join("vendor")).as_str() {
                _ if !is_display => None,
                "0x10de" => Some(Vendor::Nvidia),
                "0x1002" => Some(Vendor::Amd),
                "0x8086" => Some(Vendor::Intel),
                _ => None,
            }
        };
        let mut cards: Vec<Vendor> = entries("sys/bus/pci/devices").into_iter().filter_map(card).collect();
        cards.dedup();
        let manifests = MANIFESTS.iter().flat_map(|directory| entries(directory)).map(|path| name(&path));
        let render = entries("dev/dri").into_iter().filter(|path| name(path).starts_with("renderD"));
        Self {
            cards,
            nvidia: std::fs::read_to_string(root.join("proc/driver/nvidia/version"))
                .ok()
                .and_then(|text| nvidia_version(&text)),
            has_loader: LIBRARIES.iter().any(|place| root.join(place).join("libvulkan.so.1").exists()),
            vulkan: manifests.filter(|name| name.ends_with(".json")).collect(),
            closed: render.filter(|path| is_closed(path)).map(|path| format!("/dev/dri/{}", name(&path))).collect(),
        }
    }
}

/// `NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.14  Thu Feb 22 …`: the first word that is a version.
fn nvidia_version(text: &str) -> Option<String> {
    let is_version = |word: &&str| word.contains('.') && word.chars().all(|c| c.is_ascii_digit() || c == '.');
    text.lines().next()?.split_whitespace().find(is_version).map(str::to_owned)
}

/// This user may not open it. Opening is the one way to know that counts groups and access lists, and changes nothing.
fn is_closed(device: &Path) -> bool {
    let opened = std::fs::File::options().read(true).write(true).open(device);
    matches!(opened, Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied)
}

/// `listed`: what llama.cpp sees, or why that is not known.
pub fn look(scene: &Scene, section: &mut Section, listed: &Devices) -> anyhow::Result<()> {
    let built = Backends::BUILT_IN;
    section.fact("backends", built.words());
    match listed {
        Ok(listed) => devices(section, listed),
        Err(why) if built.llama => {
            section.warn("devices-unknown", format!("llama.cpp could not be asked for its devices: {why}"), None);
        }
        Err(_) => {}
    }
    if cfg!(not(target_os = "linux")) {
        section.fact("drivers", "not looked at on this system");
        return Ok(());
    }
    let drivers = Drivers::look(&scene.root);
    describe(section, &drivers);
    let gpus = listed.as_ref().map_or(0, Vec::len);
    judge(section, &drivers, built, gpus);
    Ok(())
}

fn devices(section: &mut Section, listed: &[Listed]) {
    if listed.is_empty() {
        section.fact("GPU", "none that this build can use");
    }
    for Listed { gpu, backend } in listed {
        let memory = match gpu.total {
            0 => "memory unknown".to_owned(),
            total => format!("{} of {} free", size(gpu.free), size(total)),
        };
        let shared = if gpu.is_shared { ", which are the machine's" } else { "" };
        section.fact(&*gpu.name, format!("{}, {memory}{shared} ({backend})", gpu.description));
    }
}

fn describe(section: &mut Section, drivers: &Drivers) {
    let cards: Vec<&str> = drivers.cards.iter().map(|card| card.name()).collect();
    section.fact("cards", if cards.is_empty() { "none on the PCI bus".to_owned() } else { cards.join(", ") });
    if let Some(version) = &drivers.nvidia {
        section.fact("NVIDIA driver", version);
    }
    let vulkan = match (drivers.has_loader, drivers.vulkan.as_slice()) {
        (false, []) => "no loader (libvulkan.so.1), no driver".to_owned(),
        (true, []) => "loader, no driver".to_owned(),
        (has_loader, drivers) => {
            format!("{}; drivers: {}", if has_loader { "loader" } else { "no loader" }, drivers.join(", "))
        }
    };
    section.fact("Vulkan", vulkan);
}

/// What keeps a card from being used, nearest cause first. `gpus`: how many llama.cpp can use.
fn judge(section: &mut Section, drivers: &Drivers, built: Backends, gpus: usize) {
    let Some(&card) = drivers.cards.first().filter(|_| gpus == 0) else {
        return closed(section, drivers, built, gpus);
    };
    let name = card.name();
    if !(built.vulkan || built.cuda && card == Vendor::Nvidia) {
        let other = if built.cuda { "has CUDA alone" } else { "computes on the processor alone" };
        let what = format!("there is a card of {name} that this build cannot use: it {other}");
        let fix = "take the archive `gpu` of the release, or: cargo install --locked --path . --features vulkan (docs/gpu.md)";
        return section.warn("card-unused", what, Fix::by_hand(fix));
    }
    if card == Vendor::Nvidia && drivers.nvidia.is_none() {
        let what = "there is a card of NVIDIA, but the kernel has no driver of NVIDIA's loaded";
        return section.warn("nvidia-no-driver", what, Fix::run(format!("sudo apt install {}", card.package())));
    }
    if built.vulkan && !drivers.has_loader {
        let what = format!("there is a card of {name}, but Vulkan's loader (libvulkan.so.1) is not there");
        return section.warn("vulkan-no-loader", what, Fix::run("sudo apt install libvulkan1"));
    }
    if built.vulkan && drivers.vulkan.iter().all(|manifest| is_software(manifest)) {
        let what = format!("there is a card of {name}, but no driver of it speaks Vulkan");
        return section.warn("vulkan-no-driver", what, Fix::run(format!("sudo apt install {}", card.package())));
    }
    if drivers.closed.is_empty() {
        let what = format!("there is a card of {name} with a driver, and llama.cpp lists no device of it");
        section.warn("card-not-listed", what, Fix::run("vulkaninfo --summary   # what the driver says of it"));
    }
    closed(section, drivers, built, gpus);
}

fn closed(section: &mut Section, drivers: &Drivers, built: Backends, gpus: usize) {
    if let Some(device) = drivers.closed.first().filter(|_| built.vulkan && gpus == 0) {
        let what = format!("this user may not open {device}, so no card can be used");
        section.warn("render-closed", what, Fix::run("sudo usermod -aG render \"$USER\"   # then log in again"));
    }
}

/// Asks for llama.cpp's devices in a process of its own: a driver that crashes or hangs takes only that along.
///
/// # Errors
/// A sentence when it did not answer.
pub fn ask_apart(program: &Path, patience: Duration) -> Devices {
    if !cfg!(feature = "llama") {
        return Err("this build has no llama.cpp".to_owned());
    }
    let mut child = Command::new(program)
        .args(["doctor", "--list-devices"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| error.to_string())?;
    let begun = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if begun.elapsed() < patience => std::thread::sleep(Duration::from_millis(10)),
            Ok(None) | Err(_) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("a driver did not answer within {} s", patience.as_secs()));
            }
        }
    };
    if !status.success() {
        return Err(format!("the process that asked ended with {status}"));
    }
    let mut text = Vec::new();
    let out = child.stdout.take().ok_or("it said nothing")?;
    std::io::Read::read_to_end(&mut std::io::Read::take(out, 1 << 20), &mut text).map_err(|error| error.to_string())?;
    serde_json::from_slice(&text).map_err(|error| format!("its answer cannot be read: {error}"))
}

#[cfg(test)]
mod tests;

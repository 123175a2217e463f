//! Machines with cards, made up of files.

use super::super::look::testing::{ids, write};
use super::*;

const ALL: Backends = Backends { vulkan: true, cuda: true, metal: false, llama: true };
const VULKAN: Backends = Backends { cuda: false, ..ALL };
const PROCESSOR: Backends = Backends { vulkan: false, ..VULKAN };

/// A card in the first slot.
fn card(place: &Path, vendor: &str) {
    write(place, "sys/bus/pci/devices/0000:01:00.0/class", "0x030000\n");
    write(place, "sys/bus/pci/devices/0000:01:00.0/vendor", vendor);
}

fn judged(files: &[(&str, &str)], vendor: &str, built: Backends, gpus: usize) -> Section {
    let place = tempfile::tempdir().unwrap();
    card(place.path(), vendor);
    for (path, text) in files {
        write(place.path(), path, text);
    }
    let mut section = Section::new("gpu", "Graphics");
    judge(&mut section, &Drivers::look(place.path()), built, gpus);
    section
}

const LOADER: (&str, &str) = ("usr/lib/x86_64-linux-gnu/libvulkan.so.1", "");
const NVIDIA: (&str, &str) = (
    "proc/driver/nvidia/version",
    "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.14  Thu Feb 22 01:44:30 UTC 2024\nGCC version: 12.2.0\n",
);

#[test]
fn a_card_of_nvidia_without_a_driver_is_found() {
    let section = judged(&[], "0x10de", VULKAN, 0);
    assert_eq!(ids(&section), ["nvidia-no-driver"]);
    assert_eq!(section.findings[0].fix, Fix::run("sudo apt install nvidia-driver"));
}

#[test]
fn each_part_that_is_missing_is_named() {
    assert_eq!(ids(&judged(&[NVIDIA], "0x10de", VULKAN, 0)), ["vulkan-no-loader"]);
    assert_eq!(ids(&judged(&[NVIDIA, LOADER], "0x10de", VULKAN, 0)), ["vulkan-no-driver"]);
    assert_eq!(ids(&judged(&[], "0x1002", VULKAN, 0)), ["vulkan-no-loader"]);
    let software = ("usr/share/vulkan/icd.d/lvp_icd.x86_64.json", "{}");
    assert_eq!(ids(&judged(&[LOADER, software], "0x1002", VULKAN, 0)), ["vulkan-no-driver"]);
    let radeon = ("usr/share/vulkan/icd.d/radeon_icd.x86_64.json", "{}");
    assert_eq!(ids(&judged(&[LOADER, radeon], "0x1002", VULKAN, 0)), ["card-not-listed"]);
    assert_eq!(ids(&judged(&[LOADER, radeon], "0x1002", VULKAN, 1)), [""; 0]);
}

#[test]
fn a_build_that_cannot_use_the_card_says_which_can() {
    let section = judged(&[NVIDIA], "0x10de", PROCESSOR, 0);
    assert_eq!(ids(&section), ["card-unused"]);
    assert!(matches!(&section.findings[0].fix, Some(Fix::Do(what)) if what.contains("--features vulkan")));
    let cuda = Backends { cuda: true, ..PROCESSOR };
    assert_eq!(ids(&judged(&[], "0x1002", cuda, 0)), ["card-unused"], "CUDA is NVIDIA's alone");
}

#[test]
fn what_is_no_display_is_no_card() {
    let place = tempfile::tempdir().unwrap();
    write(place.path(), "sys/bus/pci/devices/0000:00:1f.0/class", "0x060100\n");
    write(place.path(), "sys/bus/pci/devices/0000:00:1f.0/vendor", "0x8086\n");
    assert_eq!(Drivers::look(place.path()), Drivers::default());
}

#[test]
fn the_version_of_nvidia_s_driver_is_read() {
    assert_eq!(nvidia_version(NVIDIA.1).as_deref(), Some("550.54.14"));
    let open = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.86.15  Release Build";
    assert_eq!(nvidia_version(open).as_deref(), Some("570.86.15"));
    assert_eq!(nvidia_version("nothing"), None);
}

#[test]
fn a_device_file_of_another_group_is_found() {
    let drivers = Drivers {
        cards: vec![Vendor::Intel],
        has_loader: true,
        vulkan: vec!["intel_icd.x86_64.json".to_owned()],
        closed: vec!["/dev/dri/renderD128".to_owned()],
        ..Drivers::default()
    };
    let mut section = Section::new("gpu", "Graphics");
    judge(&mut section, &drivers, VULKAN, 0);
    assert_eq!(ids(&section), ["render-closed"]);
    assert!(matches!(&section.findings[0].fix, Some(Fix::Run(command)) if command.contains("usermod -aG render")));
}

#[test]
fn devices_are_listed_with_their_memory() {
    let gpu = Gpu {
        name: "Vulkan0".to_owned(),
        description: "Fast Card".to_owned(),
        free: 6_000_000_000,
        total: 8_000_000_000,
        is_shared: false,
    };
    let mut section = Section::new("gpu", "Graphics");
    let listed = [Listed { gpu, backend: "Vulkan".to_owned() }];
    devices(&mut section, &listed);
    assert_eq!(section.facts[0].value, "Fast Card, 6.0 GB of 8.0 GB free (Vulkan)");
    let text = serde_json::to_string(&listed).unwrap();
    assert_eq!(serde_json::from_str::<Vec<Listed>>(&text).unwrap(), listed, "what the process says is understood");
    let mut section = Section::new("gpu", "Graphics");
    devices(&mut section, &[]);
    assert_eq!(section.facts[0].value, "none that this build can use");
}

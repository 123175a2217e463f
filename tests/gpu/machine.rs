//! Which device there is, what the program says of it, and what it does without one.

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use tandem::engine::llama::ModelConfig;
use tandem::engine::{Device, Engine};

use crate::support::{config, start};

/// A named test.
pub type Test = (&'static str, fn());

pub const TESTS: &[Test] = &[
    ("every_layer_is_on_the_device", every_layer_is_on_the_device),
    ("no_layer_is_on_the_device_when_none_is_wanted", no_layer_is_on_the_device_when_none_is_wanted),
    ("doctor_names_the_device", doctor_names_the_device),
    ("without_a_driver_the_processor_computes", without_a_driver_the_processor_computes),
    ("a_device_that_is_not_there_is_no_crash", a_device_that_is_not_there_is_no_crash),
    ("a_module_from_elsewhere_is_not_loaded", a_module_from_elsewhere_is_not_loaded),
];

/// A bound against hanging, not a measurement.
const PATIENCE: Duration = Duration::from_secs(120);

/// What the starter model is put on, if that is a device. Loads it, as nothing else tells so surely.
pub fn device() -> Option<String> {
    let engine = start(config());
    devices(&engine).into_iter().map(|device| device.name).find(|name| name != "CPU")
}

fn devices(engine: &impl Engine) -> Vec<Device> {
    engine.status().borrow().model.as_ref().map(|model| model.devices.clone()).unwrap_or_default()
}

pub fn on_device(engine: &impl Engine) -> u32 {
    devices(engine).iter().filter(|device| device.name != "CPU").map(|device| device.layers).sum()
}

pub fn on_processor(engine: &impl Engine) -> u32 {
    devices(engine).iter().filter(|device| device.name == "CPU").map(|device| device.layers).sum()
}

/// Looks again until it holds.
pub fn wait(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "still not: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn every_layer_is_on_the_device() {
    let engine = start(config());
    assert!(on_device(&engine) > 0);
    assert_eq!(on_processor(&engine), 0, "{:?}", devices(&engine));
}

fn no_layer_is_on_the_device_when_none_is_wanted() {
    let engine = start(ModelConfig { gpu_layers: Some(0), ..config() });
    assert_eq!(on_device(&engine), 0, "{:?}", devices(&engine));
    assert!(on_processor(&engine) > 0);
}

/// `tandem doctor` of nobody in particular, with variables beside this process's.
fn doctor(home: &Path, variables: &[(&str, &str)]) -> Output {
    doctor_with(home, variables, &[])
}

/// The same with further arguments.
fn doctor_with(home: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tandem"));
    command.args(["doctor", "--set", "engine.threads=1", "--set", "engine.hostIdleSeconds=1"]).args(arguments);
    command.current_dir(home).env("HOME", home).env("XDG_RUNTIME_DIR", home);
    for name in ["XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"] {
        command.env_remove(name);
    }
    command.envs(variables.iter().copied()).output().expect("starts")
}

fn home() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("tg").tempdir().expect("a directory")
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn doctor_names_the_device() {
    let home = home();
    let output = doctor(home.path(), &[]);
    let name = device().expect("these tests run where there is one");
    assert!(said(&output).contains(&name), "{name} is not in:\n{}", said(&output));
    assert!(output.status.success(), "{}", said(&output));
}

/// The model works, and on the processor.
fn works_on_the_processor(output: &Output) {
    let said = said(output);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("known holes filled"), "the model was not tried:\n{said}");
    let name = device().expect("these tests run where there is one");
    assert!(!said.contains(&name), "{name} is in:\n{said}");
}

fn without_a_driver_the_processor_computes() {
    if !cfg!(feature = "vulkan") {
        return eprintln!("only Vulkan's drivers can be hidden");
    }
    let home = home();
    let nowhere = home.path().join("no-driver.json");
    let nowhere = nowhere.to_str().expect("a path");
    works_on_the_processor(&doctor(home.path(), &[("VK_DRIVER_FILES", nowhere), ("VK_ICD_FILENAMES", nowhere)]));
}

/// A number that llama.cpp throws an exception for.
fn a_device_that_is_not_there_is_no_crash() {
    if !cfg!(feature = "vulkan") {
        return eprintln!("only Vulkan's devices are chosen by that variable");
    }
    let home = home();
    works_on_the_processor(&doctor(home.path(), &[("GGML_VK_VISIBLE_DEVICES", "7")]));
}

/// Where llama.cpp looks for modules it also loads what a variable names: a process that computes itself refuses that, and the
/// engine's process is started without the variable.
fn a_module_from_elsewhere_is_not_loaded() {
    if !cfg!(feature = "dynamic-backends") {
        return eprintln!("this build has no modules");
    }
    let home = home();
    let elsewhere = home.path().join("libggml-elsewhere.so");
    let elsewhere = [("GGML_BACKEND_PATH", elsewhere.to_str().expect("a path"))];
    let output = doctor_with(home.path(), &elsewhere, &["--quick", "--set", "engine.host=in-process"]);
    let told = said(&output);
    assert!(
        !output.status.success() && told.contains("GGML_BACKEND_PATH is set") && told.contains("unset it"),
        "{told}"
    );
    let output = doctor_with(home.path(), &elsewhere, &["--quick"]);
    let told = said(&output);
    assert!(told.contains("known holes filled"), "the engine's process works without it:\n{told}");
}

//! The system's keyring, with a real Secret Service on a bus of its own. Where there is no `dbus-run-session`,
//! `gnome-keyring-daemon` or `secret-tool`, only what needs none of them is tested.

use std::process::{Command, Stdio};
use std::sync::Arc;

use tandem::cloud::{Credentials, Keys};
use tandem::config::{CloudSettings, Environment, ProviderSettings};
use tandem::providers::Endpoint;

/// Names what the inner run expects; the inner run is this program again, on another bus.
const EXPECTED: &str = "TANDEM_TEST_KEYRING";

/// Looks into the keyring of this process's bus, and says what is found.
#[tokio::test]
#[ignore = "started by the other tests, in a session of its own"]
async fn inside() {
    let expected = std::env::var(EXPECTED).expect("a start by another test");
    let settings = ProviderSettings { keyring: Some("work".to_owned()), ..ProviderSettings::default() };
    let endpoint = Endpoint::of("anthropic", &settings).expect("an endpoint");
    let mut cloud = CloudSettings::default();
    cloud.providers.insert("anthropic".to_owned(), settings);
    let keys = Keys::new(Arc::new(Environment::default()), &cloud);
    let found = match keys.of(&endpoint).await.as_deref() {
        Ok(Credentials::Key(_)) => "a key".to_owned(),
        Ok(other) => format!("{other:?}"),
        Err(error) => error.to_string(),
    };
    assert!(found.contains(&expected), "{found}");
}

/// The name of `inside` for the harness.
fn inner() -> String {
    module_path!().split_once("::").expect("a module of a program").1.to_owned() + "::inside"
}

/// Runs `inside` after these lines of shell.
fn look(lines: &str, expected: &str) {
    let program = std::env::current_exe().expect("this program");
    let home = tempfile::tempdir().expect("a folder");
    let script = format!("{lines}\nexec \"$0\" --exact {} --ignored", inner());
    let output = Command::new("sh")
        .args(["-c", &script])
        .arg(program)
        .env(EXPECTED, expected)
        .env("HOME", home.path())
        .env("XDG_RUNTIME_DIR", home.path())
        .env_remove("XDG_DATA_HOME")
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .stdin(Stdio::null())
        .output()
        .expect("a shell");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

/// Runs `inside` on a bus of its own that has a keyring with an empty password.
fn look_in_session(lines: &str, expected: &str) {
    let needed = ["dbus-run-session", "gnome-keyring-daemon", "secret-tool"];
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_there = |name: &&str| std::env::split_paths(&path).any(|folder| folder.join(name).is_file());
    if !needed.iter().all(is_there) {
        eprintln!("passed over: one of {needed:?} is not there");
        return;
    }
    let start = "printf pass | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1";
    let quoted = format!("{start}\n{lines}\nexec \"$0\" --exact {} --ignored", inner()).replace('\'', r"'\''");
    look(&format!("exec dbus-run-session -- sh -c '{quoted}' \"$0\""), expected);
}

#[test]
fn a_system_without_a_keyring_says_what_to_do() {
    let way = "the system's keyring cannot be read (there is none on this system, or none that runs): unlock it, or give the \
               key in `cloud.providers.anthropic.keyEnv` or `keyCommand`";
    look("export DBUS_SESSION_BUS_ADDRESS=unix:path=/nowhere", way);
}

#[test]
fn an_entry_is_found() {
    look_in_session("printf key-of-the-keyring | secret-tool store --label x service tandem username work", "a key");
}

#[test]
fn a_missing_entry_is_told_with_the_way_to_store_it() {
    let way = "the system's keyring has no entry `work` of `tandem`: store it with `secret-tool store --label tandem service \
               tandem username work`";
    look_in_session("printf other | secret-tool store --label x service tandem username home", way);
}

#[test]
fn a_locked_keyring_is_an_error_in_bounded_time() {
    let lock = "printf secret | secret-tool store --label x service tandem username work\n\
                dbus-send --session --print-reply --dest=org.freedesktop.secrets /org/freedesktop/secrets \
                org.freedesktop.Secret.Service.Lock array:objpath:/org/freedesktop/secrets/collection/login >/dev/null";
    look_in_session(lock, "the system's keyring cannot be read (it is locked");
}

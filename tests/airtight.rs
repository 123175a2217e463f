//! A build without `cloud` has nothing to open a network with, and no build needs one: a session of the real binary in a
//! network namespace without any interface, and the sockets that it makes there.

use std::process::Command;

#[cfg(target_os = "linux")]
#[path = "airtight/session.rs"]
mod session;
#[cfg(target_os = "linux")]
#[path = "support/stdio.rs"]
mod stdio;

/// Crates that speak HTTP or TLS, or to a database on another machine, or open connections for those that do.
const NETWORK_CRATES: &[&str] = &[
    "actix-http",
    "attohttpc",
    "awc",
    "aws-lc-rs",
    "boring",
    "curl",
    "curl-sys",
    "h2",
    "hyper",
    "hyper-util",
    "isahc",
    "libssh2-sys",
    "minreq",
    "mongodb",
    "mysql",
    "mysql_async",
    "native-tls",
    "openssl",
    "openssl-sys",
    "postgres",
    "quinn",
    "redis",
    "reqwest",
    "rustls",
    "s2n-tls",
    "schannel",
    "security-framework",
    "sqlx",
    "surf",
    "tokio-native-tls",
    "tokio-postgres",
    "tokio-rustls",
    "tokio-tungstenite",
    "tonic",
    "tungstenite",
    "ureq",
    "webpki-roots",
    "zbus",
];

/// The crates that a build with these features is made of.
fn crates(features: &[&str]) -> Vec<String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args(["tree", "--offline", "--locked", "--no-default-features", "--edges", "normal", "--prefix", "none"])
        .args(features)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let mut names: Vec<String> =
        text.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect();
    names.sort();
    names.dedup();
    assert!(names.contains(&"tandem-ls".to_owned()) && names.len() > 50, "{names:?}");
    names
}

fn of_network(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).filter(|name| NETWORK_CRATES.contains(name)).collect()
}

#[test]
fn a_build_without_cloud_links_nothing_that_speaks_to_a_network() {
    assert_eq!(of_network(&crates(&[])), [""; 0]);
    assert_eq!(of_network(&crates(&["--features", "llama"])), [""; 0]);
}

#[test]
fn the_list_sees_what_cloud_brings() {
    let names = crates(&["--features", "cloud"]);
    let seen = of_network(&names);
    for name in ["reqwest", "rustls", "postgres", "hyper"] {
        assert!(seen.contains(&name), "{name}: {seen:?}");
    }
}

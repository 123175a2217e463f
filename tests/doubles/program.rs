//! A double as a program: prints its base URL, and serves until stdin ends or it is killed.
//!
//! `cargo run --example provider_double -- anthropic [--key KEY] [--text FILE] [--pace MS] [--port PORT] [--record FILE]
//! [--tls FOLDER]`
//!
//! The record is written when stdin ends: every byte that was received, then a line of JSON with the bill.
//!
//! What is on this machine counts as the user's own and costs nothing. `--tls` makes it the provider's real host: the double
//! speaks TLS for that name, and two more lines name a proxy that leads there and the file of certificates to trust, as
//! variables for the environment of the one who asks.

#[path = "provider.rs"]
mod provider;

use std::time::Duration;

use provider::{Authority, Certificate, Double, Proxy, Setup};
use tokio::io::AsyncReadExt;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let kind = arguments.next().unwrap_or_else(|| "anthropic".to_owned());
    let mut setup = Setup::new(kind.parse().expect("the name of a provider"));
    let (mut record, mut folder) = (None, None);
    while let Some(option) = arguments.next() {
        let value = arguments.next().expect("a value after each option");
        match option.as_str() {
            "--key" => setup.key = value,
            "--text" => setup.text = std::fs::read_to_string(value).expect("a file of text"),
            "--pace" => setup.pace = Duration::from_millis(value.parse().expect("milliseconds")),
            "--port" => setup.port = value.parse().expect("a port"),
            "--record" => record = Some(value),
            "--tls" => folder = Some(std::path::PathBuf::from(value)),
            other => panic!("what is {other}?"),
        }
    }
    let authority = Authority::default();
    if folder.is_some() {
        setup.tls = Some(authority.acceptor(&[setup.kind.host(), "localhost"], Certificate::Right));
    }
    let double = Double::with(setup).await;
    println!("{}", double.base_url());
    let proxy = Proxy::to(double.address, None).await;
    if let Some(folder) = folder {
        let file = folder.join("ca.pem");
        std::fs::write(&file, &authority.pem).expect("a file in the folder");
        println!("HTTPS_PROXY={}\nTANDEM_CLOUD_CA_FILE={}", proxy.url(), file.display());
    }
    tokio::io::stdin().read_to_end(&mut Vec::new()).await.expect("an end of stdin");
    if let Some(path) = record {
        let seen = double.record();
        let bill: Vec<serde_json::Value> = seen
            .charges
            .iter()
            .map(|charge| serde_json::json!({"model": charge.model, "output": charge.output, "money": charge.money}))
            .collect();
        let bytes = [&seen.bytes[..], b"\n", serde_json::json!({"bill": bill}).to_string().as_bytes()].concat();
        std::fs::write(path, bytes).expect("a record");
    }
}

//! A key from the system's keyring: Secret Service, Keychain, or Windows' Credential Manager. Entries belong to `tandem`.
//!
//! A locked keyring asks its user, and nobody may be there to answer. So it is read on a thread of its own that is left behind
//! when it takes too long; a thread of the runtime's would keep the process from ending.

use std::time::Duration;

use tokio::sync::oneshot;
use zeroize::Zeroizing;

const SERVICE: &str = "tandem";
const PATIENCE: Duration = Duration::from_secs(10);

/// Ends of sentences.
#[derive(Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It is open, but does not have it: how it is put there.
    NoEntry(String),
    /// Locked, absent, or silent.
    Closed(String),
}

pub async fn read(entry: &str) -> Result<Zeroizing<String>, Trouble> {
    let (sender, receiver) = oneshot::channel();
    let name = entry.to_owned();
    std::thread::Builder::new()
        .name("tandem-keyring".to_owned())
        .spawn(move || drop(sender.send(ask(&name))))
        .map_err(|error| Trouble::Closed(error.kind().to_string()))?;
    match tokio::time::timeout(PATIENCE, receiver).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => Err(Trouble::Closed("it broke down".to_owned())),
        Err(_) => Err(Trouble::Closed("it is locked, or does not answer".to_owned())),
    }
}

fn ask(name: &str) -> Result<Zeroizing<String>, Trouble> {
    use keyring::Error;
    if keyring::Entry::store_status().is_err() {
        return Err(Trouble::Closed("there is none on this system, or none that runs".to_owned()));
    }
    let entry = keyring::Entry::new(SERVICE, name).map_err(|_| Trouble::Closed("it takes no such name".to_owned()))?;
    // What a platform says is left out: nobody knows what is in it.
    entry.get_password().map(Zeroizing::new).map_err(|error| match error {
        Error::NoEntry => Trouble::NoEntry(way_to_store(name)),
        Error::Ambiguous(_) => Trouble::Closed("it has several entries of this name".to_owned()),
        Error::NoStorageAccess(_) => Trouble::Closed("it is locked".to_owned()),
        Error::BadEncoding(bytes) => {
            drop(Zeroizing::new(bytes));
            Trouble::Closed("what it holds is no text".to_owned())
        }
        _ => Trouble::Closed("it failed".to_owned()),
    })
}

/// The command that asks for the key and stores it, with the tools that come with each system.
fn way_to_store(name: &str) -> String {
    if cfg!(target_os = "macos") {
        format!("store it with `security add-generic-password -s {SERVICE} -a {name} -w`")
    } else if cfg!(windows) {
        format!("store it with `cmdkey /generic:{name}.{SERVICE} /user:{name} /pass`")
    } else {
        format!("store it with `secret-tool store --label {SERVICE} service {SERVICE} username {name}`")
    }
}

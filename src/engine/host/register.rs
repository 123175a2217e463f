//! What each engine host of this user holds, for the others to know: where memory is short, they give it back one after the
//! other. A small file a host beside its lock; it counts while the lock is held: whoever died has let go of it, however it ended.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::address::HostAddress;
use crate::engine::{EngineState, EngineStatus};

/// Largest file that is read. A host writes some hundred bytes.
const LONGEST: u64 = 64 << 10;

/// What a host's model is for. In the order in which memory is given back: the last goes last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Embedding,
    Chat,
    #[default]
    Completion,
}

/// Memory of one device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// As the engine's status names it; `CPU` is the machine's memory.
    pub device: String,
    pub bytes: u64,
}

/// One host's entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holding {
    pub role: Role,
    pub model: String,
    pub process: u32,
    /// False while its model sleeps: then it holds nothing, and this is what it takes when it wakes.
    pub is_awake: bool,
    pub held: Vec<Held>,
}

impl Holding {
    /// What an engine's status says that it holds; None before a model was there.
    pub fn of(status: &EngineStatus, role: Role) -> Option<Self> {
        let model = status.model.as_ref()?;
        let layers: u64 = model.devices.iter().map(|device| u64::from(device.layers)).sum();
        let bytes = model.bytes.saturating_add(model.kv_bytes);
        let held = model.devices.iter().map(|device| Held {
            device: device.name.clone(),
            bytes: (u128::from(bytes) * u128::from(device.layers) / u128::from(layers.max(1))) as u64,
        });
        Some(Self {
            role,
            model: model.name.clone(),
            process: std::process::id(),
            is_awake: !matches!(status.state, EngineState::Asleep { .. } | EngineState::Failed { .. }),
            held: held.collect(),
        })
    }

    pub fn on(&self, device: &str) -> u64 {
        self.held.iter().filter(|held| held.device == device).map(|held| held.bytes).sum()
    }
}

/// The register, as one host sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Register {
    directory: PathBuf,
    /// The host that looks; its own entry is not among the others.
    name: String,
}

impl Register {
    pub fn new(address: &HostAddress) -> Self {
        Self { directory: address.directory.clone(), name: address.name.clone() }
    }

    /// Sets this host's entry, in one step: nobody reads half of it. The lock must be held by this process.
    pub fn set(&self, holding: &Holding) -> std::io::Result<()> {
        let mut file = tempfile_in(&self.directory, &self.name)?;
        std::io::Write::write_all(&mut file.1, serde_json::to_string(holding)?.as_bytes())?;
        std::fs::rename(&file.0, self.file(&self.name))
    }

    pub fn remove(&self) {
        // A file that is left is stale as soon as the lock is free.
        let _ = std::fs::remove_file(self.file(&self.name));
    }

    /// Entries of the other hosts that live. What dead ones left is removed.
    pub fn others(&self) -> Vec<Holding> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(&self.directory).into_iter().flatten().flatten() {
            let path = entry.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()?.strip_suffix(SUFFIX)) else { continue };
            if name == self.name {
                continue;
            }
            match is_held(&self.directory.join(format!("{name}.lock"))) {
                true => found.extend(read(&path)),
                false => _ = std::fs::remove_file(&path),
            }
        }
        found.sort_by_key(|holding| (holding.role, holding.process));
        found
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.join(format!("{name}{SUFFIX}"))
    }
}

/// A host's entry, kept up to date until it is dropped.
pub struct Entry {
    register: Register,
    keeper: tokio::task::AbortHandle,
}

impl Entry {
    /// Follows the status of the host's engine. Wants a tokio runtime around it.
    pub fn keep(register: Register, role: Role, mut status: watch::Receiver<EngineStatus>) -> Self {
        let keeper = tokio::spawn({
            let register = register.clone();
            async move {
                let mut before = None;
                status.mark_changed();
                while status.changed().await.is_ok() {
                    let now = Holding::of(&status.borrow_and_update(), role);
                    if now == before {
                        continue;
                    }
                    if let Some(holding) = &now
                        && let Err(error) = register.set(holding)
                    {
                        tracing::warn!(%error, "what this host holds cannot be told to others");
                    }
                    before = now;
                }
            }
        });
        Self { register, keeper: keeper.abort_handle() }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.keeper.abort();
        self.register.remove();
    }
}

const SUFFIX: &str = ".holds";

fn tempfile_in(directory: &Path, name: &str) -> std::io::Result<(PathBuf, File)> {
    // Only the host itself writes its entry, so one name is enough.
    let path = directory.join(format!("{name}.holds-new"));
    Ok((path.clone(), File::create(path)?))
}

fn read(path: &Path) -> Option<Holding> {
    use std::io::Read as _;

    let mut text = String::new();
    File::open(path).ok()?.take(LONGEST).read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

/// Some process holds the lock. Asking takes it for a moment where nobody does; a host that starts in that moment is
/// started again by its client.
fn is_held(lock: &Path) -> bool {
    let Ok(file) = File::open(lock) else { return false };
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Device, ModelInfo};

    fn address(directory: &Path, name: &str) -> HostAddress {
        HostAddress { directory: directory.to_owned(), name: name.to_owned() }
    }

    fn status(state: EngineState) -> EngineStatus {
        let device = |name: &str, layers| Device { name: name.to_owned(), layers };
        let model = ModelInfo {
            name: "starter".to_owned(),
            bytes: 900,
            kv_bytes: 100,
            devices: vec![device("GPU", 3), device("CPU", 1)],
            ..ModelInfo::default()
        };
        EngineStatus { model: Some(model), ..EngineStatus::new("llama", state) }
    }

    fn lock(directory: &Path, name: &str) -> File {
        let file = File::create(directory.join(format!("{name}.lock"))).expect("made");
        file.try_lock().expect("free");
        file
    }

    #[test]
    fn a_host_holds_its_weights_and_cache_where_its_layers_are() {
        let holding = Holding::of(&status(EngineState::Ready), Role::Chat).expect("a model");
        assert_eq!((holding.on("GPU"), holding.on("CPU"), holding.on("other")), (750, 250, 0));
        assert!(holding.is_awake);
        let asleep = EngineState::Asleep { reason: String::new(), wakes: true };
        assert!(!Holding::of(&status(asleep), Role::Chat).expect("a model").is_awake);
        assert_eq!(Holding::of(&EngineStatus::new("llama", EngineState::Ready), Role::Chat), None);
    }

    #[test]
    fn hosts_see_each_other_while_they_live() {
        let root = tempfile::tempdir().expect("tempdir");
        let (completion, chat) =
            (Register::new(&address(root.path(), "one")), Register::new(&address(root.path(), "two")));
        let locks = (lock(root.path(), "one"), lock(root.path(), "two"));
        let holding = |role| Holding::of(&status(EngineState::Ready), role).expect("a model");
        completion.set(&holding(Role::Completion)).expect("written");
        chat.set(&holding(Role::Chat)).expect("written");
        chat.set(&Holding { is_awake: false, ..holding(Role::Chat) }).expect("replaced");
        assert_eq!(completion.others(), [Holding { is_awake: false, ..holding(Role::Chat) }]);
        assert_eq!(chat.others(), [holding(Role::Completion)]);
        drop(locks.1);
        assert_eq!(completion.others(), [], "its lock is free: it is dead");
        assert!(!root.path().join("two.holds").exists(), "and what it left is gone");
        completion.remove();
        assert_eq!(chat.others(), []);
    }

    #[test]
    fn what_is_no_entry_is_left_out() {
        let root = tempfile::tempdir().expect("tempdir");
        let _lock = lock(root.path(), "odd");
        std::fs::write(root.path().join("odd.holds"), "{\"role\": ").expect("written");
        std::fs::write(root.path().join("tandem.sock"), "").expect("written");
        assert_eq!(Register::new(&address(root.path(), "one")).others(), []);
        let nowhere = Register::new(&address(&root.path().join("absent"), "one"));
        assert_eq!(nowhere.others(), []);
    }
}

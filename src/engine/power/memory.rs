//! How short memory is: for how long programs waited for it (Linux' pressure stall information), and how much is left,
//! for the machine and for the control group that this process is limited by.

use std::path::{Path, PathBuf};

use super::machine::{number, text};

/// Deepest nesting of control groups that is looked at.
const MOST_GROUPS: usize = 16;

/// Time that was lost waiting for memory since the start, in µs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stalls {
    /// Some program waited.
    pub some_us: u64,
    /// All of them did.
    pub full_us: u64,
}

/// Bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// What can be had without pushing out anything that is in use.
    pub available: u64,
    pub total: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Of the machine, and of our control group.
    pub stalls: Option<Stalls>,
    pub group_stalls: Option<Stalls>,
    pub room: Option<Room>,
    /// The tightest limit of our control group and those above it.
    pub group_room: Option<Room>,
}

pub(super) fn read(root: &Path) -> Memory {
    let groups = groups(root);
    let machine = text(root.join("proc/meminfo")).and_then(|info| {
        let field = |name: &str| {
            let line = info.lines().find_map(|line| line.strip_prefix(name))?;
            Some(line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()? << 10)
        };
        Some(Room { available: field("MemAvailable:")?, total: field("MemTotal:")? })
    });
    Memory {
        stalls: stalls(&root.join("proc/pressure/memory")),
        group_stalls: groups.first().and_then(|group| stalls(&group.join("memory.pressure"))),
        room: machine,
        group_room: groups.iter().filter_map(|group| group_room(group)).min_by_key(|room| room.available),
    }
}

fn stalls(path: &Path) -> Option<Stalls> {
    let text = text(path)?;
    let total = |kind: &str| {
        let line = text.lines().find(|line| line.split_whitespace().next() == Some(kind))?;
        line.split_whitespace().find_map(|field| field.strip_prefix("total="))?.parse().ok()
    };
    Some(Stalls { some_us: total("some")?, full_us: total("full").unwrap_or(0) })
}

/// The directories of our control group with a memory controller and of those around it, innermost first. Inside of a
/// container the path of the group may be that of the machine: then only the top is there.
fn groups(root: &Path) -> Vec<PathBuf> {
    let Some(membership) = text(root.join("proc/self/cgroup")) else { return Vec::new() };
    for line in membership.lines() {
        let mut fields = line.splitn(3, ':');
        let (Some(_), Some(controllers), Some(path)) = (fields.next(), fields.next(), fields.next()) else { continue };
        let mount = match controllers {
            "" => root.join("sys/fs/cgroup"),
            _ if controllers.split(',').any(|name| name == "memory") => root.join("sys/fs/cgroup/memory"),
            _ => continue,
        };
        let innermost = mount.join(path.trim_start_matches('/'));
        let found: Vec<PathBuf> = innermost
            .ancestors()
            .take(MOST_GROUPS)
            .take_while(|group| group.starts_with(&mount))
            .filter(|group| has_memory(group))
            .map(Path::to_owned)
            .collect();
        if !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}

fn has_memory(group: &Path) -> bool {
    ["memory.current", "memory.usage_in_bytes"].iter().any(|file| group.join(file).exists())
}

fn group_room(group: &Path) -> Option<Room> {
    let first = |names: [&str; 2]| names.iter().find_map(|name| number::<u64>(group.join(name)));
    // `max` is no number, and the old interface writes a limit that no machine has.
    let limits = ["memory.max", "memory.high", "memory.limit_in_bytes"];
    let limit = limits.iter().filter_map(|name| number::<u64>(group.join(name))).min();
    let total = limit.filter(|limit| *limit < 1 << 60)?;
    let used = first(["memory.current", "memory.usage_in_bytes"])?;
    let files: u64 = text(group.join("memory.stat"))
        .map(|stat| {
            let of = |name: &str| {
                let line = stat.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
                line.trim().parse::<u64>().ok()
            };
            let both = |active: &str, inactive: &str| Some(of(active)? + of(inactive)?);
            // The old interface has the sums with all groups below in `total_…`.
            both("total_active_file", "total_inactive_file").or_else(|| both("active_file", "inactive_file"))
        })
        .unwrap_or_default()
        .unwrap_or_default();
    Some(Room { available: total.saturating_sub(used.saturating_sub(files)), total })
}

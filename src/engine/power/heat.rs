//! How hot the machine is, by the kernel's own limits: the trip points of its thermal zones, and the count of times that
//! a processor slowed itself down.

use std::path::Path;

use super::machine::{entries, number, text};

/// Zones that say something of what computes. A hot battery or radio is not ours to cool.
const OURS: &[&str] = &["cpu", "pkg", "core", "soc", "acpitz", "gpu", "tsens", "k10temp"];

/// So far below the temperature at which the kernel switches off, in thousandths of a degree, it is hot.
const BELOW_CRITICAL: i64 = 8_000;

/// Processors whose throttling is counted: those of a package throttle together.
const MOST_PROCESSORS: usize = 16;

/// How hot it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heat {
    /// The hottest zone by its margin: its type, and thousandths of a degree above the limit (negative below it).
    pub hottest: Option<(String, i64)>,
    /// Times that processors throttled since the machine started.
    pub throttled: Option<u64>,
}

pub(super) fn read(root: &Path) -> Heat {
    let zones = entries(root.join("sys/class/thermal"));
    let hottest = zones.iter().filter_map(|zone| margin(zone)).max_by_key(|(_, margin)| *margin);
    let mut throttled = None;
    for number_of in 0..MOST_PROCESSORS {
        let counters = root.join(format!("sys/devices/system/cpu/cpu{number_of}/thermal_throttle"));
        for name in ["core_throttle_count", "package_throttle_count"] {
            if let Some(count) = number::<u64>(counters.join(name)) {
                throttled = Some(throttled.unwrap_or(0) + count);
            }
        }
    }
    Heat { hottest, throttled }
}

fn margin(zone: &Path) -> Option<(String, i64)> {
    if !zone.file_name()?.to_str()?.starts_with("thermal_zone") {
        return None;
    }
    let kind = text(zone.join("type"))?;
    let lower = kind.to_lowercase();
    if !OURS.iter().any(|ours| lower.contains(ours)) {
        return None;
    }
    let limit = (0..16).filter_map(|point| {
        let temperature: i64 = number(zone.join(format!("trip_point_{point}_temp")))?;
        // Trip points that are not set are 0 or far below it.
        match text(zone.join(format!("trip_point_{point}_type")))?.as_str() {
            "passive" | "hot" if temperature > 0 => Some(temperature),
            "critical" if temperature > BELOW_CRITICAL => Some(temperature - BELOW_CRITICAL),
            _ => None,
        }
    });
    let limit = limit.min()?;
    // The slowest of these files, so it is read last: firmware may have to be asked.
    let temperature: i64 = number(zone.join("temp"))?;
    Some((kind, temperature - limit))
}

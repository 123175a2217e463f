//! Whether the machine runs on its battery, by `/sys/class/power_supply`.

use std::path::Path;

use super::machine::{entries, number, text};

/// None where no battery feeds the machine.
pub(super) fn read(root: &Path) -> Option<bool> {
    let (mut has_battery, mut discharges, mut is_plugged) = (false, false, false);
    for supply in entries(root.join("sys/class/power_supply")) {
        match text(supply.join("type")).as_deref() {
            Some("Battery") => {
                // Mice and pens have batteries, too, and an empty bay is one that is not present.
                let is_of_device = text(supply.join("scope")).as_deref() == Some("Device");
                if is_of_device || number::<u8>(supply.join("present")) == Some(0) {
                    continue;
                }
                has_battery = true;
                discharges |= text(supply.join("status")).as_deref() == Some("Discharging");
            }
            // Chargers: `Mains`, `USB`, `Wireless`, and what later kernels call them. 2 is a fixed voltage.
            Some(kind) if kind != "UPS" => {
                is_plugged |= number::<u8>(supply.join("online")).is_some_and(|online| online > 0);
            }
            _ => {}
        }
    }
    has_battery.then_some(discharges && !is_plugged)
}

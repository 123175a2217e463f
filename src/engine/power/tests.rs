//! A machine made of files: plugged in and out, heated, filled up, looked at by an injected clock.

use std::time::{Duration, Instant};

use super::*;
use crate::config::Politeness;

struct Place {
    root: tempfile::TempDir,
    judge: Judge,
    now: Instant,
}

impl Place {
    fn new() -> Self {
        Self { root: tempfile::tempdir().expect("tempdir"), judge: Judge::default(), now: Instant::now() }
    }

    fn write(&self, path: &str, text: &str) -> &Self {
        let path = self.root.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        std::fs::write(path, format!("{text}\n")).expect("written");
        self
    }

    fn read(&self) -> Reading {
        Machine::below(self.root.path()).read()
    }

    /// Looks every two seconds, `looks` times; `each` changes the machine before a look.
    fn looks(&mut self, looks: u64, mut each: impl FnMut(&Self, u64)) -> Conditions {
        for look in 0..looks {
            each(self, look);
            self.now += Duration::from_secs(2);
            let reading = self.read();
            self.judge.see(self.now, reading);
        }
        self.judge.conditions().clone()
    }

    fn battery(&self, status: &str, online: &str) {
        self.write("sys/class/power_supply/BAT0/type", "Battery")
            .write("sys/class/power_supply/BAT0/status", status)
            .write("sys/class/power_supply/AC/type", "Mains")
            .write("sys/class/power_supply/AC/online", online);
    }

    fn zone(&self, kind: &str, temperature: i64) {
        self.write("sys/class/thermal/thermal_zone3/type", kind)
            .write("sys/class/thermal/thermal_zone3/temp", &temperature.to_string())
            .write("sys/class/thermal/thermal_zone3/trip_point_0_type", "passive")
            .write("sys/class/thermal/thermal_zone3/trip_point_0_temp", "95000")
            .write("sys/class/thermal/thermal_zone3/trip_point_1_type", "critical")
            .write("sys/class/thermal/thermal_zone3/trip_point_1_temp", "105000");
    }

    fn memory(&self, available_mib: u64) {
        let text = format!("MemTotal: {} kB\nMemFree: 1 kB\nMemAvailable: {} kB", 16 << 20, available_mib << 10);
        self.write("proc/meminfo", &text);
    }

    fn stalls(&self, some_us: u64) {
        let line = |kind, total| format!("{kind} avg10=0.00 avg60=0.00 avg300=0.00 total={total}");
        self.write("proc/pressure/memory", &format!("{}\n{}", line("some", some_us), line("full", some_us / 10)));
    }
}

#[test]
fn of_a_machine_that_tells_nothing_nothing_is_known() {
    let mut place = Place::new();
    assert_eq!(place.read(), Reading::default());
    assert_eq!(place.looks(5, |_, _| ()), Conditions::default());
    place.write("proc/meminfo", "nonsense").write("proc/pressure/memory", "some avg10").write("proc/self/cgroup", "::");
    place.write("sys/class/power_supply/x/type", "").write("sys/class/thermal/thermal_zone0/type", "cpu");
    assert_eq!(place.read(), Reading::default());
}

#[test]
fn batteries_are_told_from_chargers_and_from_those_of_mice() {
    let place = Place::new();
    place.battery("Discharging", "0");
    assert_eq!(place.read().on_battery, Some(true));
    place.battery("Discharging", "1");
    assert_eq!(place.read().on_battery, Some(false), "a weak charger is a charger");
    place.battery("Full", "0");
    assert_eq!(place.read().on_battery, Some(false));
    let desktop = Place::new();
    desktop.write("sys/class/power_supply/mouse/type", "Battery");
    desktop.write("sys/class/power_supply/mouse/status", "Discharging");
    desktop.write("sys/class/power_supply/mouse/scope", "Device");
    assert_eq!(desktop.read().on_battery, None);
}

#[test]
fn a_battery_counts_within_seconds_and_a_loose_plug_does_not_flap() {
    let mut place = Place::new();
    place.battery("Charging", "1");
    assert!(!place.looks(3, |_, _| ()).battery);
    place.battery("Discharging", "0");
    assert!(!place.looks(1, |_, _| ()).battery);
    assert!(place.looks(1, |_, _| ()).battery, "after four seconds");
    let loose = place.looks(30, |place, look| match look % 2 {
        0 => place.battery("Charging", "1"),
        _ => place.battery("Discharging", "0"),
    });
    assert!(loose.battery);
    place.battery("Charging", "1");
    assert!(!place.looks(4, |_, _| ()).battery);
}

#[test]
fn who_starts_on_battery_knows_it_at_the_first_look() {
    let mut place = Place::new();
    place.battery("Discharging", "0");
    assert!(place.looks(1, |_, _| ()).battery);
}

#[test]
fn heat_is_by_the_kernels_limits_and_ends_well_below_them() {
    let mut place = Place::new();
    place.zone("x86_pkg_temp", 80_000);
    assert_eq!(place.read().heat.hottest, Some(("x86_pkg_temp".to_owned(), -15_000)));
    assert_eq!(place.looks(3, |_, _| ()).heat, None);
    place.zone("x86_pkg_temp", 96_000);
    let hot = place.looks(3, |_, _| ()).heat.expect("hot");
    assert!(hot.contains("x86_pkg_temp"), "{hot}");
    place.zone("x86_pkg_temp", 91_000);
    assert!(place.looks(60, |_, _| ()).heat.is_some(), "between the thresholds");
    place.zone("x86_pkg_temp", 85_000);
    assert!(place.looks(10, |_, _| ()).heat.is_some(), "not for long yet");
    assert_eq!(place.looks(8, |_, _| ()).heat, None);
    place.zone("iwlwifi_1", 120_000);
    assert_eq!(place.read().heat.hottest, None, "a hot radio is none of ours");
}

#[test]
fn a_processor_that_slows_itself_down_is_hot() {
    let mut place = Place::new();
    let count = "sys/devices/system/cpu/cpu1/thermal_throttle/package_throttle_count";
    place.write(count, "7");
    assert_eq!(place.looks(5, |_, _| ()).heat, None, "what was before the start does not count");
    let hot = place.looks(4, |place, look| _ = place.write(count, &(8 + look).to_string()));
    assert!(hot.heat.expect("hot").contains("slowed down"));
    assert_eq!(place.looks(20, |_, _| ()).heat, None);
}

#[test]
fn memory_is_short_when_programs_wait_for_it_or_little_is_left() {
    let mut place = Place::new();
    place.memory(9_000);
    place.stalls(50_000_000);
    assert_eq!(place.looks(3, |_, _| ()).pressure, None, "what was before the start does not count");
    // 1 % of two seconds a look, then 15 %.
    assert_eq!(place.looks(10, |place, look| place.stalls(50_020_000 + 20_000 * look)).pressure, None);
    let short = place.looks(3, |place, look| place.stalls(60_000_000 + 300_000 * look));
    let why = short.pressure.expect("short");
    assert!(why.contains("of the time"), "{why}");
    assert!(place.looks(29, |_, _| ()).pressure.is_some(), "it is quiet, but not for a minute");
    assert_eq!(place.looks(3, |_, _| ()).pressure, None);
    place.memory(400);
    let why = place.looks(3, |_, _| ()).pressure.expect("short");
    assert_eq!(why, "400 MiB of memory were left on this machine");
    place.memory(300);
    assert_eq!(place.looks(3, |_, _| ()).pressure, Some(why), "the sentence does not flicker");
    place.memory(700);
    assert!(place.looks(60, |_, _| ()).pressure.is_some(), "between the thresholds");
}

#[test]
fn pressure_that_comes_and_goes_does_not_flap() {
    let mut place = Place::new();
    place.memory(9_000);
    let (mut changes, mut before, mut total) = (0, None, 0);
    for look in 0..300 {
        total += if look % 10 < 3 { 400_000 } else { 0 };
        let pressure = place.looks(1, |place, _| place.stalls(total)).pressure;
        changes += u32::from(pressure != before);
        before = pressure;
    }
    assert_eq!(changes, 1);
}

#[test]
fn the_limits_of_control_groups_count_and_file_cache_does_not() {
    let place = Place::new();
    place.memory(9_000);
    place.write("proc/self/cgroup", "0::/user/editor");
    let group = |path: &str, max: &str, used: u64, files: u64| {
        let file = |name: &str| format!("sys/fs/cgroup/{path}/{name}");
        place.write(&file("memory.max"), max).write(&file("memory.current"), &(used << 20).to_string());
        place.write(&file("memory.stat"), &format!("anon 1\ninactive_file {}\nactive_file 0", files << 20));
    };
    group("user/editor", "max", 900, 0);
    assert_eq!(place.read().memory.group_room, None);
    group("user", &(1_u64 << 30).to_string(), 1_000, 800);
    let room = place.read().memory.group_room.expect("the one above has a limit");
    assert_eq!((room.available >> 20, room.total >> 20), (824, 1024));
    group("user/editor", &(512_u64 << 20).to_string(), 500, 0);
    assert_eq!(place.read().memory.group_room.expect("the tighter one").available >> 20, 12);
    place.write("sys/fs/cgroup/user/editor/memory.pressure", "some total=5\nfull total=3");
    assert_eq!(place.read().memory.group_stalls, Some(Stalls { some_us: 5, full_us: 3 }));
    let mut place = place;
    assert!(place.looks(2, |_, _| ()).pressure.expect("short").contains("control group"));
}

#[test]
fn the_old_interface_of_control_groups_is_understood() {
    let place = Place::new();
    place.write("proc/self/cgroup", "5:cpu:/x\n4:memory:/job/7\n0::/");
    let file = |name: &str| format!("sys/fs/cgroup/memory/job/7/{name}");
    place.write(&file("memory.limit_in_bytes"), "1000").write(&file("memory.usage_in_bytes"), "900");
    place.write(&file("memory.stat"), "active_file 1\ninactive_file 1\ntotal_active_file 50\ntotal_inactive_file 150");
    assert_eq!(place.read().memory.group_room, Some(Room { available: 300, total: 1000 }));
    place.write(&file("memory.limit_in_bytes"), "9223372036854771712");
    assert_eq!(place.read().memory.group_room, None);
}

#[test]
fn a_watch_tells_of_changes_and_ends() {
    let place = Place::new();
    place.battery("Charging", "1");
    let (tell, told) = std::sync::mpsc::channel();
    let machine = Machine::below(place.root.path());
    let watch = Watch::start(machine, Duration::from_millis(250), move |conditions| _ = tell.send(conditions.battery));
    assert_eq!((watch.conditions(), told.recv()), (Conditions::default(), Ok(false)));
    place.battery("Discharging", "0");
    assert_eq!(told.recv_timeout(Duration::from_secs(30)), Ok(true));
    assert!(watch.conditions().battery);
    drop(watch);
    assert!(told.recv().is_err(), "its thread is over");
}

#[test]
fn rules_that_want_nothing_need_no_watch() {
    let rules = |unload_under_pressure, on_battery| Rules {
        unload_after: None,
        unload_under_pressure,
        on_battery,
        when_hot: Politeness::Same,
    };
    assert!(rules(false, Politeness::Same).need_no_watch());
    assert!(!rules(true, Politeness::Same).need_no_watch());
    assert!(!rules(false, Politeness::Lookup).need_no_watch());
}

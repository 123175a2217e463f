//! What this machine is: processor, memory, and what llama.cpp needs of them.

use std::num::NonZero;
use std::path::Path;

/// Facts about the machine; what could not be found out is absent.
#[derive(Clone, Debug)]
pub struct Machine {
    pub processor: Option<String>,
    /// Threads that may run at once.
    pub threads: usize,
    /// Bytes.
    pub memory: Option<u64>,
    pub memory_free: Option<u64>,
}

impl Machine {
    pub fn look() -> Self {
        Self::below(Path::new("/"))
    }

    /// The same of a machine whose files are below a directory.
    pub fn below(root: &Path) -> Self {
        let read = |file: &str| std::fs::read_to_string(root.join(file)).unwrap_or_default();
        let (processors, memory) = (read("proc/cpuinfo"), read("proc/meminfo"));
        Self {
            processor: field(&processors, "model name").map(str::to_owned),
            threads: std::thread::available_parallelism().map_or(1, NonZero::get),
            memory: kibibytes(&memory, "MemTotal"),
            memory_free: kibibytes(&memory, "MemAvailable"),
        }
    }
}

/// The instructions that this build of llama.cpp uses without asking, and this processor lacks.
pub fn missing_instructions() -> Vec<&'static str> {
    #[cfg(all(target_arch = "x86_64", feature = "llama"))]
    {
        let needed = [
            ("AVX2", is_x86_feature_detected!("avx2")),
            ("FMA", is_x86_feature_detected!("fma")),
            ("F16C", is_x86_feature_detected!("f16c")),
            ("BMI2", is_x86_feature_detected!("bmi2")),
        ];
        needed.iter().filter(|(_, there)| !there).map(|(name, _)| *name).collect()
    }
    #[cfg(not(all(target_arch = "x86_64", feature = "llama")))]
    Vec::new()
}

/// The value of `name: value` in files of /proc.
pub(super) fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let values = text.lines().filter_map(|line| line.split_once(':'));
    values.filter(|(found, _)| found.trim() == name).map(|(_, value)| value.trim()).next()
}

fn kibibytes(text: &str, name: &str) -> Option<u64> {
    field(text, name)?.strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|size| size * 1024)
}

/// A size as people read it.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    let (mut amount, mut unit) = (bytes as f64 / 1000.0, "kB");
    for larger in UNITS.iter().skip(1) {
        if amount < 1000.0 {
            break;
        }
        (amount, unit) = (amount / 1000.0, larger);
    }
    if amount < 10.0 { format!("{amount:.1} {unit}") } else { format!("{amount:.0} {unit}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_proc_are_read() {
        let memory = "MemTotal:       24576 kB\nMemFree:  1 kB\nMemAvailable:   1024 kB\n";
        assert_eq!(kibibytes(memory, "MemTotal"), Some(24576 * 1024));
        assert_eq!(kibibytes(memory, "SwapTotal"), None);
        assert_eq!(field("processor\t: 0\nmodel name\t: Fast: One\n", "model name"), Some("Fast: One"));
    }

    #[test]
    fn sizes_are_short() {
        assert_eq!(size(0), "0.0 kB");
        assert_eq!(size(4_384_544), "4.4 MB");
        assert_eq!(size(24_000_000_000), "24 GB");
    }
}

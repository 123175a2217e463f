//! What llama.cpp says of its memory while it loads: lines of its log, read.

/// Bytes by device, as llama.cpp names its buffers: `CPU`, `CPU_Mapped`, `CUDA0`, `Vulkan_Host`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reported {
    pub weights: Vec<(String, u64)>,
    pub kv: Vec<(String, u64)>,
    /// All key-value caches, from the line that a rehearsal has, too.
    pub kv_total: u64,
    pub compute: Vec<(String, u64)>,
    /// Results that the program reads.
    pub output: Vec<(String, u64)>,
}

impl Reported {
    pub fn read<'a>(lines: impl IntoIterator<Item = &'a str>) -> Self {
        let mut reported = Self::default();
        for line in lines {
            if let Some(total) = line.contains("llama_kv_cache: size =").then(|| mebibytes(line)).flatten() {
                reported.kv_total += total;
            }
            for (what, list) in [
                (" model buffer size =", &mut reported.weights),
                (" KV buffer size =", &mut reported.kv),
                (" compute buffer size =", &mut reported.compute),
                (" output buffer size =", &mut reported.output),
            ] {
                let Some((before, after)) = line.split_once(what) else { continue };
                let Some(bytes) = mebibytes(after) else { continue };
                let name = before.rsplit_once(':').map_or(before, |(_, name)| name).trim();
                list.push((name.to_owned(), bytes));
            }
        }
        reported
    }

    pub fn compute_total(&self) -> u64 {
        self.compute.iter().chain(&self.output).map(|(_, bytes)| bytes).sum()
    }
}

/// The first number of mebibytes of a line, in bytes.
fn mebibytes(text: &str) -> Option<u64> {
    let end = text.find(" MiB")?;
    let number = text[..end].rsplit([' ', '=']).next()?;
    let number: f64 = number.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0)?;
    Some((number * 1024.0 * 1024.0) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_a_load_become_bytes_by_device() {
        let reported = Reported::read([
            "load_tensors:   CPU_Mapped model buffer size =   145.31 MiB",
            "load_tensors:        CUDA0 model buffer size =  1418.00 MiB",
            "llama_context:        CPU  output buffer size =     2.32 MiB",
            "llama_kv_cache:      CUDA0 KV buffer size =    28.00 MiB",
            "llama_kv_cache: size =   28.00 MiB (  1024 cells,  28 layers,  1/1 seqs), K (f16):   14.00 MiB, V (f16):   14.00 MiB",
            "sched_reserve:      CUDA0 compute buffer size =   299.75 MiB",
            "sched_reserve: graph nodes  = 959",
        ]);
        let mib = |number: f64| (number * 1024.0 * 1024.0) as u64;
        assert_eq!(reported.weights, [("CPU_Mapped".to_owned(), mib(145.31)), ("CUDA0".to_owned(), mib(1418.0))]);
        assert_eq!((reported.kv, reported.kv_total), (vec![("CUDA0".to_owned(), mib(28.0))], mib(28.0)));
        assert_eq!(reported.compute, [("CUDA0".to_owned(), mib(299.75))]);
        assert_eq!(reported.output, [("CPU".to_owned(), mib(2.32))]);
    }

    #[test]
    fn what_is_no_such_line_is_left_alone() {
        assert_eq!(
            Reported::read(["x model buffer size = many MiB", "llama_kv_cache: size = -1 MiB"]),
            Reported::default()
        );
    }
}

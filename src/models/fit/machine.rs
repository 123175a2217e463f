//! What a machine has: GPUs with their memory, its own memory, processors, and how fast they probably are.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Of the machine's memory so much can be a model's, in percent.
const SHARE_AT_REST: u64 = 67;

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// A GPU that a model can be on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gpu {
    /// As llama.cpp names it, for example `CUDA0`.
    pub name: String,
    pub description: String,
    /// Bytes.
    pub free: u64,
    pub total: u64,
    /// Its memory is the machine's: Apple's chips, integrated graphics.
    pub is_shared: bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Machine {
    /// Those that a model is to use; none for the CPU alone.
    pub gpus: Vec<Gpu>,
    /// Bytes of memory that can be had without pushing out what is in use, and altogether. None where nobody knows.
    pub available: Option<u64>,
    pub total: Option<u64>,
    /// Threads that a model computes with.
    pub threads: u32,
    /// Of the CPU's memory, where it was measured.
    pub measured_bandwidth: Option<f64>,
}

/// Where a number comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Measured,
    /// Typical of such machines.
    Assumed,
}

/// How fast weights are read and multiplied.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Bytes per second.
    pub bandwidth: f64,
    /// Operations per second; two for a weight and a token.
    pub operations: f64,
    pub source: Source,
}

/// For one thread with AVX2 and 8-bit weights: 768 tokens through 135M weights took 3.6 s of a server's core.
const OPERATIONS_PER_THREAD: f64 = 50e9;

/// One thread reads so much per second, and all threads of a usual machine (two channels of DDR4 or DDR5) so much.
const BANDWIDTH_PER_THREAD: f64 = 10e9;
const BANDWIDTH_OF_MACHINE: f64 = 40e9;

/// Memory that is left alone on a GPU: its display, and what others take while we load.
const LEAST_MARGIN: u64 = 256 * MIB;
const MOST_MARGIN: u64 = GIB;

impl Gpu {
    /// Bytes that a model may have of it.
    pub fn usable(&self) -> u64 {
        self.free.saturating_sub((self.total / 20).clamp(LEAST_MARGIN, MOST_MARGIN))
    }
}

impl Machine {
    /// Bytes that a model may have of all GPUs. With several of them layers do not divide evenly.
    pub fn usable_on_gpus(&self) -> u64 {
        let sum: u64 = self.gpus.iter().map(Gpu::usable).sum();
        if self.gpus.len() > 1 { sum / 100 * 95 } else { sum }
    }

    /// All of its GPUs use the machine's memory.
    pub fn is_shared(&self) -> bool {
        !self.gpus.is_empty() && self.gpus.iter().all(|gpu| gpu.is_shared)
    }

    /// What this one has left when another model took `gpu` and `cpu` bytes.
    pub fn without(&self, gpu: u64, cpu: u64) -> Self {
        let mut rest = self.clone();
        let count = rest.gpus.len().max(1) as u64;
        let from_memory = if self.is_shared() { cpu.saturating_add(gpu) } else { cpu };
        rest.gpus.iter_mut().for_each(|device| device.free = device.free.saturating_sub(gpu / count));
        rest.available = rest.available.map(|available| available.saturating_sub(from_memory));
        rest
    }

    /// The same machine when it does nothing else than what it always does: editors, builds and a display keep their share.
    pub fn at_rest(&self) -> Self {
        let mut rest = self.clone();
        let share = |bytes: u64| bytes / 100 * SHARE_AT_REST;
        for gpu in &mut rest.gpus {
            gpu.free = if gpu.is_shared { share(gpu.total) } else { gpu.total };
        }
        rest.available = self.total.or(self.available).map(share);
        rest
    }

    /// Somebody says what it has.
    pub fn is_known(&self) -> bool {
        self.available.is_some() || !self.gpus.is_empty()
    }

    pub fn cpu_rate(&self) -> Rate {
        let threads = f64::from(self.threads.max(1));
        let assumed = (threads * BANDWIDTH_PER_THREAD).min(BANDWIDTH_OF_MACHINE);
        Rate {
            bandwidth: self.measured_bandwidth.unwrap_or(assumed),
            operations: threads * OPERATIONS_PER_THREAD,
            source: if self.measured_bandwidth.is_some() { Source::Measured } else { Source::Assumed },
        }
    }

    /// Of the slowest GPU; cards with more memory have faster memory. From the data sheets of what was sold with so much:
    /// RTX 3050 and 4060, 3060, 3090 and 4090, A100 and H100; Apple's M2.
    pub fn gpu_rate(&self) -> Option<Rate> {
        let of = |gpu: &Gpu| {
            let (bandwidth, operations) = match gpu.total / GIB {
                _ if gpu.is_shared => (100e9, 4e12),
                0..=8 => (250e9, 10e12),
                9..=16 => (350e9, 15e12),
                17..=32 => (800e9, 40e12),
                _ => (1500e9, 100e12),
            };
            Rate { bandwidth, operations, source: Source::Assumed }
        };
        self.gpus.iter().map(of).min_by(|left, right| left.bandwidth.total_cmp(&right.bandwidth))
    }
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Measured => "measured here",
            Self::Assumed => "assumed, typical of such a machine",
        })
    }
}

/// `1.5 GiB`, or `300 MiB` below one.
pub fn gibibytes(bytes: u64) -> String {
    if bytes < GIB { format!("{} MiB", bytes.div_ceil(MIB)) } else { format!("{:.1} GiB", bytes as f64 / GIB as f64) }
}

//! Weights of ggml's types, filled with noise. A row's values spread by one over the root of its length, so that what flows
//! through the layers neither dies nor explodes.

use std::io::{self, Write};

use super::file::Tensor;

/// A ggml type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    F32,
    F16,
    Bf16,
    Q4_0,
    Q8_0,
    Q4K,
    Q6K,
}

impl Kind {
    pub const ALL: [Self; 7] = [Self::F32, Self::F16, Self::Bf16, Self::Q4_0, Self::Q8_0, Self::Q4K, Self::Q6K];

    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
            Self::Q4_0 => "q4_0",
            Self::Q8_0 => "q8_0",
            Self::Q4K => "q4_k",
            Self::Q6K => "q6_k",
        }
    }

    /// `ggml_type`.
    pub fn number(self) -> u32 {
        match self {
            Self::F32 => 0,
            Self::F16 => 1,
            Self::Q4_0 => 2,
            Self::Q8_0 => 8,
            Self::Q4K => 12,
            Self::Q6K => 14,
            Self::Bf16 => 30,
        }
    }

    /// `llama_ftype`, which llama.cpp shows only.
    pub fn file_type(self) -> u32 {
        match self {
            Self::F32 => 0,
            Self::F16 => 1,
            Self::Q4_0 => 2,
            Self::Q8_0 => 7,
            Self::Q4K => 15,
            Self::Q6K => 18,
            Self::Bf16 => 32,
        }
    }

    /// Values of a block, and its bytes.
    pub fn block(self) -> (u64, u64) {
        match self {
            Self::F32 => (1, 4),
            Self::F16 | Self::Bf16 => (1, 2),
            Self::Q4_0 => (32, 18),
            Self::Q8_0 => (32, 34),
            Self::Q4K => (256, 144),
            Self::Q6K => (256, 210),
        }
    }

    /// This type where a row is made of whole blocks of it, else the next better one that fits, as llama.cpp's own
    /// quantisation does.
    pub fn fitting(self, row: u64) -> Self {
        let fits = |kind: Self| row.is_multiple_of(kind.block().0);
        match self {
            kind if fits(kind) => kind,
            Self::Q4K if fits(Self::Q4_0) => Self::Q4_0,
            Self::Q6K if fits(Self::Q8_0) => Self::Q8_0,
            _ => Self::F16,
        }
    }
}

/// The bytes of one tensor.
pub struct Noise<'a> {
    tensor: &'a Tensor,
    state: u64,
}

impl<'a> Noise<'a> {
    pub fn of(seed: u64, tensor: &'a Tensor) -> Self {
        let hash = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        let state = tensor.name.as_bytes().iter().fold(0xcbf2_9ce4_8422_2325 ^ seed, hash);
        Self { tensor, state }
    }

    /// SplitMix64.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn bytes(&mut self, out: &mut [u8]) {
        for chunk in out.chunks_mut(8) {
            let random = self.next().to_le_bytes();
            chunk.copy_from_slice(&random[..chunk.len()]);
        }
    }

    /// About normal, by the sum of four even ones.
    fn normal(&mut self) -> f32 {
        let random = self.next();
        let sum: f32 = (0..4).map(|part| ((random >> (16 * part)) & 0xffff) as f32 / 65535.0 - 0.5).sum();
        sum * 3.0_f32.sqrt()
    }

    pub fn write(&mut self, out: &mut impl Write) -> io::Result<()> {
        let row = self.tensor.shape.first().copied().unwrap_or(1);
        let spread = 1.0 / (row.max(1) as f32).sqrt();
        if self.tensor.shape.len() < 2 {
            return self.write_vector(out);
        }
        let (block, bytes) = self.tensor.kind.block();
        let mut buffer = vec![0; bytes as usize];
        for _ in 0..self.tensor.elements() / block {
            match self.tensor.kind {
                Kind::F32 => buffer.copy_from_slice(&(self.normal() * spread).to_le_bytes()),
                Kind::F16 => buffer.copy_from_slice(&half(self.normal() * spread).to_le_bytes()),
                Kind::Bf16 => {
                    let bits = (self.normal() * spread).to_bits() >> 16;
                    buffer.copy_from_slice(&(bits as u16).to_le_bytes());
                }
                // A scale, then even numbers of four or eight bits, whose spreads are 4.61 and 73.9.
                Kind::Q4_0 => {
                    self.bytes(&mut buffer[2..]);
                    buffer[..2].copy_from_slice(&half(spread / 4.61).to_le_bytes());
                }
                Kind::Q8_0 => {
                    self.bytes(&mut buffer[2..]);
                    buffer[..2].copy_from_slice(&half(spread / 73.9).to_le_bytes());
                }
                // All eight scales and minima are 32; the minimum's scale moves the middle of 0..15 to zero.
                Kind::Q4K => {
                    self.bytes(&mut buffer[16..]);
                    let scale = spread / (32.0 * 4.61);
                    buffer[..2].copy_from_slice(&half(scale).to_le_bytes());
                    buffer[2..4].copy_from_slice(&half(scale * 7.5).to_le_bytes());
                    buffer[4..12].fill(0xa0);
                    buffer[12..16].fill(0);
                }
                // Six bits each, whose spread is 18.5, and sixteen scales of 16.
                Kind::Q6K => {
                    self.bytes(&mut buffer[..192]);
                    buffer[192..208].fill(16);
                    buffer[208..].copy_from_slice(&half(spread / (16.0 * 18.5)).to_le_bytes());
                }
            }
            out.write_all(&buffer)?;
        }
        Ok(())
    }

    /// Norms are one, biases small.
    fn write_vector(&mut self, out: &mut impl Write) -> io::Result<()> {
        let is_norm = self.tensor.name.ends_with("norm.weight");
        for _ in 0..self.tensor.elements() {
            let value = if is_norm { 1.0 } else { self.normal() * 0.02 };
            out.write_all(&value.to_le_bytes())?;
        }
        Ok(())
    }
}

/// IEEE half precision, rounded towards zero; what is too small is zero.
pub fn half(value: f32) -> u16 {
    let bits = value.to_bits();
    let sign = (bits >> 16) as u16 & 0x8000;
    let exponent = (bits >> 23 & 0xff) as i32 - 127 + 15;
    let mantissa = bits & 0x7f_ffff;
    match exponent {
        31.. => sign | 0x7bff,
        1..=30 => sign | (exponent as u16) << 10 | (mantissa >> 13) as u16,
        -9..=0 => sign | ((mantissa | 0x80_0000) >> (14 - exponent)) as u16,
        _ => sign,
    }
}

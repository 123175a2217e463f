//! LoRA adapters for a model of a given shape.

use std::io;
use std::path::Path;

use super::Weights;
use super::file::{File, Tensor, Value};
use super::layout;
use super::shapes::Spec;
use super::weights::Kind;

/// An adapter: which tensors it changes, and how much.
#[derive(Clone, Debug)]
pub struct Adapter {
    pub base: Spec,
    pub rank: u64,
    pub alpha: f32,
    /// Endings of the tensors that it changes, for example `attn_q.weight`.
    pub targets: Vec<&'static str>,
}

impl Adapter {
    /// Changes what attention looks for and what it returns, strongly enough to be seen.
    pub fn of(base: &Spec) -> Self {
        Self { base: base.clone(), rank: 8, alpha: 64.0, targets: vec!["attn_q.weight", "attn_output.weight"] }
    }

    pub fn file(&self) -> File {
        let mut file = File::default();
        let name = Value::Text(self.base.name.clone());
        for (key, value) in [
            ("general.architecture", Value::Text(self.base.architecture.clone())),
            ("general.type", Value::Text("adapter".to_owned())),
            ("general.name", Value::Text(format!("{}-lora", self.base.name))),
            ("general.base_model.count", Value::U32(1)),
            ("general.base_model.0.name", name),
            ("adapter.type", Value::Text("lora".to_owned())),
            ("adapter.lora.alpha", Value::F32(self.alpha)),
        ] {
            file.set(key, value);
        }
        for tensor in layout::tensors(&self.base) {
            if !self.targets.iter().any(|target| tensor.name.ends_with(target)) {
                continue;
            }
            let half = |end: &str, shape: [u64; 2]| Tensor {
                name: format!("{}.lora_{end}", tensor.name),
                shape: shape.to_vec(),
                kind: Kind::F32,
            };
            file.tensors.push(half("a", [tensor.shape[0], self.rank]));
            file.tensors.push(half("b", [self.rank, tensor.shape[1]]));
        }
        file
    }

    pub fn write(&self, path: &Path, weights: Weights) -> io::Result<()> {
        self.file().write(path, weights)
    }
}

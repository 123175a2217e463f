//! Shapes of models: those of real ones, from their published configurations, and small ones of each architecture.

use super::weights::Kind;

/// Feed-forward parts of which a token uses some.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Experts {
    pub count: u32,
    pub used: u32,
    pub feed_forward: u32,
    /// Those that every token uses.
    pub shared: u32,
    /// First layers that have none.
    pub dense_layers: u32,
}

/// Keys and values kept as one latent vector (DeepSeek's multi-head latent attention).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latent {
    pub rank: u32,
    /// Of a key without its rotated part, the rotated part, and of a value.
    pub key: u32,
    pub rotated: u32,
    pub value: u32,
}

/// A model to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    pub name: String,
    /// `general.architecture`.
    pub architecture: String,
    pub layers: u32,
    pub embedding: u32,
    pub feed_forward: u32,
    pub heads: u32,
    pub kv_heads: u32,
    pub head_size: u32,
    pub vocabulary: u32,
    /// Tokens that such a model was trained on.
    pub context: u32,
    /// The output uses the embedding's matrix.
    pub is_tied: bool,
    pub experts: Option<Experts>,
    pub latent: Option<Latent>,
    /// Tokens that every second layer sees (gemma2), or all layers (others).
    pub window: Option<u32>,
    /// Vocabularies name the six marks of fill-in-the-middle prompts.
    pub has_holes: bool,
    pub chat_template: Option<String>,
    /// `pooling_type`: 1 mean, 2 first token, 3 last token. For embedding models.
    pub pooling: Option<u32>,
    /// Of matrices; vectors are F32.
    pub kind: Kind,
}

impl Spec {
    pub fn is_encoder(&self) -> bool {
        matches!(self.architecture.as_str(), "bert" | "nomic-bert")
    }

    pub fn with_kind(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }

    pub fn with_chat_template(self, template: &str) -> Self {
        Self { chat_template: Some(template.to_owned()), ..self }
    }
}

/// One line of the table: name, architecture, layers, embedding, feed-forward, heads, KV heads, head size, vocabulary,
/// trained context, tied.
type Row<'a> = (&'a str, &'a str, u32, u32, u32, u32, u32, u32, u32, u32, bool);

/// Dense models; `known` adds what the others have besides.
#[rustfmt::skip]
const ROWS: [Row<'static>; 24] = [
    ("qwen2.5-coder-0.5b",     "qwen2",      24,  896,  4864, 14,  2,  64, 151_936,  32_768, true),
    ("qwen2.5-coder-1.5b",     "qwen2",      28, 1536,  8960, 12,  2, 128, 151_936,  32_768, true),
    ("qwen2.5-coder-3b",       "qwen2",      36, 2048, 11008, 16,  2, 128, 151_936,  32_768, true),
    ("qwen2.5-coder-7b",       "qwen2",      28, 3584, 18944, 28,  4, 128, 152_064,  32_768, false),
    ("qwen2.5-coder-14b",      "qwen2",      48, 5120, 13824, 40,  8, 128, 152_064,  32_768, false),
    ("qwen2.5-coder-32b",      "qwen2",      64, 5120, 27648, 40,  8, 128, 152_064,  32_768, false),
    ("qwen3-coder-30b-a3b",    "qwen3moe",   48, 2048,  6144, 32,  4, 128, 151_936, 262_144, false),
    ("starcoder2-3b",          "starcoder2", 30, 3072, 12288, 24,  2, 128,  49_152,  16_384, true),
    ("starcoder2-7b",          "starcoder2", 32, 4608, 18432, 36,  4, 128,  49_152,  16_384, true),
    ("starcoder2-15b",         "starcoder2", 40, 6144, 24576, 48,  4, 128,  49_152,  16_384, false),
    ("deepseek-coder-1.3b",    "llama",      24, 2048,  5504, 16, 16, 128,  32_256,  16_384, false),
    ("deepseek-coder-6.7b",    "llama",      32, 4096, 11008, 32, 32, 128,  32_256,  16_384, false),
    ("deepseek-coder-v2-lite", "deepseek2",  27, 2048, 10944, 16,  1, 576, 102_400, 163_840, false),
    ("codestral-22b",          "llama",      56, 6144, 16384, 48,  8, 128,  32_768,  32_768, false),
    ("codegemma-2b",           "gemma",      18, 2048, 16384,  8,  1, 256, 256_000,   8_192, true),
    ("codegemma-7b",           "gemma",      28, 3072, 24576, 16, 16, 256, 256_000,   8_192, true),
    ("gemma-2-2b",             "gemma2",     26, 2304,  9216,  8,  4, 256, 256_000,   8_192, true),
    ("granite-8b-code",        "llama",      36, 4096, 14336, 32,  8, 128,  49_152,   4_096, true),
    ("seed-coder-8b",          "llama",      32, 4096, 14336, 32,  8, 128, 155_136,  32_768, false),
    ("mellum-4b",              "llama",      30, 3072,  8256, 24, 24, 128,  49_152,   8_192, false),
    ("stable-code-3b",         "stablelm",   32, 2560,  6912, 32, 32,  80,  50_304,  16_384, false),
    ("starter",                "llama",       5,  256,   512,  4,  2,  64,   4_096,   2_048, true),
    ("nomic-embed-text",       "nomic-bert", 12,  768,  3072, 12, 12,  64,  30_522,   2_048, true),
    ("qwen3-embedding-0.6b",   "qwen3",      28, 1024,  3072, 16,  8, 128, 151_669,  32_768, true),
];

/// The names that `known` knows.
pub const KNOWN: [&str; ROWS.len()] = {
    let mut names = [""; ROWS.len()];
    let mut at = 0;
    while at < ROWS.len() {
        names[at] = ROWS[at].0;
        at += 1;
    }
    names
};

/// A published model's shape, with Q8_0 weights.
pub fn known(name: &str) -> Option<Spec> {
    ROWS.iter().find(|row| row.0 == name).map(|row| spec(*row))
}

fn spec(row: Row<'_>) -> Spec {
    let (name, architecture, layers, embedding, feed_forward, heads, kv_heads, head_size, vocabulary, context, is_tied) =
        row;
    let experts = match architecture {
        "qwen3moe" => Some(Experts { count: 128, used: 8, feed_forward: 768, shared: 0, dense_layers: 0 }),
        "deepseek2" => Some(Experts { count: 64, used: 6, feed_forward: 1408, shared: 2, dense_layers: 1 }),
        _ => None,
    };
    let latent = (architecture == "deepseek2").then_some(Latent { rank: 512, key: 128, rotated: 64, value: 128 });
    let pooling = match architecture {
        "bert" | "nomic-bert" => Some(1),
        "qwen3" => Some(3),
        _ => None,
    };
    Spec {
        name: name.to_owned(),
        architecture: architecture.to_owned(),
        layers,
        embedding,
        feed_forward,
        heads,
        kv_heads,
        head_size,
        vocabulary,
        context,
        is_tied,
        experts,
        latent,
        window: (architecture == "gemma2").then_some(4096),
        has_holes: pooling.is_none(),
        chat_template: None,
        pooling,
        kind: Kind::Q8_0,
    }
}

/// A model of a megabyte or so, of any architecture that this room can write.
pub fn tiny(architecture: &str) -> Spec {
    let row = (architecture, architecture, 3, 128, 256, 4, 2, 32, 512, 2048, true);
    let is_encoder = matches!(architecture, "bert" | "nomic-bert");
    let spec = spec(row);
    Spec {
        name: format!("tiny-{architecture}"),
        kv_heads: match architecture {
            "bert" | "nomic-bert" | "stablelm" => 4,
            "deepseek2" | "starcoder" => 1,
            _ => 2,
        },
        // Architectures without the choice.
        is_tied: !matches!(architecture, "stablelm"),
        experts: spec.experts.map(|experts| Experts { count: 8, used: 2, feed_forward: 64, ..experts }),
        latent: spec.latent.map(|_| Latent { rank: 64, key: 32, rotated: 32, value: 32 }),
        head_size: if architecture == "deepseek2" { 96 } else { 32 },
        window: spec.window.map(|_| 256),
        pooling: if is_encoder { Some(1) } else { None },
        has_holes: !is_encoder,
        ..spec
    }
}

//! The keys of local models.
//!
//! Those that name a file, a server or a key are guarded: an editor fills its settings from the folder, too. `engine.model` may be
//! set by an editor as long as its file does not lie in the workspace (`load`).

use super::{Key, Kind, Tighten, guarded, integer, key};

const POLITENESS: Kind = Kind::Choice(&["lookup", "polite", "same"]);

pub(super) const KEYS: &[Key] = &[
    key(
        "engine.choice",
        Kind::Choice(&["lookup", "auto"]),
        Tighten::OnlyLower,
        "`auto`: the model where it loads, and lookup beside it. `lookup`: no model is loaded.",
    ),
    key(
        "engine.host",
        Kind::Choice(&["process", "in-process"]),
        Tighten::Never,
        "`process`: llama.cpp runs in a process of its own that all editor windows share, so that a crash of it is not a \
         crash of the server. `in-process`: for one-shot commands and tests.",
    ),
    key(
        "engine.model",
        Kind::Model,
        Tighten::Never,
        "A GGUF file, or the name of a model that `tandem model list` shows, for example `qwen2.5-coder-1.5b` or \
         `qwen2.5-coder-1.5b:q8_0`; `auto` is the best one of those on this machine that fits it. Without one the starter \
         model that comes with Tandem.",
    ),
    guarded(
        "engine.device",
        Kind::Text,
        Tighten::Never,
        "What computes, as `tandem doctor` names it, or `cpu`. Empty: the GPU where there is one.",
    ),
    guarded(
        "engine.lora",
        Kind::Path,
        Tighten::Never,
        "An adapter (LoRA) in GGUF for the model, of those who tune it on their own code.",
    ),
    guarded(
        "engine.loraPercent",
        integer(0, 400),
        Tighten::Never,
        "How much of its weight that adapter gets, in percent.",
    ),
    key(
        "engine.contextTokens",
        integer(0, 1 << 20),
        Tighten::Never,
        "Tokens of context. `0` takes what the prompt budgets need, at most what the model was trained on.",
    ),
    key(
        "engine.threads",
        integer(0, 512),
        Tighten::Never,
        "Compute threads. `0` takes one less than the machine has physical cores; with `CI=true` it is `1`.",
    ),
    key("engine.gpuLayers", integer(0, 10_000), Tighten::Never, "Layers on the GPU. Absent: all that fit."),
    key("engine.flashAttention", Kind::Bool, Tighten::Never, "Absent: llama.cpp decides."),
    key(
        "engine.kvType",
        Kind::Choice(&["f16", "q8_0", "q4_0"]),
        Tighten::Never,
        "Type of the KV cache's entries: smaller ones save memory and cost speed on a CPU.",
    ),
    key(
        "engine.maxDraftTokens",
        integer(0, 64),
        Tighten::Never,
        "Most tokens that lookup proposes and the model verifies in one step. `0` turns speculation off. Never changes \
         what is suggested.",
    ),
    key(
        "engine.hostIdleSeconds",
        integer(0, 86_400),
        Tighten::Never,
        "The engine's process ends after this many seconds without an editor.",
    ),
    key(
        "engine.unloadMinutes",
        integer(0, 10_080),
        Tighten::Never,
        "The model leaves memory after so many minutes in which nobody asked it; lookup completes while it is loaded again. \
         `0`: never.",
    ),
    key(
        "engine.unloadUnderPressure",
        Kind::Bool,
        Tighten::Never,
        "A model that nobody asks leaves memory when that runs short.",
    ),
    key(
        "engine.onBattery",
        POLITENESS,
        Tighten::Never,
        "On battery: `polite` computes on fewer threads and prepares nothing \
        in advance, `lookup` lets the model sleep, `same` is as always.",
    ),
    key("engine.whenHot", POLITENESS, Tighten::Never, "The same for a processor that is about to slow down for heat."),
    guarded(
        "engine.chatModel",
        Kind::Model,
        Tighten::Never,
        "The model in this machine that answers questions, a GGUF file or a name. Without one the model that completes, where \
         it can: [questions.md](questions.md).",
    ),
    guarded(
        "engine.chatContextTokens",
        integer(0, 1 << 20),
        Tighten::Never,
        "Tokens of context for such questions. `0`: as much of the model's window as fits.",
    ),
    guarded(
        "engine.embeddingModel",
        Kind::Model,
        Tighten::Never,
        "A model that makes vectors of code, a GGUF file or a name: `tandem search` then finds by meaning, too. Without one it \
         finds by words.",
    ),
    guarded(
        "engine.server.url",
        Kind::Text,
        Tighten::Never,
        "A server that writes suggestions in the place of the model in this machine, for example `http://127.0.0.1:11434`: \
         [team.md](team.md). Empty: none.",
    ),
    guarded(
        "engine.server.kind",
        Kind::Choice(&[
            "auto",
            "llama-server",
            "ollama",
            "vllm",
            "lm-studio",
            "tabby",
            "openai",
            "openai-chat",
            "mistral",
            "deepseek",
        ]),
        Tighten::Never,
        "What it speaks. `auto`: found out by asking. `openai` is any server with OpenAI's completions, `openai-chat` one that \
         has only its chat.",
    ),
    guarded(
        "engine.server.model",
        Kind::Text,
        Tighten::Never,
        "The model, as the server names it. Empty: the one that it has.",
    ),
    guarded("engine.server.keyEnv", Kind::Text, Tighten::Never, "The environment variable that holds its key."),
    guarded(
        "engine.server.keyCommand",
        Kind::TextList,
        Tighten::Never,
        "A program and its arguments that print its key.",
    ),
    guarded(
        "engine.server.keyring",
        Kind::Text,
        Tighten::Never,
        "The entry of the system's keyring that holds its key.",
    ),
    guarded(
        "engine.server.isLocal",
        Kind::Bool,
        Tighten::Never,
        "It is another machine that belongs to you: what you type may go there, but for files that stay on this machine and \
         for secrets. Left out, only an address of this machine counts so.",
    ),
    guarded(
        "engine.server.fallback",
        Kind::Bool,
        Tighten::Never,
        "The model in this machine writes while the server does not answer.",
    ),
    guarded(
        "models.hub",
        Kind::Text,
        Tighten::Never,
        "Where `tandem model pull` downloads from: a hub that answers as Hugging Face's does.",
    ),
    guarded(
        "models.directory",
        Kind::Path,
        Tighten::Never,
        "Where models are kept. Absent: `models` in the data directory.",
    ),
    guarded(
        "models.tokenEnv",
        Kind::Text,
        Tighten::Never,
        "The environment variable that holds your token for that hub, for models behind a gate.",
    ),
];

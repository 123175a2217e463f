//! Formats of conversations for models whose file has no template, known by the special tokens that each needs.
//!
//! Written after the models' cards. A format is taken only where all of its tokens are in the vocabulary.

use super::ChatVocabulary;

#[derive(Debug)]
pub struct Builtin {
    pub name: &'static str,
    /// Jinja, as in a model's file. A line break at the very end is no part of it, so the last one is an expression.
    pub text: &'static str,
    /// Special tokens that it writes.
    tokens: &'static [&'static str],
}

/// The more special first: several know ChatML's tokens as well.
const BUILTINS: &[Builtin] = &[
    Builtin {
        name: "Llama 3",
        tokens: &["<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"],
        text: "{{ bos_token }}{% for m in messages %}<|start_header_id|>{{ m.role }}<|end_header_id|>\n\n{{ m.content | trim }}<|eot_id|>{% endfor %}<|start_header_id|>assistant<|end_header_id|>{{ '\n\n' }}",
    },
    Builtin {
        name: "Granite",
        tokens: &["<|start_of_role|>", "<|end_of_role|>"],
        text: "{% for m in messages %}<|start_of_role|>{{ m.role }}<|end_of_role|>{{ m.content }}<|end_of_text|>\n{% endfor %}<|start_of_role|>assistant<|end_of_role|>",
    },
    Builtin {
        name: "Gemma",
        tokens: &["<start_of_turn>", "<end_of_turn>"],
        text: "{{ bos_token }}{% if messages[0].role == 'system' %}{{ raise_exception('no system role') }}{% endif %}{% for m in messages %}<start_of_turn>{{ 'model' if m.role == 'assistant' else m.role }}\n{{ m.content | trim }}<end_of_turn>\n{% endfor %}<start_of_turn>model{{ '\n' }}",
    },
    Builtin {
        name: "DeepSeek",
        tokens: &["<｜User｜>", "<｜Assistant｜>"],
        text: "{{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}{{ m.content }}{% elif m.role == 'user' %}<｜User｜>{{ m.content }}{% else %}<｜Assistant｜>{{ m.content }}{{ eos_token }}{% endif %}{% endfor %}<｜Assistant｜>",
    },
    Builtin {
        name: "Phi 3",
        tokens: &["<|user|>", "<|assistant|>", "<|end|>"],
        text: "{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}<|end|>\n{% endfor %}<|assistant|>{{ '\n' }}",
    },
    Builtin {
        name: "Mistral",
        tokens: &["[INST]", "[/INST]"],
        text: "{{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system role') }}{% elif m.role == 'user' %}[INST] {{ m.content }}[/INST]{% else %} {{ m.content }}{{ eos_token }}{% endif %}{% endfor %}",
    },
    Builtin {
        name: "ChatML",
        tokens: &["<|im_start|>", "<|im_end|>"],
        text: "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}<|im_start|>assistant{{ '\n' }}",
    },
];

/// The first format whose tokens the vocabulary has.
pub fn by_tokens(vocabulary: &dyn ChatVocabulary) -> Option<&'static Builtin> {
    BUILTINS.iter().find(|builtin| builtin.tokens.iter().all(|token| vocabulary.special(token).is_some()))
}

#[cfg(test)]
pub fn all() -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    BUILTINS.iter().map(|builtin| (builtin.name, builtin.tokens))
}

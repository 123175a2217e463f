//! Which family a model is taken for, and with which tokens.

use super::*;

/// A vocabulary of nothing but special tokens.
struct Specials(&'static [&'static str]);

impl Vocabulary for Specials {
    fn tokenize(&self, _: &str, _: &mut Vec<Token>) {}
    fn piece(&self, _: Token) -> &[u8] {
        b""
    }
    fn special(&self, spelling: &str) -> Option<Token> {
        self.0.iter().position(|special| *special == spelling).map(|index| index as Token)
    }
    fn is_special(&self, _: Token) -> bool {
        true
    }
    fn start_of_text(&self) -> Option<Token> {
        None
    }
}

const QWEN: Specials = Specials(&[
    "<|endoftext|>",
    "<|fim_prefix|>",
    "<|fim_middle|>",
    "<|fim_suffix|>",
    "<|fim_pad|>",
    "<|repo_name|>",
    "<|file_sep|>",
]);
const STARCODER: Specials = Specials(&[
    "<|endoftext|>",
    "<fim_prefix>",
    "<fim_middle>",
    "<fim_suffix>",
    "<fim_pad>",
    "<repo_name>",
    "<file_sep>",
    "<filename>",
]);

fn named(name: &str) -> ModelIdentity {
    ModelIdentity { name: name.to_owned(), file_stem: "model".to_owned(), ..ModelIdentity::default() }
}

fn describe(name: &str, vocabulary: &Specials) -> String {
    match Fim::resolve(&named(name), vocabulary) {
        Ok(fim) => fim.describe(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn every_family_is_found_by_the_name_of_a_published_model() {
    let deepseek = Specials(&["<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>"]);
    let cases = [
        ("Starter FIM 4M", &QWEN, "starter (family table), suffix-prefix"),
        ("Qwen2.5 Coder 1.5B", &QWEN, "qwen-coder (family table), prefix-suffix-middle"),
        ("Qwen3-Coder-30B-A3B-Instruct", &QWEN, "qwen-coder (family table), prefix-suffix-middle"),
        ("StarCoder2 3b", &STARCODER, "starcoder (family table), prefix-suffix-middle"),
        ("stable-code-3b", &STARCODER, "starcoder (family table), prefix-suffix-middle"),
        ("Granite 8b Code Base", &STARCODER, "granite-code (family table), prefix-suffix-middle"),
        ("granite-3.3-2b-base", &QWEN, "granite (family table), prefix-suffix-middle"),
        ("Mellum 4b Base", &STARCODER, "mellum (family table), suffix-prefix-middle"),
        ("DeepSeek-Coder-V2-Lite-Base", &deepseek, "deepseek-coder (family table), prefix-suffix-middle"),
        (
            "CodeLlama-7b-hf",
            &Specials(&["▁<PRE>", "▁<SUF>", "▁<MID>"]),
            "codellama (family table), prefix-suffix-middle",
        ),
        ("Codestral-22B-v0.1", &Specials(&["[PREFIX]", "[SUFFIX]"]), "codestral (family table), suffix-prefix"),
        ("codegemma-2b", &QWEN, "codegemma (family table), prefix-suffix-middle"),
        (
            "Seed-Coder-8B-Base",
            &Specials(&["<[fim-prefix]>", "<[fim-suffix]>", "<[fim-middle]>"]),
            "seed-coder (family table), suffix-prefix-middle",
        ),
    ];
    for (name, vocabulary, expected) in cases {
        assert_eq!(describe(name, vocabulary), expected, "{name}");
    }
}

#[test]
fn metadata_comes_before_the_table_and_the_table_fills_its_gaps() {
    let identity = ModelIdentity {
        tokens: FimTokens { prefix: Some(71), suffix: Some(72), middle: Some(73), ..FimTokens::default() },
        ..named("Qwen2.5-Coder 7B")
    };
    let fim = Fim::resolve(&identity, &QWEN).unwrap();
    assert_eq!((fim.prefix, fim.suffix, fim.middle), (71, 72, Some(73)));
    assert_eq!((fim.repository, fim.file), (Some(5), Some(6)), "from the family's spellings");
    assert_eq!(fim.file_format, FileFormat::Tokens);
    assert!([0, 71, 72, 73].iter().all(|stop| fim.stops.contains(stop)));
}

#[test]
fn the_layout_of_the_metadata_wins() {
    let with = |layout: &str, name: &str| {
        Fim::resolve(&ModelIdentity { layout: Some(layout.to_owned()), ..named(name) }, &QWEN)
    };
    assert_eq!(with("spm", "Qwen2.5-Coder").unwrap().describe(), "qwen-coder (family table), suffix-prefix-middle");
    assert_eq!(with("spm-no-middle", "Qwen2.5-Coder").unwrap().middle, None);
    assert_eq!(with("spm", "Starter FIM 4M").unwrap().middle, None);
    assert_eq!(with("psm", "Starter FIM 4M").unwrap_err(), FimError::NoMiddle("Starter FIM 4M".to_owned()));
    let error = with("zigzag", "Some Model").unwrap_err().to_string();
    assert!(error.contains("zigzag") && error.contains("engine.model"), "{error}");
}

#[test]
fn an_unknown_name_is_recognised_by_its_special_tokens() {
    assert_eq!(describe("house-model", &STARCODER), "starcoder (vocabulary), prefix-suffix-middle");
}

#[test]
fn a_model_without_markers_is_refused_with_the_way_out() {
    let error = describe("Llama 3.1 8B", &Specials(&["<|end_of_text|>"]));
    assert!(error.contains("Llama 3.1 8B") && error.contains("Qwen2.5-Coder") && error.contains("lookup"), "{error}");
}

#[test]
fn every_spelling_of_a_family_is_told_so_that_none_can_leak() {
    for family in FAMILIES {
        let spellings: Vec<_> = family.spellings().collect();
        assert!(spellings.len() >= 3, "{}", family.name);
        assert!(spellings.iter().all(|spelling| spelling.len() > 3), "{}", family.name);
        assert!(family.layout == Layout::SuffixPrefixMiddle || !family.middle.is_empty(), "{}", family.name);
    }
}

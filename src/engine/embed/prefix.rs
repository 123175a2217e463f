//! What models for search were trained to read before a query and before a document. Without it they find less; a model that is
//! not in the table gets the bare text.

/// Put before texts of the two purposes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prefixes {
    pub query: &'static str,
    pub document: &'static str,
}

/// Parts of a model's architecture, name or file name, in lower case without `-`, `_` and spaces, and what its card asks for.
const FAMILIES: &[(&str, Prefixes)] = &[
    // The card of google/embeddinggemma-300m lists a task for code.
    ("gemmaembedding", Prefixes { query: "task: code retrieval | query: ", document: "title: none | text: " }),
    ("embeddinggemma", Prefixes { query: "task: code retrieval | query: ", document: "title: none | text: " }),
    // The card of Qwen/Qwen3-Embedding-0.6B: an instruction that names the task before queries, nothing before documents.
    (
        "qwen3embedding",
        Prefixes {
            query: "Instruct: Given a question about a code base, retrieve the code that answers it\nQuery:",
            document: "",
        },
    ),
    // The card of nomic-ai/nomic-embed-text-v1.5.
    ("nomicembedtext", Prefixes { query: "search_query: ", document: "search_document: " }),
    // The card of nomic-ai/nomic-embed-code.
    ("nomicembedcode", Prefixes { query: "Represent this query for searching relevant code: ", document: "" }),
    // The cards of BAAI/bge-small-en-v1.5 and its larger kin; bge-m3 wants nothing.
    ("bgem3", Prefixes { query: "", document: "" }),
    ("bge", Prefixes { query: "Represent this sentence for searching relevant passages: ", document: "" }),
    // The card of intfloat/e5-base-v2.
    ("e5small", Prefixes { query: "query: ", document: "passage: " }),
    ("e5base", Prefixes { query: "query: ", document: "passage: " }),
    ("e5large", Prefixes { query: "query: ", document: "passage: " }),
];

/// What is put before texts for the model that says these things of itself; the first that is in the table decides.
pub fn prefixes<'a>(says: impl IntoIterator<Item = &'a str>) -> Prefixes {
    let plain = |text: &str| text.to_lowercase().replace(['-', '_', ' '], "");
    let says: Vec<String> = says.into_iter().map(plain).collect();
    let found = FAMILIES.iter().find(|(part, _)| says.iter().any(|said| said.contains(part)));
    found.map_or_else(Prefixes::default, |(_, prefixes)| *prefixes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::{Catalogue, Role};

    #[test]
    fn families_are_known_by_what_they_say_of_themselves() {
        assert_eq!(prefixes(["gemma-embedding", ""]).document, "title: none | text: ");
        assert_eq!(prefixes(["nomic-bert", "nomic-embed-text-v1.5"]).query, "search_query: ");
        assert_eq!(prefixes(["bert", "bge-m3"]), Prefixes::default());
        assert!(prefixes(["bert", "BGE small en v1.5"]).query.starts_with("Represent"));
        assert_eq!(prefixes(["llama", "starter"]), Prefixes::default());
    }

    #[test]
    fn all_models_of_the_catalogue_are_in_the_table() {
        let models = Catalogue::builtin().entries().iter().filter(|entry| entry.role == Role::Embedding);
        for entry in models {
            assert_ne!(prefixes([entry.name.as_str()]), Prefixes::default(), "{}", entry.name);
        }
    }
}

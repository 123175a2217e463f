//! Names said in other words: what somebody calls a thing who does not know what the code calls it.

/// Words of code and what people say instead. A word is replaced by the one beside it, either way. The table was written down
/// before anything was measured with it.
const PAIRS: [(&str, &str); 64] = [
    ("get", "fetch"),
    ("set", "assign"),
    ("remove", "delete"),
    ("create", "make"),
    ("add", "append"),
    ("find", "locate"),
    ("check", "verify"),
    ("parse", "interpret"),
    ("send", "transmit"),
    ("receive", "obtain"),
    ("start", "begin"),
    ("stop", "halt"),
    ("show", "display"),
    ("close", "shut"),
    ("read", "load"),
    ("write", "store"),
    ("build", "construct"),
    ("convert", "transform"),
    ("compute", "calculate"),
    ("compare", "match"),
    ("copy", "duplicate"),
    ("merge", "combine"),
    ("split", "divide"),
    ("join", "concatenate"),
    ("update", "refresh"),
    ("reset", "clear"),
    ("init", "initialize"),
    ("handle", "process"),
    ("register", "enroll"),
    ("invoke", "call"),
    ("encode", "serialize"),
    ("decode", "deserialize"),
    ("error", "failure"),
    ("message", "notice"),
    ("file", "document"),
    ("directory", "folder"),
    ("path", "location"),
    ("config", "settings"),
    ("option", "preference"),
    ("list", "sequence"),
    ("map", "dictionary"),
    ("key", "identifier"),
    ("value", "content"),
    ("size", "length"),
    ("count", "number"),
    ("index", "position"),
    ("user", "person"),
    ("request", "query"),
    ("response", "reply"),
    ("header", "heading"),
    ("body", "payload"),
    ("url", "address"),
    ("host", "server"),
    ("timeout", "deadline"),
    ("retry", "again"),
    ("token", "symbol"),
    ("test", "trial"),
    ("log", "record"),
    ("default", "standard"),
    ("valid", "correct"),
    ("empty", "blank"),
    ("max", "maximum"),
    ("min", "minimum"),
    ("args", "arguments"),
];

/// The words of a name with all of the table's replaced. None where fewer than two words are there, or none of the table's.
pub fn paraphrase(words: &[String]) -> Option<String> {
    let other = |word: &str| {
        let pair = PAIRS.iter().find(|(one, other)| *one == word || *other == word)?;
        Some(if pair.0 == word { pair.1 } else { pair.0 })
    };
    let replaced: Vec<&str> = words.iter().map(|word| other(word).unwrap_or(word)).collect();
    let is_other = words.iter().zip(&replaced).any(|(word, replaced)| word != replaced);
    (words.len() >= 2 && is_other).then(|| replaced.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_table_are_replaced_both_ways() {
        let words = |name: &str| name.split('_').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(paraphrase(&words("get_config_dir")).as_deref(), Some("fetch settings dir"));
        assert_eq!(paraphrase(&words("fetch_settings")).as_deref(), Some("get config"));
        assert_eq!(paraphrase(&words("flush_queue")), None);
        assert_eq!(paraphrase(&words("get")), None);
    }

    #[test]
    fn no_word_stands_in_the_table_twice() {
        let mut words: Vec<&str> = PAIRS.iter().flat_map(|(one, other)| [*one, *other]).collect();
        words.sort_unstable();
        let before = words.len();
        words.dedup();
        assert_eq!(words.len(), before);
    }
}

//! What users are promised: the same answers from the same files.

use super::*;

const WORDS: [&str; 6] = ["budget", "reserve", "server", "listen", "money", "report"];

/// Files with the same words and names, so that answers have ties.
fn files() -> Vec<(String, String)> {
    let name = |number: usize| format!("{}_{}", WORDS[number % 6], WORDS[number / 6 % 6]);
    (0..36)
        .map(|number| {
            let (own, used, shared) = (name(number), name(number * 7 + 1), WORDS[number % 5]);
            let uses = format!("fn {own}() {{ {used}(); {shared}(); }}\nfn {shared}() {{}}\n");
            (format!("d{}/f{number:02}.rs", number % 4), format!("use crate::f{:02};\n{uses}", (number + 5) % 36))
        })
        .collect()
}

fn answers(index: &Index) -> String {
    let mut answers = Vec::new();
    for word in WORDS {
        answers.push(format!("{:#?}", index.search(word, 20)));
        answers.push(format!("{:#?}", index.search_symbols(word, 20)));
        answers.push(format!("{:#?}", index.relations(word)));
    }
    answers.push(index.map(400, &[], &|text| text.len() / 3).text);
    answers.push(index.map(400, &["d1/f05.rs".to_owned()], &|text| text.len() / 3).text);
    answers.join("\n")
}

#[test]
fn equal_files_give_equal_answers_however_they_came_into_the_index() {
    let mut bench = Bench::new(&[]);
    for (path, text) in files() {
        bench.write(&path, text);
    }
    bench.settings.persist = false;
    bench.settings.threads = 1;
    let expected = answers(&bench.open());
    assert!(expected.lines().count() > 500, "there is something to compare");
    for threads in [2, 8, 8, 8] {
        bench.settings.threads = threads;
        assert!(answers(&bench.open()) == expected, "{threads} threads");
    }
    // One after the other, the last one first, each as an open document before it is a file.
    let other = Bench::new(&[]);
    let index = other.open();
    for (path, text) in files().iter().rev() {
        assert!(set_document(&index, &other.root().join(path), text));
        other.write(path, text);
    }
    for (path, _) in files() {
        index.close_document(&other.root().join(path));
    }
    index.settle();
    assert!(answers(&index) == expected, "one after the other");
}

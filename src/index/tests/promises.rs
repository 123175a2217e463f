//! What users are promised: the same answers from the same files, and nothing stored of what is ignored or not saved.

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
    for (path, text) in files() {
        let before = text.rsplit_once(';').map_or("", |(before, _)| before);
        let cursor = CursorText { path: &path, before, after: "", seen: 0..u32::MAX };
        answers.push(format!("{:#?}", index.related(cursor, 20)));
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

fn stored(index: &Index) -> Vec<u8> {
    index.save().unwrap();
    std::fs::read(index.stored_at().unwrap()).unwrap()
}

fn has(bytes: &[u8], word: &str) -> bool {
    memchr::memmem::find(bytes, word.as_bytes()).is_some()
}

#[test]
fn nothing_is_stored_of_what_is_ignored_by_now() {
    let bench = Bench::new(&[("a.rs", "fn kept() {}\n"), ("b/quokka.rs", "fn zyzzyva() { wombat(); }\n")]);
    bench.write(".env", "NUMBAT=1\n");
    let index = bench.open();
    let before = stored(&index);
    for word in ["kept", "zyzzyva", "wombat", "quokka"] {
        assert!(has(&before, word), "{word} is allowed");
    }
    assert!(!has(&before, "numbat") && !has(&before, "NUMBAT"));
    // The names are known to the running index still, because names keep their numbers.
    bench.write(".aiignore", "b/\n");
    bench.change(&index, &[".aiignore"]);
    let after = stored(&index);
    assert!(has(&after, "kept"));
    for word in ["zyzzyva", "wombat", "quokka"] {
        assert!(!has(&after, word), "{word} is ignored");
    }
}

#[test]
fn nothing_is_stored_of_text_that_is_not_saved() {
    let bench = Bench::new(&[("a.rs", "fn kept() {}\n")]);
    let index = bench.open();
    assert!(set_document(&index, &bench.root().join("a.rs"), "fn zyzzyva() { wombat(); }\n"));
    assert!(set_document(&index, &bench.root().join("new.rs"), "fn numbat() {}\n"));
    assert_eq!(index.definitions("zyzzyva").len(), 1);
    let stored = stored(&index);
    for word in ["zyzzyva", "wombat", "numbat"] {
        assert!(!has(&stored, word), "{word} is not on disk");
    }
}

//! Texts with secrets of every kind in them, made from the forms in `rules.toml` and a seed: no secret stands in the repository.
//!
//! For tests alone. Those in `tests/` take this file in by its path, so it uses nothing of the crate.

#![allow(dead_code, reason = "each crate of tests takes what it needs")]

use serde::Deserialize;

/// Texts of one rule, as they are written.
#[derive(Deserialize)]
pub struct Forms {
    pub id: String,
    #[serde(default)]
    pub finds: Vec<String>,
    #[serde(default)]
    pub leaves: Vec<String>,
}

/// All rules' texts.
pub fn forms() -> Vec<Forms> {
    #[derive(Deserialize)]
    struct File {
        rule: Vec<Forms>,
    }
    toml::from_str::<File>(include_str!("rules.toml")).unwrap().rule
}

/// A text that holds one secret.
#[derive(Clone, Debug)]
pub struct Seeded {
    pub rule: String,
    /// Where such a text may stand: `code`, `settings`, `diff`, `question`, `excerpt`, `JSON` or `file name`.
    pub place: &'static str,
    pub text: String,
    /// Pieces of the secret, of which none may be left.
    pub traces: Vec<String>,
}

/// One text for each form of each rule in each place: the same for the same seed.
pub fn corpus(seed: u64) -> Vec<Seeded> {
    let mut random = Random(seed);
    let mut all = Vec::new();
    for Forms { id, finds, .. } in forms() {
        for form in &finds {
            for place in ["code", "settings", "diff", "question", "excerpt", "JSON", "file name"] {
                let (text, secret) = fill(form, &mut random);
                if place == "file name" && (text.contains('\n') || text.len() > 200) {
                    continue;
                }
                let traces = traces(&text[secret]);
                all.push(Seeded { rule: id.clone(), place, text: put(place, &text), traces });
            }
        }
    }
    all
}

fn put(place: &str, text: &str) -> String {
    match place {
        "code" => format!("fn main() {{\n    // {}\n    run();\n}}\n", text.replace('\n', "\n    ")),
        "settings" => format!("# production\nname: shop\n{text}\nretries: 3\n"),
        "diff" => format!("@@ -1,2 +1,3 @@\n name\n+{}\n-old\n", text.replace('\n', "\n+")),
        "question" => format!("Why does this not work?\n\n{text}\n\nIt says that access is denied."),
        // Rows with their numbers, as a model is shown files.
        "excerpt" => {
            let rows = ["name: shop"].into_iter().chain(text.lines()).chain(["retries: 3"]);
            (98..).zip(rows).map(|(number, row)| format!("{number}\t{row}\n")).collect()
        }
        "JSON" => serde_json::json!({ "text": text }).to_string(),
        _ => format!("backup {text}"),
    }
}

/// Letters and digits of a secret that stand together: quotes and ends of lines change with the place.
fn traces(secret: &str) -> Vec<String> {
    let runs = secret.split(|letter: char| !letter.is_ascii_alphanumeric());
    let is_random = |run: &&str| run.len() >= 8 && run.bytes().any(|byte| byte.is_ascii_digit());
    runs.filter(is_random).map(str::to_owned).collect()
}

/// A form with random letters in it, and where its secret stands; nowhere in a form without one.
pub fn fill(form: &str, random: &mut Random) -> (String, std::ops::Range<usize>) {
    let mut text = String::new();
    let mut secret = 0..0;
    let mut rest = form;
    while let Some(letter) = rest.chars().next() {
        rest = &rest[letter.len_utf8()..];
        match letter {
            '«' => secret.start = text.len(),
            '»' => secret.end = text.len(),
            '{' => match set_of(rest) {
                Some((set, count, length)) => {
                    text.extend((0..count).map(|_| char::from(set[random.below(set.len())])));
                    rest = &rest[length..];
                }
                None => text.push('{'),
            },
            letter => text.push(letter),
        }
    }
    (text, secret)
}

/// The letters of `a20}`, how many, and how long that is.
fn set_of(rest: &str) -> Option<(&'static [u8], usize, usize)> {
    let end = rest.find('}')?;
    let count = rest.get(1..end)?.parse().ok()?;
    let set: &[u8] = match rest.as_bytes()[0] {
        b'a' => b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
        b'h' => b"0123456789abcdef",
        b'H' => b"0123456789ABCDEF",
        b'd' => b"0123456789",
        b'l' => b"abcdefghijklmnopqrstuvwxyz0123456789",
        b'u' => b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
        b'z' => b"abcdefghijklmnopqrstuvwxyz",
        b'A' => b"ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        b'b' => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
        b'w' => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
        b't' => b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
        _ => return None,
    };
    Some((set, count, end + 1))
}

/// splitmix64.
pub struct Random(pub u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }
}

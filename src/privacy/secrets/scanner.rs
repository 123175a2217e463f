//! Finds secrets in texts: keywords of all rules at once, then a rule only where one of its keywords stands.
//!
//! The work is linear in the text, whatever it holds: every rule looks at a bounded stretch around a keyword, and stretches of
//! one rule that overlap are looked at once.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use aho_corasick::AhoCorasick;

use super::assigned::{Assigned, LastBare, assigned};
use super::block;
use super::names::is_secret_name;
use super::placeholder::placeholders_in;
use super::plausible::is_words;
use super::rows::Unnumbered;
use super::rule::{JUDGED, Rule, Shape, read};

/// Shortest secret that is looked for wherever else it stands, and most of them.
const MIN_ECHO: usize = 8;
const MAX_ECHOES: usize = 4096;

/// A secret in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule's id, such as `github-token`.
    pub rule: Arc<str>,
    /// Bytes of the text, on character borders. What stands around the secret, as its quotes and its name, is not in it.
    pub range: Range<usize>,
    /// A text with this in it never leaves, not even redacted.
    pub blocks: bool,
}

/// The rules that come with the program.
#[derive(Debug)]
pub struct Scanner {
    rules: Vec<Rule>,
    /// None without rules: then every text is a secret.
    keywords: Option<AhoCorasick>,
    /// The rule of each keyword, and the keyword where its case counts.
    owners: Vec<(usize, Option<Vec<u8>>)>,
}

/// A rule and what it found.
type Found = (usize, Range<usize>);

impl Scanner {
    /// The one of the process; expressions are compiled when they are first needed.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Scanner> = OnceLock::new();
        let read = || read().inspect_err(|error| tracing::error!(%error, "the rules for secrets")).ok();
        SHARED.get_or_init(|| read().and_then(Self::of).unwrap_or_else(Self::closed))
    }

    /// Without rules nothing may leave. The tests read them, so this is for a program that was damaged.
    pub(super) fn closed() -> Self {
        Self { rules: Vec::new(), keywords: None, owners: Vec::new() }
    }

    pub(super) fn of(rules: Vec<Rule>) -> Option<Self> {
        let mut words = Vec::new();
        let mut owners = Vec::new();
        for (number, rule) in rules.iter().enumerate() {
            for word in &rule.keywords {
                words.push(word.clone());
                owners.push((number, (!rule.any_case).then(|| word.clone().into_bytes())));
            }
        }
        let built = AhoCorasick::builder().ascii_case_insensitive(true).build(words);
        let keywords = built.inspect_err(|error| tracing::error!(%error, "the rules for secrets")).ok()?;
        Some(Self { rules, keywords: Some(keywords), owners })
    }

    /// The secrets of one text, in order, without overlaps.
    pub fn find(&self, text: &str) -> Vec<Finding> {
        self.find_in(&[text]).pop().unwrap_or_default()
    }

    /// The secrets of texts that leave together: what is found in one of them is found again wherever it stands, with or
    /// without the name that gave it away. Each text's are in order, without overlaps.
    pub fn find_in(&self, texts: &[&str]) -> Vec<Vec<Finding>> {
        let Some(keywords) = &self.keywords else { return texts.iter().map(|text| all_of(text)).collect() };
        let placeholders: Vec<_> = texts.iter().map(|text| placeholders_in(text)).collect();
        let mut found: Vec<Vec<Found>> = texts
            .iter()
            .zip(&placeholders)
            .map(|(text, placeholders)| {
                let mut found = self.scan(keywords, text.as_bytes());
                if let Some(plain) = Unnumbered::of(text.as_bytes()) {
                    let without = self.scan(keywords, &plain.text);
                    found.extend(without.into_iter().map(|(rule, range)| (rule, plain.within(&range))));
                }
                found.retain(|(_, range)| !is_covered(range, placeholders));
                found
            })
            .collect();
        self.echo(texts, &placeholders, &mut found);
        texts.iter().zip(found).map(|(text, found)| self.settle(text, found)).collect()
    }

    fn scan(&self, keywords: &AhoCorasick, text: &[u8]) -> Vec<Found> {
        let mut found = Vec::new();
        // Of one position, since several names end there.
        let mut value: (usize, Option<Assigned>) = (usize::MAX, None);
        let mut last = LastBare::default();
        let mut stretches: HashMap<usize, Vec<Range<usize>>> = HashMap::new();
        for hit in keywords.find_overlapping_iter(text) {
            let (number, exact) = &self.owners[hit.pattern().as_usize()];
            let (rule, number) = (&self.rules[*number], *number);
            let word = hit.start()..hit.end();
            if exact.as_ref().is_some_and(|exact| text[word.clone()] != exact[..])
                || rule.boundary && !begins_word(text, word.start)
            {
                continue;
            }
            match rule.shape {
                Shape::Token => found.extend(token(rule, text, word.start).map(|range| (number, range))),
                Shape::Value => {
                    if value.0 != word.end {
                        value = (word.end, assigned(text, word.end, &mut last));
                    }
                    if let Some(assigned) = &value.1
                        && is_value(rule, text, &word, assigned)
                    {
                        found.push((number, assigned.value.clone()));
                    }
                }
                Shape::Near => {
                    let stretch = word.start.saturating_sub(rule.before)..text.len().min(word.end + rule.after);
                    let all = stretches.entry(number).or_default();
                    match all.last_mut() {
                        Some(last) if last.end >= stretch.start => last.end = stretch.end,
                        _ => all.push(stretch),
                    }
                }
                Shape::Block => stretches.entry(number).or_default().push(word),
            }
        }
        for (number, stretches) in stretches {
            let rule = &self.rules[number];
            match rule.shape {
                Shape::Block => {
                    let marks: Vec<usize> = stretches.iter().map(|word| word.start).collect();
                    found.extend(block::find(rule, text, &marks).into_iter().map(|range| (number, range)));
                }
                _ => {
                    for stretch in stretches {
                        found.extend(near(rule, text, stretch).into_iter().map(|range| (number, range)));
                    }
                }
            }
        }
        found
    }

    /// Adds the places where found secrets stand again.
    fn echo(&self, texts: &[&str], placeholders: &[Vec<Range<usize>>], found: &mut [Vec<Found>]) {
        let mut secrets: HashMap<&[u8], usize> = HashMap::new();
        for (text, found) in texts.iter().zip(&*found) {
            for (rule, range) in found {
                let secret = &text.as_bytes()[range.clone()];
                // Not a whole key: it is found by its own marks, and its text would be a large pattern.
                if (MIN_ECHO..=JUDGED).contains(&secret.len()) && !is_words(secret) && secrets.len() < MAX_ECHOES {
                    let first = secrets.entry(secret).or_insert(*rule);
                    *first = (*first).min(*rule);
                }
            }
        }
        if secrets.is_empty() {
            return;
        }
        let (words, rules): (Vec<&[u8]>, Vec<usize>) = secrets.into_iter().unzip();
        let built = AhoCorasick::builder().match_kind(aho_corasick::MatchKind::LeftmostLongest).build(words);
        let Ok(echoes) = built.inspect_err(|error| tracing::warn!(%error, "secrets to find again")) else { return };
        for ((text, placeholders), found) in texts.iter().zip(placeholders).zip(found) {
            for hit in echoes.find_iter(text.as_bytes()) {
                if !is_covered(&hit.range(), placeholders) {
                    found.push((rules[hit.pattern().as_usize()], hit.range()));
                }
            }
        }
    }

    /// In order, without overlaps: what overlaps is one finding, by the rule that blocks, else by the one that stands first.
    fn settle(&self, text: &str, mut found: Vec<Found>) -> Vec<Finding> {
        found.sort_unstable_by_key(|(rule, range)| (range.start, range.end, *rule));
        let mut settled: Vec<(usize, Range<usize>)> = Vec::new();
        for (rule, range) in found {
            let range = on_characters(text, range);
            match settled.last_mut() {
                Some((first, last)) if range.start < last.end => {
                    last.end = last.end.max(range.end);
                    *first = [*first, rule]
                        .into_iter()
                        .min_by_key(|rule| (!self.rules[*rule].blocks, *rule))
                        .unwrap_or(rule);
                }
                _ => settled.push((rule, range)),
            }
        }
        let finding = |(rule, range): (usize, Range<usize>)| {
            let Rule { id, blocks, .. } = &self.rules[rule];
            Finding { rule: id.clone(), range, blocks: *blocks }
        };
        settled.into_iter().map(finding).collect()
    }
}

/// The range with the whole of the characters at its ends.
fn on_characters(text: &str, range: Range<usize>) -> Range<usize> {
    let start = (0..=range.start).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let end = (range.end..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    start..end
}

fn all_of(text: &str) -> Vec<Finding> {
    let all = Finding { rule: "no-rules".into(), range: 0..text.len(), blocks: true };
    if text.is_empty() { Vec::new() } else { vec![all] }
}

/// Nothing of the range is outside of placeholders.
fn is_covered(range: &Range<usize>, placeholders: &[Range<usize>]) -> bool {
    let mut at = range.start;
    let first = placeholders.partition_point(|placeholder| placeholder.end <= at);
    for placeholder in &placeholders[first..] {
        if placeholder.start > at || at >= range.end {
            break;
        }
        at = placeholder.end;
    }
    at >= range.end
}

/// No letter or digit stands before, unless it belongs to an escape: `\n`, `\u0022`, `%3D`.
fn begins_word(text: &[u8], at: usize) -> bool {
    let before = |distance: usize| at.checked_sub(distance).and_then(|at| text.get(at)).copied();
    let Some(last) = before(1) else { return true };
    let is_escape = matches!(before(2), Some(b'\\')) && b"nrt".contains(&last)
        || before(3) == Some(b'%')
        || before(6) == Some(b'\\') && before(5) == Some(b'u')
        || before(4) == Some(b'\\') && before(3) == Some(b'x');
    !last.is_ascii_alphanumeric() || is_escape
}

fn token(rule: &Rule, text: &[u8], at: usize) -> Option<Range<usize>> {
    let reach = &text[at..text.len().min(at + rule.after)];
    let captures = rule.regex()?.captures(reach)?;
    let secret = captures.get(1).or_else(|| captures.get(0))?;
    let start = at + secret.start();
    let end = at + secret.end();
    let end = end + text[end..].iter().take_while(|byte| goes_on(rule, **byte)).count();
    rule.takes(&text[start..end]).then_some(start..end)
}

fn goes_on(rule: &Rule, byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-".contains(&byte) || rule.tail.as_bytes().contains(&byte)
}

fn is_value(rule: &Rule, text: &[u8], word: &Range<usize>, assigned: &Assigned) -> bool {
    let value = &text[assigned.value.clone()];
    let fits = || match rule.regex() {
        Some(regex) => value.len() <= JUDGED && regex.is_match(value),
        None => true,
    };
    if rule.generic
        && !(is_secret_name(&text[word.start.saturating_sub(12)..word.start], &text[assigned.rest.clone()])
            && is_generic(value, assigned.is_quoted))
    {
        return false;
    }
    fits() && rule.takes(value)
}

/// Something that nobody writes as an expression, a path, a pattern or a sentence.
fn is_generic(value: &[u8], is_quoted: bool) -> bool {
    let judged = &value[..value.len().min(JUDGED)];
    let has = |is: fn(&u8) -> bool| judged.iter().any(is);
    let signs = judged.iter().filter(|byte| b"{}<>()[]\\^|*;,".contains(byte)).count();
    // The quote ended a text, and what follows is put behind it.
    let is_joined = judged.starts_with(b",") || judged.starts_with(b"+") && has(|byte| b"(.)".contains(byte));
    let is_place =
        [&b"./"[..], b"../", b"~/", b"http://", b"https://", b"#"].iter().any(|begin| judged.starts_with(begin));
    let is_file = judged.contains(&b'/')
        && judged.rsplit(|byte| *byte == b'.').next().is_some_and(|end| end.len() < 6 && end.len() + 1 < judged.len());
    let has_letter = has(u8::is_ascii_alphabetic);
    let is_mixed = || judged.len() >= 12 && has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase);
    let has_other = has(|byte| !byte.is_ascii_alphabetic() && !b"_-. :/".contains(byte));
    has_letter
        && (has_other || is_mixed())
        && signs < 3
        && !is_place
        && !is_file
        && !is_joined
        && !has(|byte| byte.is_ascii_whitespace() || !byte.is_ascii())
        && (is_quoted || (has(u8::is_ascii_digit) || is_mixed()) && signs == 0)
}

fn near(rule: &Rule, text: &[u8], stretch: Range<usize>) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let Some(regex) = rule.regex() else { return found };
    let reach = &text[..stretch.end];
    let mut at = stretch.start;
    while let Some(captures) = regex.captures_at(reach, at) {
        let (Some(all), Some(secret)) = (captures.get(0), captures.get(1).or_else(|| captures.get(0))) else { break };
        if rule.takes(secret.as_bytes()) {
            found.push(secret.range());
        }
        // The byte behind a secret may stand before the next one.
        at = secret.end().max(all.start() + 1);
    }
    found
}

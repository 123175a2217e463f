//! A request's texts as every provider takes them: none blank, turns alternating, cache marks in number and order as allowed.

use crate::providers::{Block, CacheLife, Request, Role};

pub(super) struct Text<'a> {
    pub text: &'a str,
    pub cache: Option<CacheLife>,
}

pub(super) struct PromptTurn<'a> {
    pub role: Role,
    pub texts: Vec<Text<'a>>,
}

pub(super) struct Prompt<'a> {
    pub system: Vec<Text<'a>>,
    pub turns: Vec<PromptTurn<'a>>,
}

impl<'a> Prompt<'a> {
    /// `max_marks`: how many cache marks the provider takes, 0 for one that caches by itself or not at all.
    pub fn of(request: &'a Request, max_marks: usize) -> Self {
        let mut system = Vec::new();
        for block in &request.system {
            add(&mut system, block);
        }
        let mut turns: Vec<PromptTurn<'a>> = Vec::new();
        for turn in &request.turns {
            // Some providers refuse two turns of one side in a row, the others read them as one.
            let mut texts = match turns.last() {
                Some(last) if last.role == turn.role => turns.pop().map(|last| last.texts).unwrap_or_default(),
                _ => Vec::new(),
            };
            for block in &turn.blocks {
                add(&mut texts, block);
            }
            if !texts.is_empty() {
                turns.push(PromptTurn { role: turn.role, texts });
            }
        }
        let mut prompt = Self { system, turns };
        prompt.limit_marks(max_marks);
        prompt
    }

    /// Keeps the last ones, since the next question goes on from there, but always one in the system part, which questions
    /// of other threads share. A longer life after a shorter one is refused, so it is shortened.
    fn limit_marks(&mut self, max: usize) {
        let in_system = self.system.iter().filter(|text| text.cache.is_some()).count();
        let texts = self.system.iter_mut().chain(self.turns.iter_mut().flat_map(|turn| &mut turn.texts));
        let mut marks: Vec<_> = texts.map(|text| &mut text.cache).filter(|cache| cache.is_some()).collect();
        let too_many = marks.len().saturating_sub(max);
        let kept_in_system = (max > 1 && in_system > 0 && too_many >= in_system).then(|| in_system - 1);
        let first_kept = too_many + usize::from(kept_in_system.is_some());
        let mut is_short = false;
        for (at, mark) in marks.iter_mut().enumerate() {
            if at < first_kept && Some(at) != kept_in_system {
                **mark = None;
            } else if is_short {
                **mark = Some(CacheLife::Short);
            } else {
                is_short = **mark == Some(CacheLife::Short);
            }
        }
    }
}

/// Blank texts are refused by some providers; a mark on one stands for all that comes before it.
fn add<'a>(texts: &mut Vec<Text<'a>>, block: &'a Block) {
    if !block.text.trim().is_empty() {
        texts.push(Text { text: &block.text, cache: block.cache });
    } else if let (Some(last), Some(_)) = (texts.last_mut(), block.cache) {
        last.cache = block.cache;
    }
}

/// Texts as one, for servers that take no lists of parts.
pub(super) fn joined(texts: &[Text<'_>]) -> String {
    texts.iter().map(|text| text.text).collect::<Vec<_>>().join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::Turn;

    /// Blocks as `text` or `text^s`, `text^l` with a mark.
    fn blocks(texts: &str) -> Vec<Block> {
        let block = |text: &str| match text.split_once('^') {
            Some((text, life)) => {
                Block { text: text.into(), cache: Some(if life == "l" { CacheLife::Long } else { CacheLife::Short }) }
            }
            None => Block { text: text.into(), cache: None },
        };
        texts.split(',').map(block).collect()
    }

    fn shown(texts: &[Text<'_>]) -> String {
        let one = |text: &Text<'_>| match text.cache {
            Some(CacheLife::Long) => format!("{}^l", text.text),
            Some(CacheLife::Short) => format!("{}^s", text.text),
            None => text.text.to_owned(),
        };
        texts.iter().map(one).collect::<Vec<_>>().join(",")
    }

    fn prepared(system: &str, turns: &[(Role, &str)], max_marks: usize) -> String {
        let turns = turns.iter().map(|(role, texts)| Turn { role: *role, blocks: blocks(texts) }).collect();
        let request = Request {
            model: "m".to_owned(),
            system: blocks(system),
            turns,
            max_output: 1,
            fill: None,
            effort: None,
            user_tag: None,
        };
        let prompt = Prompt::of(&request, max_marks);
        let turns = prompt.turns.iter().map(|turn| format!(" | {:?}: {}", turn.role, shown(&turn.texts)));
        shown(&prompt.system) + &turns.collect::<String>()
    }

    #[test]
    fn blank_texts_are_left_out_and_their_marks_move_back() {
        assert_eq!(prepared("a, ^l,b", &[(Role::User, " ^s,q")], 4), "a^l,b | User: q");
        assert_eq!(prepared("a", &[(Role::User, "q"), (Role::Assistant, " "), (Role::User, "r")], 4), "a | User: q,r");
    }

    #[test]
    fn turns_alternate() {
        let turns =
            [(Role::User, "a"), (Role::User, "b"), (Role::Assistant, "c"), (Role::Assistant, "d"), (Role::User, "e")];
        assert_eq!(prepared("s", &turns, 4), "s | User: a,b | Assistant: c,d | User: e");
    }

    #[test]
    fn there_are_no_more_marks_than_the_provider_takes() {
        let turns = [(Role::User, "c^s,d^s"), (Role::Assistant, "e^s"), (Role::User, "f^s,g")];
        assert_eq!(prepared("a^s,b^s", &turns, 4), "a,b^s | User: c,d^s | Assistant: e^s | User: f^s,g");
        assert_eq!(prepared("a,b", &turns, 4), "a,b | User: c^s,d^s | Assistant: e^s | User: f^s,g");
        assert_eq!(prepared("a^l,b", &turns, 1), "a,b | User: c,d | Assistant: e | User: f^s,g");
        assert_eq!(prepared("a^l,b^s", &turns, 0), "a,b | User: c,d | Assistant: e | User: f,g");
    }

    #[test]
    fn longer_lives_come_first() {
        assert_eq!(prepared("a^l,b^s", &[(Role::User, "c^l,d")], 4), "a^l,b^s | User: c^s,d");
    }
}

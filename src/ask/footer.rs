//! The lines below an answer.

use super::step::Footer;
use crate::budget::Outcome;

/// Files that are named; the rest is counted.
const MOST_NAMED: usize = 8;

impl Footer {
    /// As Markdown, after a rule: who answered and why, what it cost, what was sent, what is to be doubted.
    pub fn markdown(&self) -> String {
        let mut lines = vec![format!("{}: {}", plain(&self.answered_by), plain(&self.route_reason))];
        if self.usage.input() > 0 || self.usage.output > 0 {
            lines.push(format!("{}, {}", self.cost_text(), self.tokens_text()));
        }
        if !self.files.is_empty() {
            lines.push(self.files_text());
        }
        if self.redactions > 0 {
            lines.push(format!("{} redacted", counted(self.redactions, "secret")));
        }
        if self.cited + self.unverified > 0 {
            let unverified = match self.unverified {
                0 => String::new(),
                count => format!(", {count} not found"),
            };
            lines.push(format!("{} checked{unverified}", counted(self.cited + self.unverified, "citation")));
        }
        if let Some(why) = &self.incomplete {
            lines.push(format!("not the whole answer: {}", plain(why)));
        }
        if let Some(problem) = self.diff.as_ref().and_then(|diff| diff.problem.as_ref()) {
            lines.push(format!("the change cannot be applied as it stands: {}", plain(problem)));
        }
        lines.push(format!("{}.{} s", self.elapsed_ms / 1000, self.elapsed_ms % 1000 / 100));
        format!("\n\n---\n\n*{}*\n", lines.join(" · "))
    }

    fn cost_text(&self) -> String {
        match self.cost_is {
            None if self.cost.0 == 0 => "free".to_owned(),
            None | Some(Outcome::Counted) => self.cost.to_string(),
            Some(Outcome::Estimated) => format!("about {}", self.cost),
            Some(Outcome::Presumed) => format!("at most {}", self.cost),
        }
    }

    fn tokens_text(&self) -> String {
        let cached = match self.usage.cache_read {
            0 => String::new(),
            tokens => format!(" ({tokens} from the provider's cache)"),
        };
        let reasoning = match self.usage.reasoning {
            0 => String::new(),
            tokens => format!(" ({tokens} of them reasoning)"),
        };
        format!("{} tokens in{cached}, {} out{reasoning}", self.usage.input(), self.usage.output)
    }

    fn files_text(&self) -> String {
        let named: Vec<String> =
            self.files.iter().take(MOST_NAMED).map(|file| format!("`{}`", plain(&file.path))).collect();
        let more = match self.files.len().saturating_sub(MOST_NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let sent = if self.is_cloud { "sent" } else { "read" };
        format!("{sent} parts of {}: {}{more}", counted(self.files.len(), "file"), named.join(", "))
    }
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Names come from repositories and providers; none of them may begin or end anything here.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || "<>[]*\u{202e}\u{2066}\u{2067}".contains(c) { '?' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Picodollars;
    use crate::gate::SentFile;
    use crate::providers::Usage;

    fn file(path: &str) -> SentFile {
        SentFile { path: path.to_owned(), ranges: Vec::new(), bytes: 1, is_internal: false }
    }

    #[test]
    fn a_footer_tells_all() {
        let usage = Usage { input_uncached: 200, cache_read: 800, output: 50, reasoning: 20, ..Usage::default() };
        let footer = Footer {
            answered_by: "acme large".to_owned(),
            is_cloud: true,
            route_reason: "asked the cloud model: you chose so".to_owned(),
            usage,
            cost: Picodollars(12_300_000_000),
            cost_is: Some(Outcome::Estimated),
            files: vec![file("a.rs"), file("b`<img>\n.rs")],
            redactions: 1,
            cited: 3,
            unverified: 1,
            elapsed_ms: 4250,
            incomplete: Some("you cancelled it".to_owned()),
            ..Footer::default()
        };
        let expected = "\n\n---\n\n*acme large: asked the cloud model: you chose so · about $0.013, 1000 tokens in (800 from the \
                        provider's cache), 50 out (20 of them reasoning) · sent parts of 2 files: `a.rs`, `b`?img??.rs` · 1 \
                        secret redacted · 4 citations checked, 1 not found · not the whole answer: you cancelled it · 4.2 s*\n";
        assert_eq!(footer.markdown(), expected);
    }

    #[test]
    fn what_cost_nothing_says_so() {
        let footer =
            Footer { answered_by: "the index".to_owned(), route_reason: "no model".to_owned(), ..Footer::default() };
        assert_eq!(footer.markdown(), "\n\n---\n\n*the index: no model · 0.0 s*\n");
    }
}

//! Types what stood at the sites, key by key, and counts how often the prompt's context changes: each change is a window that
//! the model evaluates again.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tandem::config::IndexSettings;
use tandem::context::{ALLOWED_LOSS, ContextQuery, Desk};
use tandem::index::{Index, IndexOptions};

use super::retrieval::open;
use super::sites::sites;

/// Characters that are typed at each site: some lines of code.
const TYPED: usize = 200;
const BUDGET: usize = 1024;
/// Longer than any answer takes, so that the machine's load does not decide what is counted.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Default)]
pub struct Typing {
    keys: usize,
    /// Keys for which the index was asked.
    asked: usize,
    changes: usize,
    /// Of the keys for which the index was asked.
    ms: Vec<f64>,
}

impl Typing {
    pub fn heading() -> &'static str {
        "| repository | keys | asked | context changed | ms p50 / p95 of those asked |\n| --- | --- | --- | --- | --- |"
    }

    pub fn row(&self, name: &str) -> String {
        let mut ms = self.ms.clone();
        ms.sort_by(f64::total_cmp);
        let at = |share: f64| ms.get((ms.len() as f64 * share) as usize).copied().unwrap_or(f64::NAN);
        let share = |part: usize| part as f64 / self.keys.max(1) as f64 * 100.0;
        format!(
            "| {name} | {} | {:.0} % | {:.1} % | {:.1} / {:.1} |",
            self.keys,
            share(self.asked),
            share(self.changes),
            at(0.5),
            at(0.95)
        )
    }
}

/// `similar_percent` as the setting of that name.
pub fn run(directory: &Path, most: usize, similar_percent: usize) -> Typing {
    let index = Index::open(directory, IndexOptions::new(&IndexSettings::default(), None));
    index.settle();
    index.update_graph();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let mut typing = Typing::default();
    for site in sites(&index, most) {
        let desk = Arc::new(Desk::default());
        let typed: String = site.text[site.start..].chars().take(TYPED).collect();
        let rest = &site.text[site.start + typed.len()..];
        let mut before: Option<Vec<_>> = None;
        for end in typed.char_indices().map(|(at, character)| at + character.len_utf8()) {
            let head = format!("{}{}", &site.text[..site.start], &typed[..end]);
            open(&index, &site.path, &format!("{head}{rest}"));
            let query = ContextQuery {
                index: index.clone(),
                path: site.path.clone(),
                before: head.into(),
                after: rest.into(),
                rows: 0..u32::MAX,
                edits: Vec::new(),
                viewed: Vec::new(),
                budget: BUDGET,
                similar_percent,
            };
            let started = Instant::now();
            let (snippets, asked) = runtime.block_on(async {
                let was = desk.questions();
                (desk.snippets(query, PATIENCE, ALLOWED_LOSS).await, desk.questions() > was)
            });
            typing.keys += 1;
            if asked {
                typing.asked += 1;
                typing.ms.push(started.elapsed().as_secs_f64() * 1e3);
            }
            typing.changes += usize::from(before.as_ref().is_some_and(|before| *before != snippets));
            before = Some(snippets);
        }
        index.close_document(&index.root().join(&site.path));
        index.settle();
    }
    typing
}

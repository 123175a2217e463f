//! What others put into a prompt: windows of lines from elsewhere, by BM25 or by the overlap of their words.

use std::collections::HashSet;

use tandem::index::Index;

use super::retrieval::tokens;

/// Lines of a window and between the beginnings of two (Copilot's 60-line windows, reference/peers.md).
const WINDOW: usize = 60;
const STEP: usize = 30;
/// Lines before the cursor that windows are compared with.
const QUERY_LINES: usize = 60;

/// A window of another file.
pub struct Window {
    pub path: String,
    pub text: String,
}

/// The windows that BM25 ranks first for the words before the cursor, in `budget` tokens.
pub fn bm25(index: &Index, own: &str, before: &str, budget: usize) -> Vec<Window> {
    let lines: Vec<&str> = before.lines().rev().take(8).collect();
    let hits = index.search(&lines.join(" "), 40);
    let windows = hits.into_iter().filter(|hit| hit.path != own).filter_map(|hit| {
        let text = index.text(&hit.path)?;
        let rows = text.lines().skip(hit.rows.start as usize).take((hit.rows.end - hit.rows.start) as usize);
        Some(Window { text: rows.collect::<Vec<_>>().join("\n"), path: hit.path })
    });
    fitting(windows, budget)
}

/// The windows of the files beside and of those that BM25 finds that share most words with the lines before the cursor.
pub fn jaccard(index: &Index, own: &str, before: &str, budget: usize) -> Vec<Window> {
    let query: HashSet<&str> = before.lines().rev().take(QUERY_LINES).flat_map(words).collect();
    let directory = own.rsplit_once('/').map_or("", |(directory, _)| directory);
    let mut paths: Vec<String> = {
        let state = index.read();
        let beside =
            state.files().filter(|(_, file)| file.path.rsplit_once('/').map_or("", |(outer, _)| outer) == directory);
        beside.map(|(_, file)| file.path.to_string()).collect()
    };
    paths.sort_unstable();
    paths.truncate(40);
    let lines: Vec<&str> = before.lines().rev().take(8).collect();
    paths.extend(index.search(&lines.join(" "), 40).into_iter().map(|hit| hit.path));
    paths.sort_unstable();
    paths.dedup();
    paths.retain(|path| path != own);
    let mut windows: Vec<(f64, Window)> = Vec::new();
    for path in paths {
        let Some(text) = index.text(&path) else { continue };
        let lines: Vec<&str> = text.lines().collect();
        for start in (0..lines.len()).step_by(STEP) {
            let rows = &lines[start..lines.len().min(start + WINDOW)];
            let own: HashSet<&str> = rows.iter().flat_map(|line| words(line)).collect();
            let both = own.intersection(&query).count() as f64;
            let score = both / (own.len() + query.len()).max(1) as f64;
            windows.push((score, Window { path: path.clone(), text: rows.join("\n") }));
        }
    }
    windows.sort_by(|one, other| other.0.total_cmp(&one.0));
    fitting(windows.into_iter().map(|(_, window)| window), budget)
}

fn fitting(windows: impl Iterator<Item = Window>, budget: usize) -> Vec<Window> {
    let mut left = budget;
    let mut chosen = Vec::new();
    for mut window in windows {
        let cost = tokens(&window.text) + tokens(&window.path);
        if cost > left {
            // The last one is cut at its tail, as prompts are.
            let lines: Vec<&str> = window.text.lines().collect();
            let fit = lines.iter().scan(tokens(&window.path), |sum, line| {
                *sum += tokens(line) + 1;
                Some(*sum)
            });
            let count = fit.take_while(|sum| *sum <= left).count();
            window.text = lines[..count].join("\n");
            chosen.push(window);
            break;
        }
        left -= cost;
        chosen.push(window);
    }
    chosen
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|character: char| !character.is_alphanumeric() && character != '_').filter(|word| word.len() > 1)
}

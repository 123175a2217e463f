//! One prompt before the rules: its folders, its file, its snippets, and whatever stands in it.

use std::path::Path;

use super::{TypingParts, TypingRules};
use crate::engine::fallback::Kept;
use crate::engine::{FimPrompt, Job};
use crate::gate::is_plain;
use crate::privacy::secrets::Scanner;
use crate::privacy::{Sensitivity, SensitivityRules, Trust, TrustState, Verdict};

/// The job as it may leave. Reads trust and ignore files anew, follows links, and scans every byte.
pub fn judge(parts: &TypingParts, job: Job) -> Result<Job, Kept> {
    let mut job = judge_paths(&parts.host, &parts.rules, &parts.trust, false, job)?;
    let found = secrets(&job.prompt);
    if !found.is_empty() {
        let host = &parts.host;
        let sentence =
            format!("a secret is in what the model would be told ({}), so it does not go to {host}", found.join(", "));
        return Err(Kept { reason: "secret", sentence });
    }
    // What lookup guesses, and from what, may be of files that nobody judged here.
    job.draft = None;
    job.corpus = None;
    Ok(job)
}

/// The job without what may not leave by its name, its file or its folder. Reads trust and ignore files anew, and follows links.
/// `keeps_internal`: what the user wants to be asked about each time stays here, too.
pub fn judge_paths(
    host: &str,
    given: &TypingRules,
    trust: &Trust,
    keeps_internal: bool,
    mut job: Job,
) -> Result<Job, Kept> {
    let kept = |reason, sentence| Err(Kept { reason, sentence });
    let origin = job.prompt.origin.clone();
    let Some(folder) = &origin.folder else {
        return kept(
            "noFile",
            format!("this text is no file of an open folder, so no rule can say whether it may go to {host}"),
        );
    };
    // A snippet's path says not which of the open folders it is of, so the strictest of them counts.
    let folders: Vec<&Path> = std::iter::once(folder).chain(&origin.others).map(|folder| folder.as_path()).collect();
    for folder in &folders {
        if trust.state(folder) != TrustState::Trusted {
            let name = folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy().into_owned();
            return kept(
                "notTrusted",
                format!(
                    "`{name}` is not trusted with what is in it now, so nothing that is typed goes to {host}: look at it and \
                     run `tandem trust` in it"
                ),
            );
        }
    }
    let rules: Vec<SensitivityRules> =
        folders.iter().map(|folder| SensitivityRules::new(folder, &given.exclude, &given.privacy)).collect();
    match rules.first().map(|rules| of(rules, &job.prompt.path)) {
        Some(Verdict::Allowed(Sensitivity::Internal)) if keeps_internal => {
            let sentence = format!(
                "this file is internal (`privacy.internal`): you are asked before it goes to {host}, and nobody can be asked at every \
                 key"
            );
            return kept("internal", sentence);
        }
        Some(Verdict::Allowed(Sensitivity::Public | Sensitivity::Internal)) => {}
        Some(Verdict::Allowed(Sensitivity::LocalOnly)) => {
            return kept("localOnly", "this file stays on this machine (`privacy.localOnly`)".to_owned());
        }
        Some(Verdict::Denied(_)) | None => {
            return kept(
                "denied",
                format!("this file is ignored, excluded, or holds secrets by its name, so it does not go to {host}"),
            );
        }
    }
    let may_leave = |rules: &SensitivityRules, path: &str| match of(rules, path) {
        Verdict::Allowed(Sensitivity::Public) => true,
        Verdict::Allowed(Sensitivity::Internal) => !keeps_internal,
        Verdict::Allowed(Sensitivity::LocalOnly) | Verdict::Denied(_) => false,
    };
    job.prompt.snippets.retain(|snippet| rules.iter().all(|rules| may_leave(rules, &snippet.path)));
    Ok(job)
}

fn of(rules: &SensitivityRules, path: &str) -> Verdict {
    if is_plain(path) { rules.of(Path::new(path)) } else { Verdict::Denied(crate::privacy::Denial::Outside) }
}

/// The rules that found something, each once: in the text around the cursor as a whole, in its halves, in each snippet, and in
/// the names.
pub fn secrets(prompt: &FimPrompt) -> Vec<String> {
    let whole = [&*prompt.prefix, &*prompt.suffix].concat();
    let names: Vec<&str> = std::iter::once(prompt.path.as_str())
        .chain(prompt.repository.as_deref())
        .chain(prompt.snippets.iter().map(|snippet| snippet.path.as_str()))
        .collect();
    let names = names.join("\n");
    let mut texts = vec![whole.as_str(), names.as_str()];
    texts.extend(prompt.snippets.iter().map(|snippet| snippet.text.as_str()));
    // What stands on both sides of the cursor may hide an end.
    if !prompt.suffix.is_empty() {
        texts.extend([around(&prompt.prefix, Side::End), around(&prompt.suffix, Side::Start)]);
    }
    let found = Scanner::shared().find_in(&texts);
    let mut rules: Vec<String> = found.into_iter().flatten().map(|finding| finding.rule.to_string()).collect();
    rules.sort_unstable();
    rules.dedup();
    rules
}

enum Side {
    Start,
    End,
}

/// The rows next to the cursor: what is found further away is found in the whole as well. Private keys have the most rows of what
/// rules find.
fn around(text: &str, side: Side) -> &str {
    const ROWS: usize = 60;
    match side {
        Side::Start => {
            let end = text.match_indices('\n').nth(ROWS).map_or(text.len(), |(at, _)| at);
            &text[..end]
        }
        Side::End => {
            let start = text.rmatch_indices('\n').nth(ROWS).map_or(0, |(at, _)| at + 1);
            &text[start..]
        }
    }
}

//! From a draft to a cleared prompt: the policy applied, secrets replaced, every byte with its source, encoded as it will be sent.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::path::{Component, Path};
use std::sync::Arc;

use super::audit::Digest;
use super::policy::Reach;
use super::redact::{self, Clean};
use super::{Draft, Manifest, Piece, Policy, Section, SentFile, Source, Withheld};
use crate::budget::Purpose;
use crate::config::SecretsMode;
use crate::privacy::secrets::Placeholders;
use crate::privacy::{Sensitivity, Verdict};
use crate::providers::{Block, Encoded, Endpoint, Fill, Request, Role, Turn, encode};

/// A request that policy lets out as it is, byte for byte. It comes from `clear` alone, and nobody changes it.
///
/// ```
/// use tandem::gate::{ClearedPrompt, Draft, Policy, Withheld};
///
/// fn from_a_draft(draft: &Draft, policy: &Policy) -> Result<ClearedPrompt, Withheld> {
///     tandem::gate::clear(draft, policy)
/// }
/// fn look(prompt: &ClearedPrompt) -> &tandem::providers::Request {
///     prompt.request()
/// }
/// ```
/// ```compile_fail,E0308
/// fn uncleared(draft: tandem::gate::Draft) -> tandem::gate::ClearedPrompt {
///     draft
/// }
/// ```
/// ```compile_fail,E0451
/// fn forge(cleared: tandem::gate::ClearedPrompt, other: tandem::providers::Request) -> tandem::gate::ClearedPrompt {
///     tandem::gate::ClearedPrompt { request: other, ..cleared }
/// }
/// ```
/// ```compile_fail,E0308
/// fn change(prompt: &mut tandem::gate::ClearedPrompt) -> &mut tandem::providers::Request {
///     prompt.request()
/// }
/// ```
pub struct ClearedPrompt {
    endpoint: Arc<Endpoint>,
    reach: Reach,
    request: Request,
    texts: Vec<Arc<str>>,
    encoded: Encoded,
    manifest: Manifest,
    /// BLAKE3 of each file's text as it is sent, in the manifest's order.
    hashes: Vec<Digest>,
    digest: [u8; 32],
    /// For what comes back.
    placeholders: Placeholders,
}

impl ClearedPrompt {
    pub fn endpoint(&self) -> &Arc<Endpoint> {
        &self.endpoint
    }

    pub fn reach(&self) -> Reach {
        self.reach
    }

    pub fn purpose(&self) -> Purpose {
        if self.request.fill.is_some() { Purpose::Suggestion } else { Purpose::Question }
    }

    /// What will be sent, to look at. The permit has the bytes.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// The texts as they will be sent, in the order of the draft's pieces.
    pub fn texts(&self) -> &[Arc<str>] {
        &self.texts
    }

    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// BLAKE3 of the destination and of the body's exact bytes.
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// The same with fewer tokens for the answer: nothing that is sent of the workspace is another.
    pub(super) fn with_less_output(mut self, max_output: u32) -> Self {
        self.request.max_output = self.request.max_output.min(max_output);
        self.encoded = encode(&self.endpoint, &self.request);
        self.digest = digest_of(&self.endpoint, &self.encoded);
        self
    }

    /// Bytes that are sent, beside headers.
    pub fn body_bytes(&self) -> usize {
        self.encoded.body.len()
    }

    pub(super) fn encoded(&self) -> &Encoded {
        &self.encoded
    }

    pub(super) fn placeholders(&self) -> &Placeholders {
        &self.placeholders
    }

    pub(super) fn hashes(&self) -> &[Digest] {
        &self.hashes
    }
}

impl fmt::Debug for ClearedPrompt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClearedPrompt")
            .field("host", &self.endpoint.host())
            .field("model", &self.request.model)
            .field("bytes", &self.manifest.bytes)
            .field("redactions", &self.manifest.redactions)
            .field("digest", &Digest(self.digest))
            .finish_non_exhaustive()
    }
}

/// Applies the policy: the first thing that stands against sending the draft is the answer. Scans every byte, and looks at the
/// disk for every file: not for the protocol task.
pub fn clear(draft: &Draft, policy: &Policy) -> Result<ClearedPrompt, Withheld> {
    let reach = policy.reach(&draft.endpoint);
    if reach == Reach::Cloud {
        policy.admits(&draft.endpoint, draft.purpose())?;
    }
    check_shape(draft)?;

    let pieces: Vec<&Piece> = sections(draft).flat_map(|section| &section.pieces).collect();
    let mut paths: Vec<&str> = pieces.iter().filter_map(|piece| piece.source.path()).collect();
    paths.sort_unstable();
    paths.dedup();
    let texts: Vec<&Arc<str>> = pieces.iter().map(|piece| &piece.text).collect();
    let clean = redact::clean(&texts, &paths, &policy.placeholders);
    let sensitivities = judge(&paths, &clean.names, policy, reach)?;
    if reach != Reach::Machine && !clean.redactions.is_empty() {
        // A model would go on with placeholders where it reads them.
        if policy.secrets == SecretsMode::Local || draft.purpose() == Purpose::Suggestion {
            return Err(Withheld::Secret { rules: clean.redactions.into_iter().map(|found| found.rule).collect() });
        }
        if !clean.blocking.is_empty() {
            return Err(Withheld::Secret { rules: clean.blocking });
        }
    }

    let request = build(draft, policy, &clean.texts);
    let encoded = encode(&draft.endpoint, &request);
    let digest = digest_of(&draft.endpoint, &encoded);
    let (manifest, hashes) = list(&pieces, &paths, &sensitivities, &clean);
    Ok(ClearedPrompt {
        endpoint: Arc::clone(&draft.endpoint),
        reach,
        request,
        texts: clean.texts,
        encoded,
        manifest,
        hashes,
        digest,
        placeholders: policy.placeholders.clone(),
    })
}

fn digest_of(endpoint: &Endpoint, encoded: &Encoded) -> [u8; 32] {
    let mut digest = blake3::Hasher::new();
    for part in [endpoint.base_url.as_bytes(), encoded.path.as_bytes(), b"\0", &encoded.body] {
        digest.update(part);
    }
    *digest.finalize().as_bytes()
}

fn sections(draft: &Draft) -> impl Iterator<Item = &Section> {
    let turns = draft.turns.iter().flat_map(|turn| &turn.sections);
    draft.system.iter().chain(turns).chain(draft.fill.iter().map(|fill| &fill.suffix))
}

/// What no provider takes, and what would leave the budget without a bound.
fn check_shape(draft: &Draft) -> Result<(), Withheld> {
    let wrong = |why: &str| Err(Withheld::Request(why.to_owned()));
    if draft.model.trim().is_empty() {
        return Err(Withheld::NoProvider);
    }
    if draft.max_output == 0 {
        return wrong("an answer needs room for at least a token");
    }
    let is_said =
        |sections: &[Section]| sections.iter().flat_map(|section| &section.pieces).any(|piece| !piece.text.is_empty());
    if draft.turns.iter().any(|turn| !is_said(&turn.sections)) {
        return wrong("nothing is said in one of the turns");
    }
    let is_users = |turn: Option<&super::DraftTurn>| turn.is_some_and(|turn| turn.role == Role::User);
    if !is_users(draft.turns.first()) || !is_users(draft.turns.last()) {
        return wrong("the user's turn is missing");
    }
    if draft.fill.is_some() {
        if draft.turns.len() > 1 || !draft.system.is_empty() {
            return wrong("a hole has one text before it, and no instructions");
        }
        if draft.endpoint.fills().is_none() {
            return Err(Withheld::Request(format!(
                "`{}` has no interface for suggestions while you type; Mistral and DeepSeek have one (`completion.cloudProvider`)",
                draft.endpoint.name
            )));
        }
    }
    Ok(())
}

/// Whether a path from the root leads nowhere else on any system. Others never leave, so they need not be packed.
pub fn is_plain(path: &str) -> bool {
    !path.is_empty()
        && !path.contains('\\')
        && Path::new(path).components().all(|part| matches!(part, Component::Normal(_)))
}

/// How sensitive each path is, if all of them may go that far. `names` are the paths without secrets.
fn judge(paths: &[&str], names: &[String], policy: &Policy, reach: Reach) -> Result<Vec<Sensitivity>, Withheld> {
    let (mut denied, mut local_only) = (Vec::new(), Vec::new());
    let mut sensitivities = Vec::with_capacity(paths.len());
    for (path, name) in paths.iter().zip(names) {
        let is_plain = is_plain(path);
        match policy.files.of(Path::new(path)) {
            Verdict::Allowed(Sensitivity::LocalOnly) if is_plain && reach != Reach::Machine => {
                local_only.push(name.clone())
            }
            Verdict::Allowed(sensitivity) if is_plain => sensitivities.push(sensitivity),
            Verdict::Allowed(_) | Verdict::Denied(_) => denied.push(name.clone()),
        }
    }
    if !denied.is_empty() {
        return Err(Withheld::Denied { paths: denied });
    }
    if !local_only.is_empty() {
        return Err(Withheld::LocalOnly { paths: local_only });
    }
    Ok(sensitivities)
}

/// The request, its sections with nothing between their pieces. Empty ones are left out: providers refuse them.
fn build(draft: &Draft, policy: &Policy, texts: &[Arc<str>]) -> Request {
    let mut texts = texts.iter();
    let mut blocks = |sections: &[Section]| -> Vec<Block> {
        let block = |section: &Section| {
            let mut own = texts.by_ref().take(section.pieces.len());
            let text = if section.pieces.len() == 1 {
                own.next().cloned().unwrap_or_default()
            } else {
                own.map(|text| &**text).collect::<String>().into()
            };
            Block { text, cache: section.cache }
        };
        sections.iter().map(block).filter(|block| !block.text.is_empty()).collect()
    };
    let system = blocks(&draft.system);
    let turns = draft.turns.iter().map(|turn| Turn { role: turn.role, blocks: blocks(&turn.sections) }).collect();
    let fill = draft.fill.as_ref().map(|fill| {
        let suffix = blocks(std::slice::from_ref(&fill.suffix)).pop().map_or_else(|| Arc::from(""), |block| block.text);
        Fill { suffix, stops: fill.stops.clone() }
    });
    Request {
        model: draft.model.clone(),
        system,
        turns,
        fill,
        max_output: draft.max_output,
        effort: draft.effort,
        user_tag: policy.user_tag.clone(),
    }
}

/// The files of a request, in the order of their paths, and each one's hash.
fn list(pieces: &[&Piece], paths: &[&str], sensitivities: &[Sensitivity], clean: &Clean) -> (Manifest, Vec<Digest>) {
    #[derive(Default)]
    struct Listed {
        ranges: Vec<Range<usize>>,
        bytes: usize,
        hash: blake3::Hasher,
    }
    let mut listed: BTreeMap<&str, Listed> = BTreeMap::new();
    for (piece, text) in pieces.iter().zip(&clean.texts) {
        let Some(path) = piece.source.path() else { continue };
        let file = listed.entry(path).or_default();
        if let Source::File { bytes, .. } = &piece.source
            && !bytes.is_empty()
        {
            file.ranges.push(bytes.clone());
        }
        file.bytes += text.len();
        file.hash.update(text.as_bytes());
    }
    let mut files = Vec::with_capacity(paths.len());
    let mut hashes = Vec::with_capacity(paths.len());
    for ((path, sensitivity), name) in paths.iter().zip(sensitivities).zip(&clean.names) {
        let Some(Listed { ranges, bytes, hash }) = listed.remove(path) else { continue };
        files.push(SentFile {
            path: name.clone(),
            ranges: joined(ranges),
            bytes,
            is_internal: *sensitivity == Sensitivity::Internal,
        });
        hashes.push(Digest(*hash.finalize().as_bytes()));
    }
    let bytes = clean.texts.iter().map(|text| text.len()).sum();
    (Manifest { files, bytes, redactions: clean.redactions.clone() }, hashes)
}

/// In order, without overlaps.
fn joined(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_unstable_by_key(|range| (range.start, range.end));
    let mut joined: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match joined.last_mut().filter(|last| range.start <= last.end) {
            Some(last) => last.end = last.end.max(range.end),
            None => joined.push(range),
        }
    }
    joined
}

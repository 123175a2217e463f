//! Secrets of all kinds, in all places, through every provider: none in what leaves, in what is recorded, in what is shown.

#[allow(dead_code, reason = "the room that owns it reads more of it")]
#[path = "../../privacy/secrets/corpus.rs"]
mod corpus;

use super::*;
use corpus::{Seeded, corpus};

const KINDS: [ProviderKind; 10] = [
    ProviderKind::Anthropic,
    ProviderKind::OpenAi,
    ProviderKind::OpenAiChat,
    ProviderKind::Gemini,
    ProviderKind::Bedrock,
    ProviderKind::Azure,
    ProviderKind::OpenRouter,
    ProviderKind::Mistral,
    ProviderKind::DeepSeek,
    ProviderKind::Compatible,
];

#[track_caller]
fn assert_clean(seeded: &Seeded, what: &str, text: &str) {
    for trace in &seeded.traces {
        // As a JSON body writes it, too.
        let escaped = serde_json::to_string(trace).unwrap();
        for form in [trace.as_str(), escaped.trim_matches('"')] {
            assert!(!text.contains(form), "{} in {} leaks into {what}: {text}", seeded.rule, seeded.place);
        }
    }
}

/// The drafts in which a text can be sent: in a file's name, as one piece, cut over two pieces, cut over two sections.
fn drafts(seeded: &Seeded, endpoint: &Endpoint) -> Vec<Draft> {
    if seeded.place == "file name" {
        return vec![draft(endpoint.clone(), vec![file(&seeded.text, 0..2, "fn")])];
    }
    let source = |bytes| match seeded.place {
        "diff" => Source::Diff { path: "src/a.rs".into() },
        "question" => Source::Question,
        _ => Source::File { path: "src/a.rs".into(), bytes },
    };
    let whole = Piece { text: seeded.text.as_str().into(), source: source(0..seeded.text.len()) };
    let mut drafts = vec![draft(endpoint.clone(), vec![whole])];
    // Where the secret's own middle is the border.
    let trace = seeded.traces.first().map_or("", String::as_str);
    let Some(at) = seeded.text.find(trace).map(|at| at + trace.len() / 2) else { return drafts };
    if trace.len() >= 8 && seeded.text.is_char_boundary(at) {
        let (head, tail) = seeded.text.split_at(at);
        let piece = |text: &str, bytes| Piece { text: text.into(), source: source(bytes) };
        let (head, tail) = (piece(head, 0..at), piece(tail, at..seeded.text.len()));
        drafts.push(draft(endpoint.clone(), vec![head.clone(), tail.clone()]));
        let mut split = draft(endpoint.clone(), vec![head]);
        split.turns[0].sections[1].pieces.insert(0, tail);
        drafts.push(split);
    }
    drafts
}

/// Looks at all that a draft becomes. Whether it may leave.
fn look(policy: &Policy, door: &Door, seeded: &Seeded, draft: &Draft) -> Option<Arc<ClearedPrompt>> {
    assert_clean(seeded, "a draft's Debug", &format!("{draft:?}"));
    let prompt = match clear(draft, policy) {
        Ok(prompt) => prompt,
        Err(withheld) => {
            assert_clean(seeded, "a refusal", &format!("{withheld} {withheld:?}"));
            return None;
        }
    };
    let preview = door.preview(&prompt).unwrap();
    let body = String::from_utf8(prompt.encoded().body.clone()).unwrap();
    assert_clean(seeded, "the body", &body);
    assert_clean(seeded, "the request", &format!("{:?}", prompt.request()));
    assert_clean(seeded, "the manifest", &serde_json::to_string(prompt.manifest()).unwrap());
    assert_clean(seeded, "a Debug", &format!("{prompt:?} {preview:?}"));
    Some(Arc::new(prompt))
}

/// Takes the whole way, with a model that says the secret again.
fn send(door: &Door, seeded: &Seeded, prompt: Arc<ClearedPrompt>) {
    let consent = Consent::once(&door.preview(&prompt).unwrap());
    let reservation = door.reserve(prompt, &consent, 1).unwrap();
    assert_clean(seeded, "a Debug", &format!("{consent:?} {reservation:?} {door:?}"));
    let record = reservation.record().unwrap();
    assert_clean(seeded, "a Debug", &format!("{record:?}"));
    let mut permit = record.permit();
    assert_clean(seeded, "a Debug", &format!("{permit:?}"));
    assert_clean(seeded, "the body", std::str::from_utf8(permit.open().unwrap()).unwrap());
    permit.text(&seeded.text);
    permit.settle(Ending::Cancelled);
}

#[test]
fn no_secret_leaves_by_any_provider_from_any_place() {
    let mut scene = Scene::new();
    scene.settings.cloud.provider = "cloud".into();
    let (policy, door) = (scene.policy(), Door { keeps_contents: true, ..scene.door() });
    let all = corpus(20_261_128);
    assert!(all.len() >= 200, "{} texts", all.len());
    let (mut cleared, mut withheld, mut sent) = (0, 0, 0);
    for (number, seeded) in all.iter().enumerate() {
        // Each form stands in up to six places, one after the other: so each meets several providers, and all meet all kinds.
        let kind = KINDS[number % KINDS.len()];
        let there = Endpoint {
            name: "cloud".into(),
            kind,
            region: Some("eu-central-1".into()),
            price_as: Some("anthropic/claude-opus-5-5".into()),
            is_local: false,
            ..machine()
        };
        for endpoint in [there, machine()] {
            for draft in drafts(seeded, &endpoint) {
                let Some(prompt) = look(&policy, &door, seeded, &draft) else {
                    withheld += 1;
                    continue;
                };
                cleared += 1;
                // Each record waits for the disk.
                if cleared % 16 == 0 {
                    send(&door, seeded, prompt);
                    sent += 1;
                }
            }
        }
    }
    assert!(cleared > all.len() && withheld > 0 && sent > 50, "{cleared} cleared, {withheld} withheld, {sent} sent");
    let mut kept = vec![scene.audit_file()];
    kept.extend(
        std::fs::read_dir(scene.audit_file().with_extension("contents")).unwrap().map(|entry| entry.unwrap().path()),
    );
    let kept: String = kept.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
    for seeded in &all {
        assert_clean(seeded, "what is kept", &kept);
    }
}

//! Recordings: what was written down is what comes back.

use serde_json::{Value, json};
use tandem::config::Settings;
use tandem::lsp::{Pace, ServeOptions, replay, serve};
use tandem::session::Session;

use crate::support::{Frames, Setup, URI, inline_capabilities, range};

#[tokio::test]
async fn a_recorded_session_can_be_played() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("session.jsonl");
    let mut setup = Setup::lookup();
    setup.options.mirror = Some(file.clone());
    let mut client = setup.initialized(inline_capabilities()).await;
    client.open(URI, "ä\r\n").await;
    client.change(URI, 2, range((0, 0), (0, 0)), "\"x\"").await;
    client.raw(b"Content-Length: 3\r\n\r\n{\xff}").await;
    let text = client.text(URI).await;
    assert_eq!(client.leave().await, 0);

    let lines: Vec<Value> = (std::fs::read_to_string(&file).expect("the recording").lines())
        .map(|line| serde_json::from_str(line).expect("JSON Lines"))
        .collect();
    assert_eq!(lines.len(), 8, "initialize, initialized, open, change, noise, text, shutdown, exit");
    assert!(lines.windows(2).all(|pair| pair[0]["us"].as_u64() <= pair[1]["us"].as_u64()));

    for pace in [Pace::Fast, Pace::Recorded] {
        let (output, theirs) = tokio::io::duplex(1 << 20);
        let session = Session::new(Settings::default(), None);
        let input = replay(&file, pace).expect("the recording");
        let code = serve(input, output, session, ServeOptions::default()).await.expect("served");
        assert_eq!(code, 0);
        let mut frames = Frames::new(theirs);
        let mut results = Vec::new();
        while let Some(message) = frames.next().await {
            results.extend(message.get("result").cloned());
        }
        assert_eq!(results[1..], [text.clone(), Value::Null], "{pace:?}");
    }
}

#[tokio::test]
async fn what_is_no_recording_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("session.jsonl");
    let missing = replay(&file, Pace::Fast).err().expect("no such file").to_string();
    assert!(missing.contains("session.jsonl"), "{missing}");
    std::fs::write(&file, json!({ "us": 1, "body": "{}" }).to_string() + "\nnonsense\n").expect("a file");
    let broken = replay(&file, Pace::Fast).err().expect("no recording").to_string();
    assert!(broken.contains("session.jsonl:2"), "{broken}");
}

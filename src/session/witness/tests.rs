//! A server and those who ask it, in one process.

use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixListener;

use super::*;
use crate::complete::{Decision, Reason, Trigger};
use crate::config::Settings;
use crate::text::{Position, PositionEncoding};

fn session() -> Arc<Session> {
    let session = Session::new(Settings::default(), None);
    session.initialize(PositionEncoding::Utf16, vec![PathBuf::from("/proj")]);
    session.introduce("Scribe 1.0".to_owned());
    session
}

/// Asks until the server is there: it opens its socket in a task of its own.
async fn until_there(place: &Path) -> Testimony {
    loop {
        let (mut found, problems) = ask_all(place).await;
        assert_eq!(problems, [] as [String; 0]);
        if let Some(testimony) = found.pop() {
            return testimony;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn the_last_request_is_told_and_nothing_is_left_behind() {
    let place = tempfile::tempdir().unwrap();
    let session = session();
    let witness = serve(place.path(), &session);
    let before = until_there(place.path()).await;
    assert_eq!((before.client.as_deref(), before.last), (Some("Scribe 1.0"), Last::None));
    assert_eq!((before.process, before.folders), (std::process::id(), vec![PathBuf::from("/proj")]));

    session.open("file:///proj/a.rs", "rust", 7, "é\nlet ä = fo oo;\n");
    session.complete("file:///proj/a.rs", Position::new(1, 10), Trigger::Automatic).await;
    let Last::Request(asked) = until_there(place.path()).await.last else { panic!("no request") };
    assert_eq!((asked.line, asked.column, asked.why.version), (2, 11, 7));
    assert!(matches!(asked.why.decision, Decision::Hidden { reason: Reason::MidLine, .. }), "{asked:?}");

    let files: Vec<_> = std::fs::read_dir(place.path()).unwrap().flatten().collect();
    assert_eq!(files.len(), 2, "a socket and a lock");
    assert!(files.iter().all(|file| file.metadata().unwrap().len() == 0), "nothing is in them");
    witness.abort();
    let _ = witness.await;
    assert_eq!(ask_all(place.path()).await, (Vec::new(), Vec::new()));
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn only_the_user_can_ask() {
    let place = tempfile::tempdir().unwrap();
    let session = session();
    let _witness = serve(place.path(), &session);
    until_there(place.path()).await;
    assert_eq!(std::fs::metadata(place.path()).unwrap().mode() & 0o777, 0o700);
    let sockets = std::fs::read_dir(place.path()).unwrap().flatten().map(|file| file.path());
    let socket = sockets.into_iter().find(|path| path.extension().is_some_and(|kind| kind == "sock"));
    assert_eq!(std::fs::metadata(socket.expect("a socket")).unwrap().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn switched_off_it_tells_that() {
    let place = tempfile::tempdir().unwrap();
    let session = session();
    let _witness = serve(place.path(), &session);
    session.open("file:///proj/a.rs", "rust", 1, "let x = ");
    session.complete("file:///proj/a.rs", Position::new(0, 8), Trigger::Automatic).await;
    assert!(matches!(until_there(place.path()).await.last, Last::Request(_)));
    let mut settings = Settings::default();
    settings.completion.why = false;
    session.configure(settings);
    assert_eq!(until_there(place.path()).await.last, Last::SwitchedOff);
}

#[tokio::test]
async fn what_a_killed_server_left_is_cleared_away() {
    let place = tempfile::tempdir().unwrap();
    let dead = address(place.path(), format!("{NAME}4242-0"));
    drop(UnixListener::bind(dead.socket()).unwrap());
    std::fs::write(dead.lock(), "").unwrap();
    std::fs::write(place.path().join("tandem-1000-1-0.1.0-abc.lock"), "").unwrap();
    assert_eq!(ask_all(place.path()).await, (Vec::new(), Vec::new()));
    let left: Vec<_> = std::fs::read_dir(place.path()).unwrap().flatten().map(|file| file.file_name()).collect();
    assert_eq!(left, ["tandem-1000-1-0.1.0-abc.lock"], "the engine host's are its own");
}

#[tokio::test]
async fn a_server_of_another_version_is_named() {
    let place = tempfile::tempdir().unwrap();
    let claim = Claim::take(address(place.path(), format!("{NAME}4242-0"))).unwrap().unwrap();
    let strange = async {
        let stream = accept(claim.listener()).await.unwrap();
        let frame = encode_json(&serde_json::json!({ "version": "9.9" })).unwrap();
        (&stream).write_all(&frame).await.unwrap();
    };
    let (asked, ()) = tokio::join!(ask_all(place.path()), strange);
    assert_eq!(asked.0, []);
    assert!(asked.1[0].contains("another version of Tandem"), "{:?}", asked.1);
}

#[tokio::test]
async fn nobody_is_there_where_nothing_is() {
    assert_eq!(ask_all(Path::new("/nowhere/at/all")).await, (Vec::new(), Vec::new()));
}

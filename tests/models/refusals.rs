//! What a user reads where there is no file: who said no, and what to do.

use tandem::models::download::Failure;
use tandem::models::hub::Trouble;

use super::support::{User, file, hub, serving};
use crate::hub::Hub;

fn status(double: &Hub, status: u16, headers: &[(&str, &str)]) {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    double.change(|rules| rules.status = Some((status, headers)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gated_repository_says_how_to_get_in() {
    let double = serving(1 << 20).await;
    double.change(|rules| rules.token = Some("right".to_owned()));
    let (url, page) = (double.url(), format!("{}/owner/model", double.url()));
    let nobody = User::of(&double).fails().await;
    assert_eq!(
        nobody,
        format!(
            "owner/model wants its licence accepted first: accept it at {page}, make a token that may read at \
             {url}/settings/tokens, put it into the variable `HF_TOKEN` and pull again"
        )
    );
    let stranger = User::with(hub(&url, Some("wrong"), &[]).unwrap()).fails().await;
    assert_eq!(
        stranger,
        format!(
            "owner/model is not open to the token in `HF_TOKEN`: accept its licence at {page} with that token's account, and \
             let the token read gated repositories"
        )
    );
    User::with(hub(&url, Some("right"), &[]).unwrap()).pull().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_no_is_a_sentence_with_the_way_out() {
    let double = serving(1 << 20).await;
    let page = format!("{}/owner/model", double.url());
    for (code, headers, expected) in [
        (401, vec![], format!("127.0.0.1 shows owner/model to nobody without a token: the name may be wrong, or it is private or gated. If you can see {page}, make a token that may read at {}/settings/tokens and put it into the variable `HF_TOKEN`", double.url())),
        (403, vec![("x-error-message", "not from your country")], "127.0.0.1 refuses a-Q8_0.gguf of owner/model: not from your country".to_owned()),
        (404, vec![("x-error-code", "RepoNotFound")], "127.0.0.1 has no repository owner/model, or only for those who may see it".to_owned()),
        (404, vec![("x-error-code", "RevisionNotFound")], format!("owner/model has no revision main: see {page}")),
        (404, vec![("x-error-code", "EntryNotFound")], format!("owner/model has no a-Q8_0.gguf in revision main: see {page}")),
        (429, vec![("retry-after", "4000")], "127.0.0.1 asks for a pause of 4000 s: it has too many requests from here (a token in the variable `HF_TOKEN` has a limit of its own)".to_owned()),
        (500, vec![], "127.0.0.1 is in trouble (500): try again later".to_owned()),
        (418, vec![], "127.0.0.1 answered 418 where a-Q8_0.gguf was asked for".to_owned()),
    ] {
        status(&double, code, &headers);
        assert_eq!(User::of(&double).fails().await, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_pause_is_kept_and_a_long_one_is_for_the_user() {
    let double = serving(1 << 20).await;
    status(&double, 429, &[("retry-after", "9")]);
    let user = User::of(&double);
    assert!(user.fails().await.contains("a pause of 9 s"));
    let pauses = user.pauses();
    assert!(pauses.len() == 6 && pauses.iter().all(|pause| pause.as_secs() == 9), "{pauses:?}");
    status(&double, 429, &[("retry-after", "90000")]);
    user.fails().await;
    assert_eq!(user.pauses(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_without_a_network_hears_so_at_once() {
    let nobody = {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let user = User::with(hub(&nobody, None, &[]).unwrap());
    let Failure::Hub(error) = user.fetch.look(&file("main")).await.unwrap_err() else { panic!("of the hub") };
    assert_eq!((error.trouble, error.message.as_str()), (Trouble::Unreachable, "127.0.0.1 takes no connections"));
    let away = User::with(hub("https://hub.invalid", None, &[]).unwrap());
    let error = away.fetch.look(&file("main")).await.unwrap_err().to_string();
    assert!(error.starts_with("hub.invalid was not found"), "{error}");
    assert_eq!((user.pauses(), away.pauses()), (vec![], vec![]));
}

#[test]
fn a_token_with_blanks_in_it_is_none() {
    let error = hub("https://hub.example", Some("two words"), &[]).map(drop).unwrap_err();
    assert_eq!(error, "the variable `HF_TOKEN` holds no token: it has blanks or other characters in it");
}

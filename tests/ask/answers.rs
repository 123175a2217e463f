//! What comes back when all is well, and what it costs.

use tandem::ask::{ConsentReply, Question, Step};
use tandem::budget::Outcome;
use tandem::config::ProviderKind;

use super::house::{House, cloud};
use crate::provider::{Fault, Reply};

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_streamed_cited_inert_and_billed() {
    let house = House::new().await;
    house.double.reply(Reply::text(
        "It is `request_7` (src/part_07.rs:1), not src/part_99.rs:3. <script>alert(1)</script> ![x](https://evil.example/)\n",
    ));
    let came = house.ask(cloud("How is `request_7` handed on?")).await;
    assert!(
        came.text.starts_with("It is `request_7` (src/part_07.rs:1), not src/part_99.rs:3 (unverified)."),
        "{}",
        came.text
    );
    assert!(came.text.contains("\\<script>") && came.text.contains("![x\\]("), "{}", came.text);
    let record = house.double.record();
    assert_eq!((record.requests.len(), record.charges.len()), (1, 1));
    assert_eq!(came.footer.cost.0, record.charges[0].money, "the footer has the bill's cost");
    assert_eq!(came.footer.cost_is, Some(Outcome::Counted));
    assert_eq!(house.spent(), came.footer.cost);
    assert_eq!((came.footer.cited, came.footer.unverified), (1, 1));
    assert!(came.footer.files.iter().any(|file| file.path == "src/part_07.rs"), "{:?}", came.footer.files);
    let preview = house.previews.lock().unwrap()[0].clone();
    assert!(came.footer.cost <= preview.cost.1 && came.footer.usage.input() <= preview.input_tokens.1);
    let below = tandem::session::questions::words::footer(&came.footer);
    assert!(below.contains("* Sent: ") && below.contains("src/part_"), "{below}");
    assert!(below.contains(&came.footer.cost.to_string()), "{below}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_following_question_is_read_from_the_cache() {
    let house = House::new().await;
    let first = house.ask(cloud("How is a request handed on?")).await;
    assert_eq!(first.footer.usage.cache_read, 0);
    let thread = first.footer.thread.clone();
    let second = house.ask(Question { thread, ..cloud("And where is it checked?") }).await;
    let usage = second.footer.usage;
    assert!(usage.cache_read * 10 >= usage.input() * 8, "{usage:?}");
    let record = house.double.record();
    let prompts: Vec<String> =
        record.requests.iter().map(|seen| seen.prompt.as_ref().expect("a good request").text()).collect();
    assert!(prompts[1].starts_with(prompts[0].as_str()), "byte for byte");
    let third = house.ask(Question { thread: second.footer.thread, ..cloud("What of `request_3`?") }).await;
    let usage = third.footer.usage;
    assert!(usage.cache_read * 10 >= usage.input() * 8, "{usage:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_yes_for_the_workspace_is_asked_for_once() {
    let house = House::new().await;
    *house.reply.lock().unwrap() = ConsentReply::Workspace;
    house.ask(cloud("How is a request handed on?")).await;
    house.ask(cloud("How is a request checked?")).await;
    assert_eq!(house.previews.lock().unwrap().len(), 1);
    assert_eq!(house.double.record().requests.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_leaves_nothing_open_at_any_stage() {
    let is_stage: [fn(&Step) -> bool; 5] = [
        |step| matches!(step, Step::Routed { .. }),
        |step| matches!(step, Step::Progress(text) if text.starts_with("looking for secrets")),
        |step| matches!(step, Step::Consent(_)),
        |step| matches!(step, Step::Progress(text) if text.starts_with("asking")),
        |step| matches!(step, Step::Text(_)),
    ];
    for (stage, is_stage) in is_stage.into_iter().enumerate() {
        let house = House::new().await;
        house.double.reply(Reply::fault(Fault::Endless));
        let came = house
            .ask_and(cloud("How is a request handed on?"), |step, cancel| {
                if is_stage(step) {
                    cancel.cancel();
                }
            })
            .await;
        // What is under way when the steps end is settled by whoever sent it.
        let mut open = usize::MAX;
        for _ in 0..2000 {
            open = house.entries().iter().filter(|entry| matches!(entry.state, tandem::budget::State::Open(_))).count();
            if open == 0 {
                break;
            }
            tokio::task::yield_now().await;
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        assert_eq!(open, 0, "stage {stage}: {:?}", house.entries());
        if stage < 3 {
            assert_eq!(house.double.record().connections, 0, "stage {stage}");
        }
        if stage == 4 {
            assert_eq!(came.footer.incomplete.as_deref(), Some("you cancelled it"));
            assert!(came.footer.cost.0 > 0 && came.footer.cost_is == Some(Outcome::Estimated), "{:?}", came.footer);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_goes_to_providers_whose_caches_need_one_and_to_no_other() {
    let house = House::with(|settings| {
        let provider = settings.cloud.providers.get_mut("anthropic").unwrap();
        // The double does not speak it; what it was sent is what counts.
        provider.kind = Some(ProviderKind::OpenAiChat);
        provider.price_as = Some("openai/gpt-6.1-sol".to_owned());
    });
    let house = house.await;
    house.ask(cloud("How is a request handed on?")).await;
    let record = house.double.record();
    assert!(!record.requests.is_empty());
    assert!(record.contains("\"prompt_cache_key\":\"") && record.contains("\"safety_identifier\":\""));
    let house = House::new().await;
    house.ask(cloud("How is a request handed on?")).await;
    let record = house.double.record();
    assert!(!record.requests.is_empty());
    assert!(!record.contains("\"prompt_cache_key\"") && !record.contains("\"user_id\""));
}

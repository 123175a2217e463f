//! What limits let through, to whom they apply, and how often.

use tandem::ask::Question;
use tandem::budget::Picodollars;

use super::house::{House, cloud};
use crate::provider::{Fault, Kind, Reply};

#[tokio::test(flavor = "multi_thread")]
async fn limits_of_other_providers_and_models_refuse_nothing() {
    let nothing = |scope: &str| [format!("$0 per month for {scope}"), format!("0 tokens per day for {scope}")];
    let house = House::with(|settings| {
        settings.budget.limits.extend(nothing("provider openai").into_iter().chain(nothing("model gpt-6.1-sol")));
    });
    let house = house.await;
    let came = house.ask(cloud("How is a request handed on?")).await;
    assert!(came.footer.is_cloud && came.footer.cost > Picodollars::ZERO, "{}", came.notices);
    for own in ["provider anthropic".to_owned(), format!("model {}", Kind::Anthropic.model())] {
        let house = House::with(|settings| settings.budget.limits.extend(nothing(&own))).await;
        let came = house.ask(cloud("How is a request handed on?")).await;
        assert_eq!((came.footer.answered_by.as_str(), house.double.record().requests.len()), ("the index", 0), "{own}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_s_own_limit_is_for_all_its_attempts() {
    let ask = async |limit: Option<Picodollars>| {
        let house = House::new().await;
        // What was read may be paid for, so it stays on the account.
        for _ in 0..3 {
            house.double.reply(Reply::fault(Fault::ResetAfter));
        }
        house.ask(Question { limit, ..cloud("How is a request handed on?") }).await;
        let most = house.previews.lock().unwrap()[0].cost.1;
        (house.double.record().requests.len(), house.spent(), most)
    };
    let (attempts, spent, most) = ask(None).await;
    assert_eq!(attempts, 3);
    let limit = Picodollars(most.0 + most.0 / 4);
    assert!(spent > limit, "all three together cost more");
    let (attempts, spent, _) = ask(Some(limit)).await;
    assert!(attempts == 1 && spent <= limit, "{attempts} attempts for {spent} of {limit}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_shortened_rather_than_refused() {
    let house = House::new().await;
    house.ask(cloud("How is a request handed on?")).await;
    let most = house.previews.lock().unwrap()[0].cost.1;
    let house = House::new().await;
    let limit = Picodollars(most.0 - most.0 / 100);
    let came = house.ask(Question { limit: Some(limit), ..cloud("How is a request handed on?") }).await;
    assert!(came.footer.is_cloud, "{}", came.notices);
    let preview = house.previews.lock().unwrap()[0].clone();
    let lowered = preview.lowered.as_ref().expect("it does not fit whole").to_string();
    assert!((1024..2000).contains(&preview.max_output_tokens) && preview.cost.1 <= limit, "{preview:?}");
    assert!(lowered.contains("tokens instead of 2,000"), "{lowered}");
    let record = house.double.record();
    let sent = record.requests[0].prompt.as_ref().expect("a good request");
    assert_eq!(sent.max_output, u64::from(preview.max_output_tokens));
    assert!(house.spent() <= limit);
    assert_eq!(came.footer.lowered.as_deref(), Some(lowered.as_str()));
    let below = tandem::session::questions::words::footer(&came.footer);
    assert!(below.contains("tokens instead of 2,000"), "{below}");
    assert!(tandem::session::questions::words::payload(&preview, &[]).contains("tokens instead of 2,000"));
    assert_eq!(house.entries()[0].reserved_money, preview.cost.1);
}

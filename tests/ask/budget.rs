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

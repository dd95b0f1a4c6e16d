//! Personal data stay where they belong: no event, no feed, no log tells them on; and no secret is kept anywhere.

use support_proto::support::repair::v1::SubmitRepairRequest;
use support_proto::support::types::v1::Channel;
use support_proto::support::warranty::v1::Damage;
use support_tests::books;
use support_tests::people::{Agent, Customer, partner, request_id, says, timeline};
use support_tests::town::{logs, shared};
use support_tests::wait::until;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_personal_is_told_on() {
    let town = shared();
    let customer = Customer::verified(town).await;
    let mut agent = Agent::at_work(town, &customer.language, 3).await;
    let mark = request_id();
    let subject = format!("subject-{mark}");
    let (said, answered, problem) = (
        format!("said-{mark}"),
        format!("answered-{mark}"),
        format!("problem-{mark}"),
    );
    let serial = customer.device().await;
    let case = customer.opens(&subject).await;
    let offer = agent.offered(&case.case_id).await;
    agent.accepts(&offer).await;
    says(&customer.caller, &case.case_id, Channel::Chat, &said).await;
    says(&agent.caller, &case.case_id, Channel::Chat, &answered).await;
    let (workshop, workshop_token) = partner(town, "nordlicht-service").await;
    let order = SubmitRepairRequest {
        request_id: request_id(),
        case_id: case.case_id.clone(),
        provider_code: "ASP-BER-01".to_owned(),
        serial_number: serial,
        problem: problem.clone(),
        language: "en".to_owned(),
        damage: Damage::None.into(),
        ..SubmitRepairRequest::default()
    };
    until("the repair", async || {
        workshop.repairs().submit_repair(order.clone()).await.ok()
    })
    .await;
    // What is refused is told as well, and must not tell what it was.
    let mut wrong = customer.case(&subject);
    wrong.description = problem.repeat(1000);
    customer.caller.cases().open_case(wrong).await.unwrap_err();
    until("the history", async || {
        let entries = timeline(&customer.caller, &case.case_id).await;
        (entries.len() >= 6).then_some(())
    })
    .await;

    let client_secret = town.partner("nordlicht-service").client_secret;
    let personal = [&customer.name, &customer.email, &subject, &said, &answered, &problem];
    let tokens = [&customer.token, &agent.token, &workshop_token, &client_secret];

    let books = books::dump(town).await;
    let mut told_on = 0;
    for (table, rows) in &books {
        let name = table.rsplit('.').next().unwrap();
        for row in rows {
            if name == "outbox" || name.starts_with("feed_") {
                told_on += 1;
                for secret in personal {
                    assert!(!row.contains(secret.as_str()), "{table} tells {secret}: {row}");
                }
            }
            for token in tokens {
                assert!(!row.contains(token.as_str()), "{table} keeps a credential: {row}");
            }
            // The local outbox stands for the customer's mailbox.
            if name != "local_outbox_messages" && name.contains("verification") {
                assert!(
                    !row.contains(&format!("\"{}\"", customer.code)),
                    "{table} keeps the code: {row}"
                );
            }
        }
    }
    assert!(told_on > 10, "the events were not looked at: {:?}", books.keys());
    // The search would find them: they are where they belong.
    let kept = |secret: &str| books.values().flatten().any(|row| row.contains(secret));
    assert!(personal.iter().all(|secret| kept(secret)));

    let logs = logs();
    assert!(
        logs.contains(&customer.id),
        "the log was not kept: {} bytes",
        logs.len()
    );
    for secret in personal.into_iter().chain(tokens) {
        let line = logs.lines().find(|line| line.contains(secret.as_str()));
        assert!(line.is_none(), "the log tells: {}", line.unwrap_or_default());
    }
}

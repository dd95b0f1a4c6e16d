//! Personal data stay where they belong: no table holds who somebody is in the clear, no event, no feed, no log tells them on; and no
//! secret is kept anywhere.

use support_proto::support::identity::v1::{AddContactPointRequest, NewContactPoint, VerificationPurpose};
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

    let phone = format!(
        "+4179{:07}",
        u128::from_str_radix(&mark.replace('-', "")[..6], 16).unwrap() % 10_000_000
    );
    let add = AddContactPointRequest {
        request_id: request_id(),
        customer_id: customer.id.clone(),
        contact_point: Some(NewContactPoint {
            phone: phone.clone(),
            ..NewContactPoint::default()
        }),
        etag: String::new(),
    };
    let (shown, _, grant_token) = agent
        .verifies(town, &customer, VerificationPurpose::AccountSecurity)
        .await;
    shown.customers().add_contact_point(add).await.unwrap();

    let client_secret = town.partner("nordlicht-service").client_secret;
    let family = customer.name.replace("Zenobia", "Quillfeather");
    let person = [&customer.name, &family, &customer.email, &phone];
    let words = [&subject, &said, &answered, &problem];
    let personal = person.into_iter().chain(words);
    let tokens = [
        &customer.token,
        &agent.token,
        &grant_token,
        &workshop_token,
        &client_secret,
    ];
    // As a string of its own: six digits may stand in a number by chance.
    let code = format!("\"{}\"", customer.code);

    let books = books::dump(town).await;
    let mut told_on = 0;
    for (table, rows) in &books {
        let name = table.rsplit('.').next().unwrap();
        told_on += if name == "outbox" || name.starts_with("feed_") {
            rows.len()
        } else {
            0
        };
        for row in rows {
            for token in tokens {
                assert!(!row.contains(token.as_str()), "{table} keeps a credential: {row}");
            }
            assert!(!row.contains(&code), "{table} keeps the code: {row}");
            for secret in person.into_iter().chain(words) {
                assert!(!row.contains(secret.as_str()), "{table} holds {secret}: {row}");
            }
        }
    }
    assert!(told_on > 10, "the events were not looked at: {:?}", books.keys());
    // The search finds what is there: of somebody the id, which names nobody.
    let id = customer.id.split_once('-').unwrap().1;
    assert!(books.values().flatten().any(|row| row.contains(id)));

    let logs = logs();
    assert!(
        logs.contains(&customer.id),
        "the log was not kept: {} bytes",
        logs.len()
    );
    for secret in personal.chain(tokens) {
        let line = logs.lines().find(|line| line.contains(secret.as_str()));
        assert!(line.is_none(), "the log tells: {}", line.unwrap_or_default());
    }
}

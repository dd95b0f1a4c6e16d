//! What happens to a customer's case is told to them, in the words of localisation, by the service that knows their address.

use support_proto::support::identity::v1::{
    Happening, ListNotificationsRequest, ListOutboxMessagesRequest, NotificationState,
};
use support_tests::people::Customer;
use support_tests::town::shared;
use support_tests::wait::until;

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_is_told_that_their_case_is_open_and_reads_what_they_were_told() {
    let town = shared();
    let customer = Customer::verified(town).await;
    let case = customer.opens("Screen stays dark").await;
    let asked = ListNotificationsRequest {
        case_id: case.case_id.clone(),
        ..ListNotificationsRequest::default()
    };
    let told = until("the customer is told", async || {
        let listed = customer.caller.notifications().list_notifications(asked.clone()).await;
        let mut told = listed.unwrap().into_inner().notifications;
        told.retain(|told| told.state() == NotificationState::Sent);
        told.pop()
    })
    .await;
    assert_eq!(told.happening(), Happening::CaseOpened);
    let origin = told.text_origin.unwrap();
    assert_eq!(
        (origin.key.as_str(), origin.locale.as_str()),
        ("case.opened.acknowledgement", "en")
    );

    let asked = ListOutboxMessagesRequest {
        recipient: customer.email.clone(),
        ..ListOutboxMessagesRequest::default()
    };
    let listed = town.operator().outbox().list_outbox_messages(asked).await.unwrap();
    let messages = listed.into_inner().messages;
    let letter = messages
        .iter()
        .find(|message| message.delivery_id == told.delivery_id)
        .unwrap();
    for text in [&letter.subject, &letter.body, &letter.html] {
        assert!(text.contains(&case.case_number), "{text}");
    }
    assert!(letter.body.contains(&customer.name), "{}", letter.body);
    assert!(!letter.body.contains("Screen stays dark"), "nobody's words go by mail");
}

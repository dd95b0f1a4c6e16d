//! Whoever holds an account is told of what may have been done to it by somebody else.

use support_proto::support::identity::v1::factor_service_client::FactorServiceClient;
use support_proto::support::identity::v1::{
    CreateRecoveryCodesRequest, Customer, EraseCustomerRequest, ExportCustomerRequest, Happening,
    ListAuthenticatorsRequest, ListNotificationsRequest, NotificationState as State, PersonalDataReason,
    RemoveAuthenticatorRequest, RemoveContactPointRequest, UpdateCustomerRequest,
    erasure_service_client::ErasureServiceClient,
};
use support_proto::support::options::v1::AssuranceLevel;

use crate::house::{customer, request_id};
use crate::notifications::{NOON, reader};
use crate::town::Town;

const ADDRESSES: [&str; 2] = ["ada@example.com", "ada@example.org"];

struct Account {
    town: Town,
    ada: Customer,
    told: usize,
}

impl Account {
    async fn new() -> Self {
        let town = Town::at(NOON).await;
        let ada = town.customer(reader(&["de"], &ADDRESSES)).await;
        Self { town, ada, told: 0 }
    }

    fn own(&self) -> support_chassis::call::Caller {
        let mut own = customer(&self.ada.customer_id);
        own.assurance = AssuranceLevel::Aal2;
        own
    }

    /// Of this it was told once at every address, with these words.
    async fn is_told(&mut self, happening: Happening, words: &str) {
        self.told += ADDRESSES.len();
        let mails = self.town.mails(self.told).await.split_off(self.told - ADDRESSES.len());
        let mut to: Vec<_> = mails.iter().flat_map(|mail| mail.to.clone()).collect();
        to.sort();
        assert_eq!(to, ADDRESSES, "{happening:?}");
        for mail in &mails {
            let (plain, _) = crate::notifications::parts(mail);
            assert!(plain.contains(words), "{happening:?}: {plain}");
        }
        let asked = ListNotificationsRequest {
            customer_id: self.ada.customer_id.clone(),
            ..ListNotificationsRequest::default()
        };
        let listed = self.town.listed(asked, self.told).await;
        let states: Vec<_> = listed
            .iter()
            .map(crate::notifications::state)
            .filter(|(told, ..)| *told == happening)
            .collect();
        assert_eq!(states, [(happening, State::Sent, ""); ADDRESSES.len()]);
    }
}

#[tokio::test]
async fn what_proves_who_somebody_is_comes_and_goes_and_its_owner_hears_of_both() {
    let mut account = Account::new().await;
    let mut factors = FactorServiceClient::new(account.town.door(&account.own()));
    let codes = factors
        .create_recovery_codes(CreateRecoveryCodesRequest {})
        .await
        .unwrap();
    assert_eq!(codes.into_inner().codes.len(), 10);
    account
        .is_told(
            Happening::AuthenticatorBound,
            "ein neuer Weg hinzugefügt, sich auszuweisen",
        )
        .await;
    let asked = ListAuthenticatorsRequest {
        customer_id: account.ada.customer_id.clone(),
    };
    let held = factors
        .list_authenticators(asked)
        .await
        .unwrap()
        .into_inner()
        .authenticators;
    let remove = RemoveAuthenticatorRequest {
        request_id: request_id(),
        authenticator_id: held[0].authenticator_id.clone(),
    };
    factors.remove_authenticator(remove).await.unwrap();
    account
        .is_told(Happening::AuthenticatorEnded, "ein Weg entfernt, sich auszuweisen")
        .await;
}

#[tokio::test]
async fn who_is_removed_from_an_account_hears_of_it_where_they_were() {
    let mut account = Account::new().await;
    let own = account.own();
    let correct = UpdateCustomerRequest {
        request_id: request_id(),
        customer_id: account.ada.customer_id.clone(),
        country_code: "AT".to_owned(),
        ..UpdateCustomerRequest::default()
    };
    account.town.customers(&own).update_customer(correct).await.unwrap();
    account
        .is_told(Happening::RecordChanged, "Ihr Name oder Ihr Land geändert")
        .await;
    let remove = RemoveContactPointRequest {
        request_id: request_id(),
        customer_id: account.ada.customer_id.clone(),
        contact_point_id: account.ada.contact_points[0].contact_point_id.clone(),
        etag: String::new(),
    };
    account.town.customers(&own).remove_contact_point(remove).await.unwrap();
    account.is_told(Happening::ContactPointRemoved, "a•••@e•••.com").await;
}

#[tokio::test]
async fn that_all_is_handed_out_or_to_be_erased_is_told_before_it_is_too_late() {
    let mut account = Account::new().await;
    let mut rights = ErasureServiceClient::new(account.town.door(&account.own()));
    let export = ExportCustomerRequest {
        customer_id: account.ada.customer_id.clone(),
        reason: PersonalDataReason::CustomerWish.into(),
        case_id: String::new(),
    };
    rights.export_customer(export).await.unwrap();
    account.is_told(Happening::DataExported, "wurde herausgegeben").await;
    let erase = EraseCustomerRequest {
        request_id: request_id(),
        customer_id: account.ada.customer_id.clone(),
        reason: PersonalDataReason::CustomerWish.into(),
        case_id: String::new(),
    };
    // Asked twice it is one erasure, and told once.
    for _ in 0..2 {
        let again = EraseCustomerRequest {
            request_id: request_id(),
            ..erase.clone()
        };
        rights.erase_customer(again).await.unwrap();
    }
    account
        .is_told(
            Happening::ErasureRequested,
            "alles zu löschen, was wir über Sie gespeichert haben",
        )
        .await;
}

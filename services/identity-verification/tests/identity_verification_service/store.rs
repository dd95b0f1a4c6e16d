//! What the database holds on its own, whatever the code does.

use std::time::Duration;

use sqlx::{Connection as _, PgConnection};
use support_chassis::clock::Clock;
use support_chassis::db::DbError;
use support_chassis::id::Ids;
use support_chassis::vault::Field;
use support_identity_verification::domain::authenticator::{Authenticator, AuthenticatorState, DocumentType};
use support_identity_verification::domain::contact::{Contact, ContactKind};
use support_identity_verification::domain::customer::{ContactPoint, Customer, Name};
use support_identity_verification::domain::delegation::{AskedBy, DelegateKind, Delegation};
use support_identity_verification::domain::grant::{Assurance, Grant};
use support_identity_verification::domain::happening::{Keys, Kind, Preferences};
use support_identity_verification::domain::ids::DeliveryId;
use support_identity_verification::domain::partner::{Access, Certificates, ClientKeys, PartnerClient, Secrets};
use support_identity_verification::domain::risk::place::Place;
use support_identity_verification::domain::risk::{Assessment, Decision, Finding, Ground, Outcome, Report, Signal};
use support_identity_verification::domain::rules::Limits;
use support_identity_verification::domain::verification::{
    Method, NewVerification, Purpose, Subject, Verification, Way,
};
use support_identity_verification::keys::secret_hash;
use support_identity_verification::store::deliveries::Notice;
use support_identity_verification::store::happenings::Happening;
use support_identity_verification::store::local_outbox::Message;
use support_identity_verification::store::risk::known::{self, NumberReport};
use support_identity_verification::store::risk::{Review, counts};
use support_identity_verification::store::{
    authenticators, customers, delegations, deliveries, factors, grants, happenings, local_outbox, notifications,
    partner_clients, preferences, risk, send_windows, verifications,
};
use time::OffsetDateTime;
use time::macros::datetime;

use crate::house::{database, vault};

const NOW: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);

fn ids() -> Ids {
    Ids::seeded("eu".parse().unwrap(), Clock::manual(NOW).0, 3)
}

fn customer(ids: &Ids, address: &str) -> Customer {
    Customer {
        id: ids.next(),
        name: Name {
            given: "Ada".into(),
            family: "L".into(),
            display: "Ada L".into(),
        },
        languages: vec!["en".into()],
        country_code: "GB".into(),
        created_at: NOW,
        version: 1,
        contact_points: vec![ContactPoint {
            id: ids.next(),
            contact: Contact::email(address).unwrap(),
            verified_at: None,
            vouched: true,
        }],
    }
}

fn verification(ids: &Ids, customer: &Customer) -> Verification {
    let subject = Subject {
        country_code: "GB".into(),
        customer_id: customer.id,
        contact_point_id: customer.contact_points[0].id,
        limits: Limits {
            assurance: Assurance::Aal1,
            methods: vec![Method::EmailCode],
            basis: "x/y@1+country/GB@2".into(),
            sends: 4,
            checks: 3,
            sends_per_hour: 9,
            expires_at: NOW + Duration::from_mins(9),
        },
        grant_lifetime: Duration::from_mins(20),
    };
    let new = NewVerification {
        country_code: None,
        proven: vec![],
        sends: true,
        id: ids.next(),
        subject: Some(subject),
        method: Method::EmailCode,
        purpose: Purpose::GeneralHelp,
        case_id: Some(ids.next()),
        acts_for: None,
        agent: None,
        languages: vec!["en".into()],
        contact_key: [1; 32],
        code_mac: [2; 32],
        sealed_code: Some(vec![3]),
        limits: Limits {
            assurance: Assurance::Aal1,
            methods: vec![Method::EmailCode],
            basis: "x/y@1".into(),
            sends: 5,
            checks: 5,
            sends_per_hour: 10,
            expires_at: NOW + Duration::from_mins(10),
        },
    };
    Verification::start(new, NOW).unwrap()
}

/// One valid row of each table.
async fn fill(connection: &mut PgConnection) -> (Customer, Verification, Grant) {
    let ids = ids();
    let customer = customer(&ids, "ada@example.com");
    customers::insert(connection, &vault(), &customer).await.unwrap();
    let verification = verification(&ids, &customer);
    verifications::insert(connection, &verification).await.unwrap();
    send_windows::lock(connection, &[1; 32], NOW).await.unwrap();
    let grant = Grant {
        decay: None,
        id: ids.next(),
        customer_id: customer.id,
        verification_id: verification.id,
        assurance: Assurance::Aal1,
        methods: vec![Method::EmailCode],
        purpose: Purpose::GeneralHelp,
        case_id: None,
        delegation: None,
        agent: None,
        standard_basis: "x/y@1+country/GB@2".into(),
        granted_at: NOW,
        expires_at: NOW + Duration::from_mins(30),
        revoked_at: None,
    };
    grants::insert(connection, &grant).await.unwrap();
    let delegate = self::customer(&ids, "bob@example.com");
    customers::insert(connection, &vault(), &delegate).await.unwrap();
    let delegation = Delegation {
        id: ids.next(),
        customer_id: customer.id,
        delegate_id: delegate.id,
        kind: DelegateKind::Carer,
        purposes: vec![Purpose::GeneralHelp],
        started_at: NOW,
        expires_at: NOW + Duration::from_hours(24),
        ended: None,
        asked_by: AskedBy::Customer,
        consent_grant_id: grant.id,
        case_id: None,
        standard_basis: "x/y@1".into(),
    };
    delegations::insert(connection, &delegation).await.unwrap();
    fill_factors(connection, &ids, &verification).await;
    fill_risk(connection, &ids, &verification).await;
    let client = PartnerClient {
        id: ids.next(),
        organisation_id: "fixers".into(),
        display_name: "desk".into(),
        access: Access {
            scopes: vec!["repairs.read".into()],
            ..Access::default()
        },
        secrets: Secrets {
            current: Some(secret_hash("secret")),
            previous: Some((secret_hash("old"), NOW)),
        },
        keys: ClientKeys::Here("{}".into()),
        certificates: Certificates::default(),
        suspended: Some((NOW, "lost".into())),
        created_at: NOW,
    };
    partner_clients::insert(connection, &client).await.unwrap();
    partner_clients::update(connection, &client).await.unwrap();
    assert_eq!(
        partner_clients::get(connection, client.id.uuid()).await.unwrap(),
        Some(client.clone())
    );
    partner_clients::note_assertion(connection, client.id, &[1; 32], NOW)
        .await
        .unwrap();
    deliveries::insert(connection, ids.next(), verification.id, Way::Out, NOW)
        .await
        .unwrap();
    local_outbox::insert(connection, &vault(), &message(&ids, ids.next(), &verification))
        .await
        .unwrap();
    told(connection, &ids, &customer).await;
    for statement in [
        "insert into consents (id, customer_id, kind, is_given, recorded_at, channel, wording_key, wording_locale,
             wording_version, actor_kind)
         select id, id, 'surveys', true, now(), 'app', 'consent.surveys', 'en', 1, 'customer' from customers",
        "insert into organisations (id, kind, display_name, country_code, created_at)
         select id, 'education', 'Hill School', 'GB', now() from customers",
        "insert into memberships (id, organisation_id, customer_id, role, started_at)
         select id, id, id, 'student', now() from customers",
    ] {
        sqlx::query(statement).execute(&mut *connection).await.unwrap();
    }
    sqlx::query(
        "insert into audit_entries (recorded_at, actor_kind, actor_id, action, outcome, fields)
         values (now(), 'staff', 'agent-7', 'customer_revealed', 'done', '{name}')",
    )
    .execute(connection)
    .await
    .unwrap();
    (customer, verification, grant)
}

/// Something that happened, told to a customer who has said how.
async fn told(connection: &mut PgConnection, ids: &Ids, customer: &Customer) {
    let happening = Happening {
        id: ids.next(),
        kind: Kind::CaseOpened,
        case_id: Some(ids.next()),
        subject_id: None,
        contact_point_id: None,
        customer_id: Some(customer.id),
        occurred_at: NOW,
        amount: Some(("EUR".into(), 100)),
        day: None,
    };
    happenings::record(connection, &happening, NOW).await.unwrap();
    let notice = Notice {
        contact_point: customer.contact_points[0].id,
        about: None,
        due_at: NOW,
        expires_at: NOW + Duration::from_hours(1),
        greeting_key: "a",
        closing_key: "b",
    };
    let delivery = ids.next();
    deliveries::insert_notice(connection, delivery, &notice, NOW)
        .await
        .unwrap();
    let keys = Keys {
        subject: "c".into(),
        text: "d".into(),
        more: None,
        greeting: "a".into(),
        closing: "b".into(),
    };
    let way = notifications::Way::At(notice.contact_point, delivery, &keys);
    notifications::insert(connection, ids.next(), &happening, way, "x/y@1", NOW)
        .await
        .unwrap();
    let preferences = Preferences {
        preferred: Some(ContactKind::Email),
        ..Preferences::default()
    };
    preferences::set(connection, customer.id, &preferences).await.unwrap();
}

fn message(ids: &Ids, delivery_id: DeliveryId, verification: &Verification) -> Message {
    Message {
        id: ids.next(),
        delivery_id,
        verification_id: Some(verification.id),
        customer_id: verification.subject.as_ref().unwrap().customer_id,
        html: None,
        recipient: "ada@example.com".into(),
        subject: "s".into(),
        body: "b".into(),
        language: "en".into(),
        origin: None,
        sent_at: NOW,
    }
}

/// A row of everything that factors need.
async fn fill_factors(connection: &mut PgConnection, ids: &Ids, verification: &Verification) {
    let authenticator = |method: Method| Authenticator {
        id: ids.next(),
        customer_id: verification.subject.as_ref().unwrap().customer_id,
        method,
        display_name: "phone".into(),
        state: AuthenticatorState::Active,
        created_at: NOW,
        used_at: None,
        expires_at: None,
        uses_left: 0,
    };
    let (app, codes) = (authenticator(Method::Totp), authenticator(Method::RecoveryCode));
    let with = authenticators::Secrets {
        secret: Some(&[1]),
        ..authenticators::Secrets::default()
    };
    authenticators::insert(connection, &vault(), &app, with).await.unwrap();
    authenticators::insert(connection, &vault(), &codes, authenticators::Secrets::default())
        .await
        .unwrap();
    authenticators::insert_recovery_codes(connection, codes.id, &[vec![1; 32]])
        .await
        .unwrap();
    let challenge = factors::Challenge {
        verification: verification.id,
        method: Method::Push,
        ceremony: None,
        number: Some(42),
        created_at: NOW,
        expires_at: NOW,
    };
    factors::put_challenge(connection, &challenge).await.unwrap();
    let proof = factors::Proof {
        authenticator: None,
        document: Some((DocumentType::Passport, "berlin-1", "agent-7")),
    };
    factors::insert_proof(connection, verification.id, Method::Document, &proof, NOW)
        .await
        .unwrap();
    factors::lock_failures(connection, &[1; 32], NOW).await.unwrap();
}

/// A row of everything that risk is weighed by.
async fn fill_risk(connection: &mut PgConnection, ids: &Ids, verification: &Verification) {
    let assessment = Assessment {
        findings: vec![Finding {
            signal: Signal::NewDevice,
            weight: 10,
            measure: 1,
            found_at: NOW,
        }],
        score: 10,
        outcome: Outcome::Blocked,
        basis: "x/y@1".into(),
        assessed_at: NOW,
        started_by: Some("agent-7".into()),
        device: Some([1; 32]),
        counted: Some(([1; 32], [2; 32])),
    };
    risk::insert(connection, verification.id, &assessment).await.unwrap();
    assert_eq!(risk::get(connection, verification.id).await.unwrap(), Some(assessment));
    let review = Review {
        verification_id: verification.id,
        decision: Decision::Cleared,
        ground: Ground::CalledBack,
        reviewer: "agent-8".into(),
        reviewed_at: NOW,
        clears: Some(([1; 32], NOW)),
    };
    risk::insert_review(connection, ids.next(), &review).await.unwrap();
    assert_eq!(risk::reviews(connection, &[verification.id]).await.unwrap(), [review]);
    let report = Report {
        device: Some([1; 32]),
        place: Place::new(47.0, 8.0),
    };
    let customer = verification.subject.as_ref().unwrap().customer_id;
    known::remember(connection, customer, &report, NOW).await.unwrap();
    known::report_number(connection, &[1; 32], &NumberReport::default(), NOW)
        .await
        .unwrap();
    counts::count_use(connection, &[1; 32], &[2; 32], (NOW, NOW), 1)
        .await
        .unwrap();
    counts::count_send(connection, &[[1; 32], [2; 32]], NOW).await.unwrap();
}

/// Statements on the rows of [`fill`], each of which breaks one constraint.
const BREACHES: &[(&str, &str)] = &[
    ("update risk_assessments set score = -1", "risk_assessments_score_check"),
    ("update risk_assessments set outcome = 'odd'", "risk_assessments_outcome_check"),
    ("update risk_assessments set started_by = ''", "risk_assessments_started_by_check"),
    ("update risk_assessments set device_key = '\\x00'", "risk_assessments_device_key_check"),
    ("update risk_assessments set prefix_key = '\\x00'", "risk_assessments_prefix_key_check"),
    ("update risk_assessments set country_key = '\\x00'", "risk_assessments_country_key_check"),
    ("update risk_assessments set weights = '{}'", "risk_assessments_findings_check"),
    ("update risk_assessments set signals = '{odd}'", "risk_assessments_findings_check"),
    ("update risk_assessments set prefix_key = null", "risk_assessments_number_check"),
    // What was decided stands.
    ("update risk_reviews set ground = 'explained'", "risk_reviews_stand"),
    ("delete from risk_reviews", "risk_reviews_stand"),
    ("truncate risk_reviews", "risk_reviews_stand"),
    (
        "insert into risk_reviews select gen_random_uuid(), verification_id, 'pardoned', ground, reviewer, reviewed_at, null, null from risk_reviews",
        "risk_reviews_decision_check",
    ),
    (
        "insert into risk_reviews select gen_random_uuid(), verification_id, decision, 'whim', reviewer, reviewed_at, contact_key,
             expires_at from risk_reviews",
        "risk_reviews_ground_check",
    ),
    (
        "insert into risk_reviews select gen_random_uuid(), verification_id, decision, ground, '', reviewed_at, contact_key,
             expires_at from risk_reviews",
        "risk_reviews_reviewer_check",
    ),
    (
        "insert into risk_reviews select gen_random_uuid(), verification_id, decision, ground, reviewer, reviewed_at, '\\x00',
             expires_at from risk_reviews",
        "risk_reviews_contact_key_check",
    ),
    (
        "insert into risk_reviews select gen_random_uuid(), verification_id, 'denied', ground, reviewer, reviewed_at, contact_key,
             expires_at from risk_reviews",
        "risk_reviews_clearance_check",
    ),
    ("update source_uses set source_key = '\\x00'", "source_uses_source_key_check"),
    ("update source_uses set used_key = '\\x00'", "source_uses_used_key_check"),
    ("update customer_devices set device_key = '\\x00'", "customer_devices_device_key_check"),
    ("update customer_places set latitude = 91", "customer_places_latitude_check"),
    ("update customer_places set longitude = 181", "customer_places_longitude_check"),
    ("update number_reports set contact_key = '\\x00'", "number_reports_contact_key_check"),
    ("update number_reports set line = 'party'", "number_reports_line_check"),
    ("update send_counts set counted_key = '\\x00'", "send_counts_counted_key_check"),
    ("update send_counts set sent = -1", "send_counts_sent_check"),
    ("update send_counts set approved = -1", "send_counts_approved_check"),
    (
        "update verifications set assurance = 4",
        "verifications_assurance_check",
    ),
    (
        "update verifications set proven = '{totp}'",
        "verifications_proven_check",
    ),
    (
        "update verifications set own_methods = null",
        "verifications_own_place_check",
    ),
    (
        "update grants set assured_until = now(), idle_seconds = 0, renewed_at = now(), assurance = 2",
        "grants_idle_seconds_check",
    ),
    ("update grants set assurance = 2", "grants_assured_check"),
    (
        "update authenticators set method = 'email_code'",
        "authenticators_method_check",
    ),
    (
        "update authenticators set sealed_display_name = null, display_name = repeat('x', 101)",
        "authenticators_display_name_check",
    ),
    (
        "update authenticators set sealed_display_name = repeat('x', 41)::bytea",
        "authenticators_sealed_name_check",
    ),
    (
        "update authenticators set display_name = 'phone'",
        "authenticators_sealed_or_clear_check",
    ),
    (
        "update local_outbox_messages set sealed_content = repeat('x', 41)::bytea",
        "local_outbox_messages_content_check",
    ),
    (
        "update local_outbox_messages set lookup_keys = '{}'",
        "local_outbox_messages_lookups_check",
    ),
    (
        "update local_outbox_messages set body = 'Your code'",
        "local_outbox_messages_sealed_check",
    ),
    (
        "update authenticators set state = 'lost', ended_at = now()",
        "authenticators_state_check",
    ),
    (
        "update authenticators set failures = 101",
        "authenticators_failures_check",
    ),
    (
        "update authenticators set failures = 100",
        "authenticators_locked_check",
    ),
    (
        "update authenticators set ended_at = now()",
        "authenticators_ended_check",
    ),
    (
        "update authenticators set secret = null where method = 'totp'",
        "authenticators_secret_check",
    ),
    ("update recovery_codes set ordinal = 11", "recovery_codes_ordinal_check"),
    ("update recovery_codes set mac = '\\x00'", "recovery_codes_mac_check"),
    (
        "update factor_challenges set method = 'totp'",
        "factor_challenges_method_check",
    ),
    (
        "update factor_challenges set number = 9",
        "factor_challenges_number_check",
    ),
    (
        "update factor_challenges set answer = 'maybe', authenticator_id = (select id from authenticators limit 1)",
        "factor_challenges_answer_check",
    ),
    (
        "update factor_challenges set ceremony = '\\x00'",
        "factor_challenges_shape_check",
    ),
    (
        "update factor_challenges set answer = 'confirmed'",
        "factor_challenges_device_check",
    ),
    (
        "update proofs set document_type = 'library_card'",
        "proofs_document_type_check",
    ),
    ("update proofs set store_id = 'No 1'", "proofs_store_id_check"),
    ("update proofs set witness = ''", "proofs_witness_check"),
    ("update proofs set store_id = null", "proofs_document_check"),
    (
        "update factor_failures set factor_key = '\\x00'",
        "factor_failures_factor_key_check",
    ),
    (
        "update factor_failures set failures = 101",
        "factor_failures_failures_check",
    ),
    (
        "update customers set sealed_given_name = null, sealed_family_name = null, sealed_display_name = null,
             given_name = repeat('x', 101), family_name = 'b', display_name = 'c'",
        "customers_given_name_check",
    ),
    (
        "update customers set sealed_given_name = null, sealed_family_name = null, sealed_display_name = null,
             given_name = 'a', family_name = repeat('x', 101), display_name = 'c'",
        "customers_family_name_check",
    ),
    (
        "update customers set sealed_given_name = null, sealed_family_name = null, sealed_display_name = null,
             given_name = 'a', family_name = 'b', display_name = ''",
        "customers_display_name_check",
    ),
    // In the clear or sealed, never both, never half.
    (
        "update customers set given_name = 'a', family_name = 'b', display_name = 'c'",
        "customers_sealed_check",
    ),
    (
        "update customers set sealed_given_name = null",
        "customers_sealed_check",
    ),
    (
        "update contact_points set value = 'a@b.de', comparable = 'a@b.de'",
        "contact_points_sealed_check",
    ),
    (
        "update contact_points set sealed_value = null",
        "contact_points_sealed_check",
    ),
    (
        "update customer_keys set wrapped_by = ''",
        "customer_keys_wrapped_by_check",
    ),
    ("update contact_lookups set key_id = ''", "contact_lookups_key_id_check"),
    ("update customer_keys set wrapped = null", "customer_keys_erased_check"),
    (
        "update customer_keys set wrapped = '\\x00'",
        "customer_keys_wrapped_check",
    ),
    (
        "update contact_lookups set hash = '\\x00'",
        "contact_lookups_hash_check",
    ),
    ("update customers set languages = '{}'", "customers_languages_check"),
    (
        "update customers set country_code = 'gb'",
        "customers_country_code_check",
    ),
    ("update customers set version = 0", "customers_version_check"),
    ("delete from customers", "contact_points_customer_id_fkey"),
    ("update contact_points set ordinal = 11", "contact_points_ordinal_check"),
    ("update contact_points set removed_at = now()", "contact_points_removed_check"),
    ("update contact_points set ordinal = null", "contact_points_removed_check"),
    ("update contact_points set kind = 'fax'", "contact_points_kind_check"),
    (
        "update contact_points set sealed_value = null, value = repeat('x', 300) || '@b', comparable = repeat('x', 300) || '@b'",
        "contact_points_value_check",
    ),
    (
        "update contact_points set sealed_value = null, value = 'Ada@example.com', comparable = 'Ada@example.com'",
        "contact_points_comparable_check",
    ),
    (
        "update contact_points set sealed_value = null, kind = 'phone', value = 'a@b.de', comparable = 'a@b.de'",
        "contact_points_comparable_check",
    ),
    (
        "with another as (
             insert into contact_points (id, customer_id, ordinal, kind, sealed_value, created_at)
             select gen_random_uuid(), customer_id, 2, kind, sealed_value, created_at from contact_points returning id)
         insert into contact_lookups (contact_point_id, key_id, hash)
             select another.id, key_id, hash from another, contact_lookups",
        "contact_lookups_hash_key",
    ),
    (
        "insert into contact_points (id, customer_id, ordinal, kind, value, comparable, created_at)
             select gen_random_uuid(), customer_id, 1, kind, 'b@c.de', 'b@c.de', created_at from contact_points limit 1",
        "contact_points_customer_ordinal_key",
    ),
    (
        "update verifications set method = 'pigeon'",
        "verifications_method_check",
    ),
    (
        "update verifications set purpose = 'fun'",
        "verifications_purpose_check",
    ),
    (
        "update verifications set state = 'open', ended_at = now(), sealed_code = null",
        "verifications_state_check",
    ),
    (
        "update verifications set languages = array_fill('en'::text, array[11])",
        "verifications_languages_check",
    ),
    (
        "update verifications set contact_key = '\\x00'",
        "verifications_contact_key_check",
    ),
    (
        "update verifications set code_mac = '\\x00'",
        "verifications_code_mac_check",
    ),
    (
        "update verifications set sends = 6, sends_limit = 6",
        "verifications_sends_check",
    ),
    (
        "update verifications set checks = 6, checks_limit = 6",
        "verifications_checks_check",
    ),
    (
        "update verifications set sends = 4, sends_limit = 3",
        "verifications_limits_check",
    ),
    (
        "update verifications set checks = 4, checks_limit = 3",
        "verifications_limits_check",
    ),
    ("update verifications set own_basis = null", "verifications_own_check"),
    (
        "update verifications set customer_id = null, contact_point_id = null",
        "verifications_own_check",
    ),
    (
        "update verifications set state = 'approved', ended_at = created_at, sealed_code = null, checks = 4",
        "verifications_approved_check",
    ),
    (
        "update verifications set state = 'approved', ended_at = own_expires_at, sealed_code = null",
        "verifications_approved_check",
    ),
    (
        "update verifications set contact_point_id = null",
        "verifications_subject_check",
    ),
    (
        "update verifications set state = 'approved', ended_at = now(), sealed_code = null,
                 customer_id = null, contact_point_id = null",
        "verifications_approved_check",
    ),
    (
        "update verifications set expires_at = created_at",
        "verifications_time_check",
    ),
    (
        "update verifications set state = 'canceled', sealed_code = null",
        "verifications_ended_check",
    ),
    (
        "update verifications set state = 'canceled', ended_at = now()",
        "verifications_sealed_check",
    ),
    (
        "update send_windows set contact_key = '\\x00'",
        "send_windows_contact_key_check",
    ),
    ("update grants set assurance = 4", "grants_assurance_check"),
    ("update grants set methods = '{}'", "grants_methods_check"),
    ("update grants set methods = '{pigeon}'", "grants_methods_check"),
    ("update grants set purpose = 'fun'", "grants_purpose_check"),
    ("update grants set expires_at = granted_at", "grants_time_check"),
    (
        "update grants set revoked_at = granted_at - interval '1 second'",
        "grants_revoked_check",
    ),
    (
        "update partner_clients set organisation_id = 'Fixers'",
        "partner_clients_organisation_id_check",
    ),
    (
        "update partner_clients set display_name = ''",
        "partner_clients_display_name_check",
    ),
    (
        "update partner_clients set scopes = '{}'",
        "partner_clients_scopes_check",
    ),
    (
        "update partner_clients set secret_hash = '\\x00'",
        "partner_clients_secret_hash_check",
    ),
    (
        "update partner_clients set previous_secret_hash = null",
        "partner_clients_previous_secret_check",
    ),
    (
        "update partner_clients set jwks_url = 'https://fixers.example/keys'",
        "partner_clients_keys_check",
    ),
    (
        "update partner_clients set suspend_reason = null",
        "partner_clients_suspended_check",
    ),
    (
        "update partner_assertions set jti_hash = '\\x00'",
        "partner_assertions_jti_hash_check",
    ),
    (
        "update deliveries set state = 'lost', ended_at = now()",
        "deliveries_state_check",
    ),
    ("update deliveries set attempts = -1", "deliveries_attempts_check"),
    (
        "update deliveries set render_failures = -1",
        "deliveries_render_failures_check",
    ),
    ("update deliveries set state = 'sent'", "deliveries_ended_check"),
    ("update deliveries set subject_version = 1", "deliveries_text_whole"),
    (
        "update deliveries set subject_locale = 'en', subject_version = 1, body_locale = 'en', body_version = 1",
        "deliveries_text_of_sent",
    ),
    ("update deliveries set contact_point_id = null", "deliveries_kind_check"),
    ("update deliveries set greeting_key = null", "deliveries_kind_check"),
    ("update happenings set currency = 'euros'", "happenings_currency_check"),
    ("update happenings set currency = null", "happenings_amount_check"),
    ("update happenings set state = 'lost'", "happenings_state_check"),
    ("update happenings set attempts = -1", "happenings_attempts_check"),
    (
        "update notifications set state = 'lost', reason = 'x', ended_at = now()",
        "notifications_state_check",
    ),
    ("update notifications set state = 'sent'", "notifications_ended_check"),
    (
        "update notifications set reason = 'refused'",
        "notifications_reason_check",
    ),
    ("update notifications set text_key = null", "notifications_way_check"),
    ("update notifications set text_version = 1", "notifications_text_check"),
    (
        "update notifications set text_locale = 'en', text_version = 1",
        "notifications_text_check",
    ),
    (
        "update contact_preferences set preferred_kind = 'pigeon'",
        "contact_preferences_preferred_kind_check",
    ),
    (
        "update contact_preferences set muted = array_fill('case_opened'::text, array[41])",
        "contact_preferences_muted_check",
    ),
    (
        "update contact_preferences set time_zone = repeat('x', 41)",
        "contact_preferences_time_zone_check",
    ),
    (
        "insert into audit_entries (recorded_at, actor_kind, actor_id, actor_organisation, actor_service, action, outcome, fields, reason)
         values (now(), 'ghost', 'agent-7', null, null, 'looked', 'done', '{}', null)",
        "audit_entries_actor_kind_check",
    ),
    (
        "insert into audit_entries (recorded_at, actor_kind, actor_id, actor_organisation, actor_service, action, outcome, fields, reason)
         values (now(), 'staff', '', null, null, 'looked', 'done', '{}', null)",
        "audit_entries_actor_id_check",
    ),
    (
        "insert into audit_entries (recorded_at, actor_kind, actor_id, actor_organisation, actor_service, action, outcome, fields, reason)
         values (now(), 'staff', 'agent-7', '', null, 'looked', 'done', '{}', null)",
        "audit_entries_actor_organisation_check",
    ),
    (
        "insert into audit_entries (recorded_at, actor_kind, actor_id, actor_organisation, actor_service, action, outcome, fields, reason)
         values (now(), 'staff', 'agent-7', null, '', 'looked', 'done', '{}', null)",
        "audit_entries_actor_service_check",
    ),
    (
        "insert into audit_entries (recorded_at, actor_kind, actor_id, actor_organisation, actor_service, action, outcome, fields, reason)
         values (now(), 'staff', 'agent-7', null, null, 'Looked', 'done', '{}', null)",
        "audit_entries_action_check",
    ),
    (
        "insert into audit_entries (recorded_at, actor_kind, actor_id, actor_organisation, actor_service, action, outcome, fields, reason)
         values (now(), 'staff', 'agent-7', null, null, 'looked', 'maybe', '{}', null)",
        "audit_entries_outcome_check",
    ),
    (
        "insert into audit_entries (recorded_at, actor_kind, actor_id, actor_organisation, actor_service, action, outcome, fields, reason)
         values (now(), 'staff', 'agent-7', null, null, 'looked', 'done', '{Ada Lovelace}', null)",
        "audit_entries_fields_check",
    ),
    (
        "insert into audit_entries (recorded_at, actor_kind, actor_id, actor_organisation, actor_service, action, outcome, fields, reason)
         values (now(), 'staff', 'agent-7', null, null, 'looked', 'done', '{}', 'because he said so')",
        "audit_entries_reason_check",
    ),
    (
        "insert into audit_links (position, entry_number, hash)
         select 0, number, decode(repeat('00', 32), 'hex') from audit_entries",
        "audit_links_position_check",
    ),
    (
        "insert into audit_links (position, entry_number, hash) select 1, number, '\\x00' from audit_entries",
        "audit_links_hash_check",
    ),
    (
        "update consents set kind = 'cookies'",
        "consents_kind_check",
    ),
    (
        "update consents set channel = 'pigeon'",
        "consents_channel_check",
    ),
    (
        "update consents set wording_key = ''",
        "consents_wording_key_check",
    ),
    (
        "update consents set wording_locale = ''",
        "consents_wording_locale_check",
    ),
    (
        "update consents set wording_version = 0",
        "consents_wording_version_check",
    ),
    (
        "update consents set actor_kind = 'partner'",
        "consents_actor_kind_check",
    ),
    (
        "update organisations set kind = 'club'",
        "organisations_kind_check",
    ),
    (
        "update organisations set display_name = ''",
        "organisations_display_name_check",
    ),
    (
        "update organisations set country_code = 'gb'",
        "organisations_country_code_check",
    ),
    (
        "update memberships set role = 'owner'",
        "memberships_role_check",
    ),
    (
        "update verifications set agent = ''",
        "verifications_agent_check",
    ),
    (
        "update grants set agent = ''",
        "grants_agent_check",
    ),
    (
        "update grants set delegate_id = (select delegate_id from delegations)",
        "grants_delegate_check",
    ),
    (
        "update delegations set kind = 'friend'",
        "delegations_kind_check",
    ),
    (
        "update delegations set purposes = '{}'",
        "delegations_purposes_check",
    ),
    (
        "update delegations set end_reason = 'whim'",
        "delegations_end_reason_check",
    ),
    (
        "update delegations set asked_by = 'partner', case_id = null",
        "delegations_asked_by_check",
    ),
    (
        "update delegations set delegate_id = customer_id",
        "delegations_self_check",
    ),
    (
        "update delegations set expires_at = started_at",
        "delegations_time_check",
    ),
    (
        "update delegations set ended_at = expires_at",
        "delegations_ended_check",
    ),
    (
        "update delegations set asked_by = 'staff'",
        "delegations_case_check",
    ),
    (
        "insert into delegations (id, customer_id, delegate_id, kind, purposes, started_at, expires_at, asked_by, consent_grant_id,
             standard_basis)
         select gen_random_uuid(), customer_id, delegate_id, kind, purposes, started_at, expires_at, asked_by, consent_grant_id,
             standard_basis from delegations",
        "delegations_current_key",
    ),
    (
        "update memberships set ended_at = started_at - interval '1 second'",
        "memberships_check",
    ),
];

#[tokio::test]
async fn every_constraint_holds() {
    let database = database().await;
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    fill(&mut connection).await;
    for (statement, constraint) in BREACHES {
        let refused = sqlx::query(*statement)
            .execute(&mut connection)
            .await
            .map_err(DbError::from)
            .unwrap_err();
        assert_eq!(refused.constraint(), Some(*constraint), "{statement}: {refused}");
    }
    // All of them were tried: a new one without a line above fails here.
    let known = sqlx::query_scalar!(
        r#"select count(*) as "count!" from pg_constraint
         where connamespace = 'public'::regnamespace and contype = 'c'
             and conrelid::regclass::text in (
                 'customers', 'contact_points', 'verifications', 'send_windows', 'grants', 'partner_clients', 'partner_assertions',
                 'deliveries', 'authenticators', 'recovery_codes', 'factor_challenges', 'proofs', 'factor_failures',
                 'happenings', 'notifications', 'contact_preferences', 'audit_entries',
                 'audit_links', 'consents', 'organisations', 'memberships', 'contact_lookups', 'customer_keys',
                 'delegations', 'risk_assessments', 'risk_reviews', 'source_uses', 'customer_devices', 'customer_places',
                 'number_reports', 'send_counts', 'local_outbox_messages'
             )"#
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    assert_eq!(known, 151);
}

#[tokio::test]
async fn a_code_is_good_for_one_grant() {
    let database = database().await;
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    let (_, _, grant) = fill(&mut connection).await;
    let other = Ids::new("eu".parse().unwrap(), Clock::system()).next();
    let refused = grants::insert(&mut connection, &Grant { id: other, ..grant })
        .await
        .unwrap_err();
    assert_eq!(refused.constraint(), Some("grants_verification_key"));
}

#[tokio::test]
async fn what_is_written_is_read_back() {
    let database = database().await;
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    let (customer, verification, grant) = fill(&mut connection).await;
    let read = customers::get(&mut connection, &vault(), customer.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(read.name, customer.name);
    assert_eq!(read.contact_points[0].contact.value(), "ada@example.com");
    assert_eq!(
        verifications::get(&mut connection, verification.id).await.unwrap(),
        Some(verification)
    );
    assert_eq!(grants::get(&mut connection, grant.id).await.unwrap(), Some(grant));
    let (at, before) = (NOW + Duration::from_secs(1), read.version);
    customers::set_verified(&mut connection, customer.contact_points[0].id, at)
        .await
        .unwrap();
    let read = customers::get(&mut connection, &vault(), customer.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (read.contact_points[0].verified_at, read.version),
        (Some(at), before + 1)
    );
}

#[tokio::test]
async fn a_delivery_is_with_one_worker_until_its_lease_ends() {
    let database = database().await;
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    fill(&mut connection).await;
    let lease_end = NOW + Duration::from_mins(1);
    let claimed = deliveries::claim(&mut connection, NOW, lease_end, 10).await.unwrap();
    assert_eq!((claimed.len(), claimed[0].attempts), (1, 1));
    let before = lease_end - Duration::from_secs(1);
    assert!(
        deliveries::claim(&mut connection, before, lease_end, 10)
            .await
            .unwrap()
            .is_empty()
    );
    // The worker has died: the next takes over, and so on until it is ended.
    let again = deliveries::claim(&mut connection, lease_end, lease_end + Duration::from_mins(1), 10)
        .await
        .unwrap();
    assert_eq!((again.len(), again[0].id, again[0].attempts), (1, claimed[0].id, 2));
    for (end, is_the_first) in [(deliveries::End::Sent, true), (deliveries::End::Failed("late"), false)] {
        let ended = deliveries::end(&mut connection, claimed[0].id, end, None, lease_end).await;
        assert_eq!(ended.unwrap(), is_the_first);
    }
    let late = lease_end + Duration::from_hours(1);
    assert!(
        deliveries::claim(&mut connection, late, late, 10)
            .await
            .unwrap()
            .is_empty()
    );
    let state = sqlx::query_scalar!("select state from deliveries where id = $1", claimed[0].id.uuid())
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(state, "sent", "an end is an end");
}

#[tokio::test]
async fn a_message_is_kept_once_for_each_delivery() {
    let database = database().await;
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    let (_, verification, _) = fill(&mut connection).await;
    let ids = Ids::new("eu".parse().unwrap(), Clock::system());
    let delivery = ids.next();
    for _ in 0..2 {
        local_outbox::insert(&mut connection, &vault(), &message(&ids, delivery, &verification))
            .await
            .unwrap();
    }
    let count = sqlx::query_scalar!(r#"select count(*) as "count!" from local_outbox_messages"#);
    assert_eq!(
        count.fetch_one(&mut connection).await.unwrap(),
        2,
        "one more than before"
    );
}

#[tokio::test]
async fn what_cannot_be_read_names_its_column_and_not_its_value() {
    let database = database().await;
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    let (customer, ..) = fill(&mut connection).await;
    let key = vault()
        .held(&mut connection, customer.id.uuid())
        .await
        .unwrap()
        .key()
        .unwrap();
    let field = Field::new("contact_points.value").of(customer.contact_points[0].id.uuid());
    sqlx::query("update contact_points set sealed_value = $1")
        .bind(key.seal(field, b"ada @example.com").unwrap())
        .execute(&mut connection)
        .await
        .unwrap();
    let broken = customers::get(&mut connection, &vault(), customer.id)
        .await
        .unwrap_err();
    assert_eq!(
        broken.to_string(),
        "stored value of contact_points.value cannot be read"
    );
}

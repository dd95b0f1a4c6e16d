//! What the database refuses of devices, whatever the service does.

use sqlx::AssertSqlSafe;
use support_chassis::db::DbError;

use super::hands::{colleague, fresh, life, proofs, transfers};
use crate::world::{World, customer, day, staff};
use support_proto::support::warranty::v1 as warranty;

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table")]
async fn no_rule_hangs_on_the_service_alone() {
    let world = World::start().await;
    world.product("PHN-12-128").await;
    let (anna, ben) = (world.customer(), world.customer());
    let device = world
        .device("AAAA0001", |request| {
            request.owner_customer_id = anna.to_string();
            request.imei = "490154203237518".to_owned();
        })
        .await;
    // A row of everything.
    let id = device.device_id.clone();
    let lock = warranty::ChangeLockRequest {
        request_id: fresh(&world),
        device_id: id.clone(),
        lock: 3,
        lift: false,
        reason: 1,
    };
    life(&world, &customer(anna)).change_lock(lock.clone()).await.unwrap();
    let lift = warranty::ChangeLockRequest {
        request_id: fresh(&world),
        lift: true,
        ..lock
    };
    life(&world, &customer(anna)).change_lock(lift).await.unwrap();
    let offer = warranty::OfferTransferRequest {
        request_id: fresh(&world),
        device_id: id.clone(),
        to_customer_id: ben.to_string(),
        ..warranty::OfferTransferRequest::default()
    };
    let offered = transfers(&world, &customer(anna))
        .offer_transfer(offer)
        .await
        .unwrap()
        .into_inner();
    let accept = warranty::AcceptTransferRequest {
        request_id: fresh(&world),
        transfer_id: offered.transfer.unwrap().transfer_id,
        code: String::new(),
    };
    transfers(&world, &customer(ben)).accept_transfer(accept).await.unwrap();
    let proof = warranty::SubmitProofRequest {
        request_id: fresh(&world),
        device_id: id.clone(),
        kind: 1,
        purchase_date: Some(day(2025, 3, 2)),
        purchase_country_code: "DE".to_owned(),
        document_reference: "documents/0001".to_owned(),
        ..warranty::SubmitProofRequest::default()
    };
    let proof = proofs(&world, &staff())
        .submit_proof(proof)
        .await
        .unwrap()
        .into_inner()
        .proof
        .unwrap();
    let replace = warranty::ReplaceDeviceRequest {
        request_id: fresh(&world),
        device_id: id,
        serial_number: "AAAA0002".to_owned(),
        imei: "352099001761481".to_owned(),
        reason: 1,
        ..warranty::ReplaceDeviceRequest::default()
    };
    life(&world, &staff()).replace_device(replace).await.unwrap();
    let run = async |statement: &str| {
        sqlx::raw_sql(AssertSqlSafe(statement.to_owned()))
            .execute(world.db.pool())
            .await
            .map(drop)
            .map_err(DbError::from)
    };
    let second = "(select id from devices where serial_number = 'AAAA0002')";
    for (statement, constraint) in [
        ("update devices set imei = '490154203237519' where serial_number = 'AAAA0001'", "devices_imei_luhn"),
        ("update devices set imei = '352099001761481' where serial_number = 'AAAA0001'", "device_identifiers_pkey"),
        ("update devices set imei2 = imei where serial_number = 'AAAA0001'", "devices_two_imeis"),
        ("update devices set imei2 = '35693803564380' where serial_number = 'AAAA0001'", "devices_imei2_luhn"),
        ("update devices set meid = 'af0123450abcde'", "devices_meid_form"),
        ("update devices set owner_organisation = 'airline'", "devices_one_owner"),
        ("update devices set owner_customer_id = null, owner_organisation = 'Airline'", "devices_organisation_form"),
        ("update devices set locks = '{lost}'", "devices_marks_by_history"),
        ("update devices set flags = '{seized}'", "devices_marks_by_history"),
        ("update devices set origin_id = null, chain_place = null where retired_at is not null", "devices_retired_in_chain"),
        ("update devices set chain_place = 1", "devices_first_is_origin"),
        (
            "insert into devices (id, product_id, serial_number, purchase_country_code, purchase_date,
                                  purchase_date_evidence, registered_at, origin_id, chain_place)
             select gen_random_uuid(), product_id, 'AAAA0003', 'DE', purchase_date, 'declared', now(), origin_id, chain_place
             from devices where chain_place = 1",
            "devices_by_chain",
        ),
        (
            "insert into devices (id, product_id, serial_number, purchase_country_code, purchase_date,
                                  purchase_date_evidence, registered_at, locks)
             select gen_random_uuid(), product_id, 'AAAA0003', 'DE', purchase_date, 'declared', now(), '{lost}'
             from devices where chain_place = 1",
            "devices_marks_by_history",
        ),
        ("update devices set chain_place = null", "devices_chain_whole"),
        ("update devices set seller_reference = 'a shop'", "devices_seller_form"),
        ("update device_owners set reason = 'imported'", "device_owners_append_only"),
        ("delete from device_owners", "device_owners_append_only"),
        ("update device_marks set reason = 'recovered'", "device_marks_append_only"),
        ("delete from device_marks", "device_marks_append_only"),
        ("delete from device_replacements", "device_replacements_append_only"),
        ("update device_transfers set state = 'declined'", "device_transfers_ended_once"),
        (
            "insert into device_marks select gen_random_uuid(), device_id, kind, mark, false, reason, null, actor_kind, actor_id, at
             from device_marks where is_set",
            "device_marks_changes_state",
        ),
        (
            "insert into device_marks select gen_random_uuid(), device_id, kind, mark, true, null, null, actor_kind, actor_id, at
             from device_marks where is_set",
            "device_marks_why",
        ),
        (
            "insert into device_transfers
             select gen_random_uuid(), device_id, from_customer_id, null, to_customer_id, null, null, 'offered', offered_at,
                    expires_at + interval '60 days', null from device_transfers",
            "device_transfers_days",
        ),
        (
            "insert into device_transfers
             select gen_random_uuid(), device_id, from_customer_id, null, to_customer_id, null, null, 'offered', offered_at,
                    expires_at, null from device_transfers, generate_series(1, 2)",
            "device_transfers_one_open",
        ),
        (
            "insert into device_replacements
             select gen_random_uuid(), old_device_id, old_device_id, received_on, replaced_on, reason, null, actor_kind,
                    actor_id, at from device_replacements",
            "device_replacements_two",
        ),
        (
            "insert into purchase_proofs
             select gen_random_uuid(), device_id, origin_id, kind, purchase_date, purchase_country_code, sold_used, null,
                    document_reference, null, null, submitter_kind, submitter_id, null, submitted_at, 'submitted', null,
                    null, null, null from purchase_proofs",
            "purchase_proofs_one_open",
        ),
        (
            "update purchase_proofs set state = 'accepted', reason = 'shows_sale', reviewer_kind = 'staff',
                    reviewer_id = submitter_id, ended_at = now()",
            "purchase_proofs_four_eyes",
        ),
        (
            "update purchase_proofs set state = 'accepted', reason = 'illegible', reviewer_kind = 'staff',
                    reviewer_id = 'somebody', ended_at = now()",
            "purchase_proofs_reason_fits",
        ),
    ] {
        let refused = run(statement).await.unwrap_err();
        assert_eq!(refused.constraint(), Some(constraint), "{refused:?}: {statement}");
    }
    let twice = format!(
        "insert into device_replacements
         select gen_random_uuid(), old_device_id, {second}, received_on, replaced_on, reason, null, actor_kind, actor_id, at
         from device_replacements"
    );
    assert_eq!(
        run(&twice).await.unwrap_err().constraint(),
        Some("device_replacements_old_key")
    );
    let review = warranty::ReviewProofRequest {
        request_id: fresh(&world),
        proof_id: proof.proof_id,
        reason: 1,
    };
    proofs(&world, &colleague()).review_proof(review).await.unwrap();
    for (statement, constraint) in [
        (
            "update purchase_proofs set state = 'rejected'",
            "purchase_proofs_reviewed_once",
        ),
        (
            "update purchase_corrections set decisions_affected = 9",
            "purchase_corrections_append_only",
        ),
        (
            "insert into purchase_corrections
             select gen_random_uuid(), device_id, null, date_before, date_after, country_before, country_after,
                    sold_used_before, sold_used_after, evidence_before, evidence_after, 0, actor_kind, actor_id, at
             from purchase_corrections",
            "purchase_corrections_proven",
        ),
    ] {
        assert_eq!(
            run(statement).await.unwrap_err().constraint(),
            Some(constraint),
            "{statement}"
        );
    }
    // Numbers that were taken off a device are free again.
    run("update devices set imei = null where serial_number = 'AAAA0001'")
        .await
        .unwrap();
    run("update devices set imei = '490154203237518' where serial_number = 'AAAA0002'")
        .await
        .unwrap();
}

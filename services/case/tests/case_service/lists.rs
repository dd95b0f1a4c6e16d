//! Lists of cases.

use std::collections::BTreeSet;

use support_proto::support::case::v1::{
    Case, CaseState, CloseCaseRequest, CloseReason, ListCasesRequest, ListMessagesRequest, OpenCaseRequest,
};

use crate::world::{Client, World, open, opening, request_id, saying};

/// All pages of a list.
async fn all(client: &mut Client, request: ListCasesRequest) -> Vec<Case> {
    let (mut cases, mut token) = (Vec::new(), String::new());
    loop {
        let page = client
            .list_cases(ListCasesRequest {
                page_token: token,
                ..request.clone()
            })
            .await
            .unwrap()
            .into_inner();
        assert!(request.page_size == 0 || page.cases.len() <= usize::try_from(request.page_size).unwrap());
        cases.extend(page.cases);
        token = page.next_page_token;
        if token.is_empty() {
            return cases;
        }
    }
}

fn ids(cases: &[Case]) -> Vec<&str> {
    cases.iter().map(|case| case.case_id.as_str()).collect()
}

#[tokio::test]
async fn pages_give_each_case_once_newest_first() {
    let world = World::start().await;
    let (customer, mut client) = world.customer();
    let (_, mut other) = world.customer();
    let mut opened = Vec::new();
    for index in 0..25 {
        let request = OpenCaseRequest {
            source_reference: format!("a{}/{index}", index % 2),
            ..opening()
        };
        let case = open(if index % 5 == 0 { &mut other } else { &mut client }, request).await;
        opened.push(case);
    }
    opened.reverse();
    let mut staff = world.staff();
    let everything = ListCasesRequest {
        page_size: 4,
        ..ListCasesRequest::default()
    };
    let listed = all(&mut staff, everything.clone()).await;
    assert_eq!(ids(&listed), ids(&opened));

    let own: Vec<_> = opened
        .iter()
        .filter(|case| case.customer_id == customer.to_string())
        .cloned()
        .collect();
    assert_eq!(own.len(), 20);
    assert_eq!(
        ids(&all(&mut client, everything.clone()).await),
        ids(&own),
        "customers get their own"
    );
    let of_customer = ListCasesRequest {
        customer_id: customer.to_string(),
        ..everything.clone()
    };
    assert_eq!(ids(&all(&mut staff, of_customer.clone()).await), ids(&own));
    assert_eq!(all(&mut other, of_customer.clone()).await, [], "and nothing of others");

    let prefixed = ListCasesRequest {
        source_reference_prefix: "a1/".to_owned(),
        ..everything.clone()
    };
    let odd: Vec<_> = opened
        .iter()
        .filter(|case| case.source_reference.starts_with("a1/"))
        .cloned()
        .collect();
    assert_eq!(ids(&all(&mut staff, prefixed.clone()).await), ids(&odd));
    let own_odd: Vec<_> = own
        .iter()
        .filter(|case| case.source_reference.starts_with("a1/"))
        .cloned()
        .collect();
    assert_eq!(ids(&all(&mut client, prefixed).await), ids(&own_odd));
}

#[tokio::test]
async fn a_prefix_is_taken_letter_by_letter() {
    let world = World::start().await;
    let (customer, mut client) = world.customer();
    for reference in ["", "50%", "50x", "a_b", "aXb", "日本/1", "日本語", "\u{10ffff}z"] {
        open(
            &mut client,
            OpenCaseRequest {
                source_reference: reference.to_owned(),
                ..opening()
            },
        )
        .await;
    }
    for (prefix, expected) in [
        ("50%", vec!["50%"]),
        ("a_", vec!["a_b"]),
        ("日本", vec!["日本/1", "日本語"]),
        ("日本/", vec!["日本/1"]),
        ("\u{10ffff}", vec!["\u{10ffff}z"]),
        ("b", vec![]),
    ] {
        // With a customer and without: two statements.
        for customer_id in [String::new(), customer.to_string()] {
            let request = ListCasesRequest {
                source_reference_prefix: prefix.to_owned(),
                customer_id,
                ..ListCasesRequest::default()
            };
            let found: BTreeSet<_> = all(&mut world.staff(), request)
                .await
                .into_iter()
                .map(|case| case.source_reference)
                .collect();
            assert_eq!(found, expected.iter().map(ToString::to_string).collect(), "{prefix}");
        }
    }
}

#[tokio::test]
async fn states_filter_every_kind_of_list() {
    let world = World::start().await;
    let (customer, mut client) = world.customer();
    let open_one = open(
        &mut client,
        OpenCaseRequest {
            source_reference: "r1".to_owned(),
            ..opening()
        },
    )
    .await;
    let closed_one = open(
        &mut client,
        OpenCaseRequest {
            source_reference: "r2".to_owned(),
            ..opening()
        },
    )
    .await;
    client
        .close_case(CloseCaseRequest {
            request_id: request_id(),
            case_id: closed_one.case_id.clone(),
            close_reason: CloseReason::Withdrawn.into(),
            etag: String::new(),
        })
        .await
        .unwrap();
    let filters = [
        ListCasesRequest::default(),
        ListCasesRequest {
            customer_id: customer.to_string(),
            ..ListCasesRequest::default()
        },
        ListCasesRequest {
            source_reference_prefix: "r".to_owned(),
            ..ListCasesRequest::default()
        },
    ];
    let mut staff = world.staff();
    for filter in filters {
        let with = |states: &[CaseState]| ListCasesRequest {
            states: states.iter().map(|state| (*state).into()).collect(),
            ..filter.clone()
        };
        let live = all(&mut staff, with(&[CaseState::Open, CaseState::Assigned])).await;
        assert_eq!(ids(&live), [open_one.case_id.as_str()]);
        let over = all(&mut staff, with(&[CaseState::Closed])).await;
        assert_eq!(ids(&over), [closed_one.case_id.as_str()]);
        let both = all(&mut staff, with(&[CaseState::Closed, CaseState::Open])).await;
        assert_eq!(ids(&both), [closed_one.case_id.as_str(), open_one.case_id.as_str()]);
        assert_eq!(all(&mut staff, with(&[CaseState::Resolved])).await, []);
    }
}

#[tokio::test]
async fn a_prefix_is_found_by_its_index() {
    let world = World::start().await;
    let mut connection = world.db.read().await.unwrap();
    sqlx::query(
        "insert into cases (id, customer_id, state, channel, language, severity, subject, description, source_reference,
             open_time, update_time, version, timeline_length)
         select gen_random_uuid(), gen_random_uuid(), 'open', 'chat', 'de', 'normal', 'x', '', 'ref/' || n, now(), now(), 1, 1
         from generate_series(1, 20000) as n",
    )
    .execute(&mut *connection)
    .await
    .unwrap();
    sqlx::query("analyze cases").execute(&mut *connection).await.unwrap();
    // As a generic plan, which knows no prefix: the worst case.
    sqlx::query("set plan_cache_mode = force_generic_plan")
        .execute(&mut *connection)
        .await
        .unwrap();
    sqlx::query(
        "prepare listing (text, text) as
         select id from (select * from cases where source_reference ~>=~ $1 and source_reference ~<~ $2 offset 0) as cases
         order by open_time desc, id desc limit 10",
    )
    .execute(&mut *connection)
    .await
    .unwrap();
    let plan: Vec<String> = sqlx::query_scalar("explain execute listing ('ref/77', 'ref/78')")
        .fetch_all(&mut *connection)
        .await
        .unwrap();
    assert!(
        plan.iter().any(|line| line.contains("cases_source_reference")),
        "{plan:#?}"
    );
}

#[tokio::test]
async fn pages_of_long_texts_stay_within_what_clients_take() {
    let world = World::start().await;
    let (_, mut client) = world.customer();
    // Four bytes a letter: 40 kB a case, 80 kB a message.
    let request = || OpenCaseRequest {
        description: "😀".repeat(10_000),
        ..opening()
    };
    let mut opened = Vec::new();
    for _ in 0..85 {
        opened.push(open(&mut client, request()).await);
    }
    opened.reverse();
    let list = ListCasesRequest {
        page_size: 1000,
        ..ListCasesRequest::default()
    };
    let first = client.list_cases(list.clone()).await.unwrap().into_inner();
    assert!(
        (2..85).contains(&first.cases.len()),
        "{} on the first page",
        first.cases.len()
    );
    assert_eq!(ids(&all(&mut client, list).await), ids(&opened));

    let id = &opened[0].case_id;
    for _ in 0..42 {
        client.post_message(saying(id, &"😀".repeat(20_000))).await.unwrap();
    }
    let (mut count, mut token) = (0, String::new());
    loop {
        let request = ListMessagesRequest {
            case_id: id.clone(),
            page_size: 200,
            page_token: token,
        };
        let page = client.list_messages(request).await.unwrap().into_inner();
        count += page.messages.len();
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(count, 42);
}

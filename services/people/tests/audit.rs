//! Showing personal data in full: for a reason, to whom it concerns, and never without a trace.

use bangfu_people::model::audit::{AuditEntry, verify};
use bangfu_proto::{
    common::v1::DateRange,
    people::v1::{AuditEntry as Told, ListAuditRequest, RevealPersonRequest},
};
use bangfu_testkit::{City, DADONG, LIBAO, reason, sample};
use sqlx::{FromRow as _, Row as _, postgres::PgRow};

pub(crate) async fn trail(city: &City, township: &str) -> Vec<AuditEntry> {
    let sql =
        "SELECT seq, at, actor, action, person_id, reason, previous, hash FROM audit WHERE township = $1 ORDER BY seq";
    let rows: Vec<PgRow> =
        sqlx::query(sql).bind(township).fetch_all(&mut city.look("people").await).await.expect("a trail");
    rows.iter()
        .map(|row| AuditEntry {
            seq: row.get("seq"),
            at: row.get("at"),
            actor: row.get("actor"),
            action: row.get("action"),
            person_id: row.get("person_id"),
            reason: row.get("reason"),
            previous: row.get("previous"),
            hash: row.get("hash"),
        })
        .collect()
}

#[tokio::test]
async fn revealing_shows_everything_and_leaves_an_entry_in_a_whole_chain() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let mut request = sample::person(1);
    request.address = "示范路1号".to_owned();
    let person = clerk.people().register_person(request.clone()).await.expect("registered").into_inner();
    let ask = |why: &str| RevealPersonRequest { person_id: person.person_id.clone(), reason: why.to_owned() };

    let shown = clerk.people().reveal_person(ask("上门走访")).await.expect("shown").into_inner();
    assert_eq!((&shown.name, &shown.id_number), (&request.name, &request.id_number));
    assert_eq!((&shown.phone, &shown.address), (&request.phone, &request.address));
    city.coordinator(DADONG, &["双溪村"]).people().reveal_person(ask("电话核实")).await.expect("shown");

    let refused = city.coordinator(DADONG, &["河口村"]).people().reveal_person(ask("电话核实")).await;
    assert_eq!(reason(&refused.expect_err("another's village")), "VILLAGE_NOT_YOURS");
    assert_eq!(reason(&clerk.people().reveal_person(ask(" 走 ")).await.expect_err("no reason")), "FIELD_INVALID");

    let entries = trail(&city, DADONG).await;
    let told = entries.iter().map(|entry| (entry.actor.as_str(), entry.action.as_str(), entry.reason.as_str()));
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            ("bureau-1", "UPSERT_TOWNSHIP", "大东镇"),
            ("clerk-1", "REGISTER", ""),
            ("clerk-1", "REVEAL", "上门走访"),
            ("coordinator-1", "REVEAL", "电话核实"),
        ]
    );
    assert_eq!(verify(DADONG, &entries), Ok(()));
    assert_eq!(verify(LIBAO, &trail(&city, LIBAO).await), Ok(()), "another township has its own chain");
    city.close().await;
}

#[tokio::test]
async fn the_service_itself_cannot_change_or_take_out_an_entry() {
    let city = City::new().await;
    let mut look = city.look("people").await;
    sqlx::raw_sql("SET ROLE bangfu_people_service; SET bangfu.township = '320685102'")
        .execute(&mut look)
        .await
        .expect("the service's role");
    for sql in ["UPDATE audit SET reason = ''", "DELETE FROM audit", "TRUNCATE audit", "DELETE FROM employment"] {
        let refused = sqlx::raw_sql(sql).execute(&mut look).await.expect_err(sql);
        let code = refused.as_database_error().and_then(|error| error.code().map(std::borrow::Cow::into_owned));
        assert_eq!(code.as_deref(), Some("42501"), "{sql}");
    }
    let (count,) =
        <(i64,)>::from_row(&sqlx::query("SELECT count(*) FROM audit").fetch_one(&mut look).await.expect("readable"))
            .expect("a count");
    assert_eq!(count, 1, "and of its own township it sees everything");
    city.close().await;
}

#[tokio::test]
async fn concurrent_reveals_make_one_chain_without_forks() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let person = clerk.people().register_person(sample::person(1)).await.expect("registered").into_inner();
    let calls = (0..24).map(|n| {
        let (clerk, person_id) = (clerk.clone(), person.person_id.clone());
        async move { clerk.people().reveal_person(RevealPersonRequest { person_id, reason: format!("第{n}次") }).await }
    });
    for shown in futures::future::join_all(calls).await {
        shown.expect("shown");
    }
    let entries = trail(&city, DADONG).await;
    assert_eq!(entries.len(), 26);
    assert_eq!(verify(DADONG, &entries), Ok(()));
    city.close().await;
}

#[tokio::test]
async fn the_trail_is_found_by_person_by_account_and_by_day_by_those_allowed() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let mut people = Vec::new();
    for n in 0..2 {
        people
            .push(clerk.people().register_person(sample::person(n)).await.expect("registered").into_inner().person_id);
    }
    city.turn_to("2026-01-06");
    let coordinator = city.coordinator(DADONG, &[]);
    let request = RevealPersonRequest { person_id: people[0].clone(), reason: "上门走访".to_owned() };
    coordinator.people().reveal_person(request).await.expect("revealed");

    let reviewer = city.reviewer(DADONG);
    let found = async |request: ListAuditRequest| -> Vec<Told> {
        let (mut all, mut request) = (Vec::new(), ListAuditRequest { page_size: 1, ..request });
        loop {
            let page = reviewer.people().list_audit(request.clone()).await.expect("a page").into_inner();
            all.extend(page.entries);
            if page.next_page_token.is_empty() {
                return all;
            }
            request.page_token = page.next_page_token;
        }
    };
    let actions = |entries: &[Told]| entries.iter().map(|entry| entry.action.clone()).collect::<Vec<_>>();
    let all = found(ListAuditRequest::default()).await;
    assert_eq!(actions(&all), ["REVEAL", "REGISTER", "REGISTER", "UPSERT_TOWNSHIP"]);
    assert_eq!(all.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [4, 3, 2, 1]);
    assert!(all.iter().all(|entry| entry.hash.len() == 64));
    let reveal = &all[0];
    assert_eq!((reveal.actor.as_str(), reveal.reason.as_str()), ("coordinator-1", "上门走访"));

    let about = found(ListAuditRequest { person_id: people[0].clone(), ..Default::default() }).await;
    assert_eq!(actions(&about), ["REVEAL", "REGISTER"]);
    let by = found(ListAuditRequest { actor: "clerk-1".to_owned(), ..Default::default() }).await;
    assert_eq!(actions(&by), ["REGISTER", "REGISTER"]);
    let day = |text: &str| bangfu::client::date(text.parse().expect("a date"));
    for (from, to, count) in [(None, day("2026-01-05"), 3), (day("2026-01-06"), None, 1), (day("2026-01-07"), None, 0)]
    {
        let during = Some(DateRange { from, to });
        assert_eq!(found(ListAuditRequest { during, ..Default::default() }).await.len(), count);
    }
    let by_clerk = clerk.people().list_audit(ListAuditRequest::default()).await.expect_err("not a clerk's");
    assert_eq!(reason(&by_clerk), "ROLE_MISSING");
    let there = city.reviewer(LIBAO).people().list_audit(ListAuditRequest::default()).await.expect("a page");
    assert_eq!(actions(&there.into_inner().entries), ["UPSERT_TOWNSHIP"]);
    city.close().await;
}

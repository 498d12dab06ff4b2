//! Whatever somebody with all rights in the database does to an audit trail is found: what the chain tells by itself, and
//! what only the heads tell that were noted outside.

use std::path::Path;

use bangfu::client::audit::{Verified, verify};
use bangfu_kernel::Role;
use bangfu_people::{
    anchor::{self, Finding},
    model::audit::AuditEntry,
};
use bangfu_proto::people::v1::{GetAuditProofRequest, RevealPersonRequest};
use bangfu_testkit::{City, DADONG, LIBAO, reason, sample};
use sqlx::{AssertSqlSafe, PgConnection};
use tonic::Code;

use crate::audit::trail;

/// A city whose trail of DADONG has `entries` entries, and that has noted its heads.
async fn scene(file: &Path, entries: usize) -> City {
    let mut city = City::new().await;
    let clerk = city.clerk(DADONG);
    let person = clerk.people().register_person(sample::person(1)).await.expect("registered").into_inner();
    for n in 2..entries {
        let request = RevealPersonRequest { person_id: person.person_id.clone(), reason: format!("第{n}次") };
        clerk.people().reveal_person(request).await.expect("shown");
    }
    anchored(&mut city, file).await;
    city
}

/// Starts it again with anchors: a start notes the heads, and so does a stop.
async fn anchored(city: &mut City, file: &Path) {
    city.stop().await;
    let mut plan = city.plan().await;
    plan.people.as_mut().expect("the registry").anchors = Some(file.to_owned());
    city.start(plan).await;
    for _ in 0..200 {
        if anchor::read(file).expect("anchors").iter().any(|anchor| anchor.township == DADONG) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("no head was noted");
}

async fn findings(city: &City, file: &Path) -> Vec<Finding> {
    let auditor = city.caller("auditor-1", &[Role::Auditor], None, &[]);
    let anchors = anchor::read(file).expect("anchors");
    let verified = verify(&auditor, &[DADONG.to_owned(), LIBAO.to_owned()], &anchors).await.expect("verified");
    let of = |township: &str| -> &Verified { verified.iter().find(|it| it.township == township).expect("a trail") };
    assert_eq!(of(LIBAO).findings, [], "the other township's is whole");
    of(DADONG).findings.clone()
}

/// As a superuser, past all walls.
async fn tamper(look: &mut PgConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(look).await.expect(sql);
}

/// Writes the trail anew from an entry on, with another reason there and all hashes right, up to a last entry.
async fn rewrite(city: &City, from: i64, last: i64) {
    let mut entries = trail(city, DADONG).await;
    entries.retain(|entry| entry.seq <= last);
    let mut look = city.look("people").await;
    tamper(&mut look, &format!("DELETE FROM audit WHERE township = '{DADONG}' AND seq >= {from}")).await;
    let mut previous = entries.iter().find(|entry| entry.seq == from - 1).map_or(vec![0; 32], |it| it.hash.clone());
    for entry in entries.into_iter().filter(|entry| entry.seq >= from) {
        let mut entry = AuditEntry { reason: "无事".to_owned(), previous, ..entry };
        entry.hash = entry.hash(DADONG).to_vec();
        previous = entry.hash.clone();
        sqlx::query(
            "INSERT INTO audit (township, seq, at, actor, action, person_id, reason, previous, hash)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(DADONG)
        .bind(entry.seq)
        .bind(entry.at)
        .bind(&entry.actor)
        .bind(&entry.action)
        .bind(entry.person_id)
        .bind(&entry.reason)
        .bind(&entry.previous)
        .bind(&entry.hash)
        .execute(&mut look)
        .await
        .expect("inserted");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_of_tampering_with_a_trail_is_found_and_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("anchors");
    let city = scene(&file, 8).await;
    assert_eq!(findings(&city, &file).await, [], "it is whole");
    let mut look = city.look("people").await;
    tamper(&mut look, "CREATE TABLE audit_before AS TABLE audit").await;

    let of = format!("township = '{DADONG}'");
    let table: [(&str, String, Vec<Finding>); 6] = [
        (
            "edited",
            format!("UPDATE audit SET reason = '别的' WHERE {of} AND seq = 4"),
            vec![Finding::Broken { entry: 4 }],
        ),
        (
            "another time",
            format!("UPDATE audit SET at = at + interval '1 day' WHERE {of} AND seq = 5"),
            vec![Finding::Broken { entry: 5 }],
        ),
        ("taken out", format!("DELETE FROM audit WHERE {of} AND seq = 3"), vec![Finding::Broken { entry: 3 }]),
        (
            "taken out and closed up",
            format!("DELETE FROM audit WHERE {of} AND seq = 3; UPDATE audit SET seq = seq - 1 WHERE {of} AND seq > 3"),
            vec![Finding::Broken { entry: 3 }, Finding::CutOff { last: 7, anchored: 8 }],
        ),
        (
            "cut off",
            format!("DELETE FROM audit WHERE {of} AND seq > 5"),
            vec![Finding::CutOff { last: 5, anchored: 8 }],
        ),
        ("gone", format!("DELETE FROM audit WHERE {of}"), vec![Finding::CutOff { last: 0, anchored: 8 }]),
    ];
    for (what, sql, expected) in table {
        tamper(&mut look, &sql).await;
        assert_eq!(findings(&city, &file).await, expected, "{what}");
        tamper(&mut look, "TRUNCATE audit; INSERT INTO audit SELECT * FROM audit_before").await;
        assert_eq!(findings(&city, &file).await, [], "put back after: {what}");
    }

    rewrite(&city, 4, 8).await;
    assert_eq!(findings(&city, &file).await, [Finding::Rewritten { good: 0, entry: 8 }], "written anew");
    let without = folder.path().join("none");
    assert_eq!(findings(&city, &without).await, [], "which nothing but an anchor tells");
    tamper(&mut look, "TRUNCATE audit; INSERT INTO audit SELECT * FROM audit_before").await;
    rewrite(&city, 4, 6).await;
    assert_eq!(findings(&city, &file).await, [Finding::CutOff { last: 6, anchored: 8 }], "cut off and written anew");
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_are_noted_at_a_stop_and_a_trail_that_went_back_does_not_cover_its_tracks() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("anchors");
    let mut city = scene(&file, 4).await;
    let clerk = city.clerk(DADONG);
    clerk.people().register_person(sample::person(2)).await.expect("registered");
    city.stop().await;
    let anchors = anchor::read(&file).expect("anchors");
    assert_eq!(anchor::latest(&anchors)[DADONG].seq, 5, "what the last calls left is noted");
    assert_eq!(anchors.iter().filter(|anchor| anchor.township == LIBAO).count(), 1, "what did not move is noted once");

    rewrite(&city, 3, 4).await;
    anchored(&mut city, &file).await;
    let clerk = city.clerk(DADONG);
    for n in 3..6 {
        clerk.people().register_person(sample::person(n)).await.expect("registered");
    }
    city.stop().await;
    assert_eq!(anchor::read(&file).expect("anchors"), anchors, "the new trail is not noted over the old one");
    let plan = city.plan().await;
    city.start(plan).await;
    let found = findings(&city, &file).await;
    assert_eq!(found, [Finding::Rewritten { good: 0, entry: 4 }], "though it has grown past the anchors");
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_trail_is_proved_page_by_page_and_by_those_allowed() {
    let city = City::new().await;
    let mut look = city.look("people").await;
    let mut entry = trail(&city, DADONG).await.remove(0);
    for seq in 2..=4_100 {
        entry = AuditEntry { seq, previous: entry.hash.clone(), ..entry };
        entry.hash = entry.hash(DADONG).to_vec();
        sqlx::query(
            "INSERT INTO audit (township, seq, at, actor, action, reason, previous, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(DADONG)
        .bind(entry.seq)
        .bind(entry.at)
        .bind(&entry.actor)
        .bind(&entry.action)
        .bind(&entry.reason)
        .bind(&entry.previous)
        .bind(&entry.hash)
        .execute(&mut look)
        .await
        .expect("inserted");
    }
    let request = GetAuditProofRequest { township: String::new(), seqs: vec![4_100, 1, 5_000] };
    let proof = city.reviewer(DADONG).people().get_audit_proof(request.clone()).await.expect("a proof").into_inner();
    assert_eq!((proof.entries, proof.broken_at), (4_100, 0));
    assert_eq!(proof.hashes.iter().map(|hash| hash.seq).collect::<Vec<_>>(), [1, 4_100]);
    assert_eq!(proof.hashes[1].hash, proof.hash);
    tamper(&mut look, "UPDATE audit SET actor = 'nobody' WHERE seq = 4050").await;
    let proof = city.reviewer(DADONG).people().get_audit_proof(request.clone()).await.expect("a proof").into_inner();
    assert_eq!((proof.entries, proof.broken_at), (4_100, 4_050));

    let by_clerk = city.clerk(DADONG).people().get_audit_proof(request).await.expect_err("not a clerk's");
    assert_eq!(reason(&by_clerk), "ROLE_MISSING");
    let foreign = GetAuditProofRequest { township: LIBAO.to_owned(), seqs: Vec::new() };
    let foreign = city.reviewer(DADONG).people().get_audit_proof(foreign).await.expect_err("another township's");
    assert_eq!(foreign.code(), Code::NotFound);
    city.close().await;
}

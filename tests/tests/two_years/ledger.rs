//! The ledger of duties as text in which nothing is random: people by their numbers, records by who, when and for what.

use std::collections::{BTreeMap, BTreeSet};

use bangfu_kernel::Role;
use bangfu_proto::followup::v1::{Duty, ListDutiesRequest, WatchDutiesRequest, watch_duties_response::Item};
use sqlx::PgConnection;

use super::World;

/// Names in place of random ids.
struct Names(BTreeMap<String, String>);

impl Names {
    async fn of(world: &World, look: &mut PgConnection) -> Self {
        let mut names = BTreeMap::new();
        for (n, somebody) in &world.people {
            names.insert(somebody.person_id.clone(), format!("person {n}"));
        }
        for (n, household_id) in &world.homes {
            names.insert(household_id.clone(), format!("household of {n}"));
        }
        let records: Vec<(String, String, String)> = sqlx::query_as(
            "SELECT contact_id::text, person_id::text, held_on || ' entered ' || entered_on
               FROM contact",
        )
        .fetch_all(look)
        .await
        .expect("contacts");
        for (contact_id, person_id, when) in records {
            let who = names.get(&person_id).cloned().unwrap_or_default();
            names.insert(contact_id, format!("record of {who} on {when}"));
        }
        Self(names)
    }

    fn name(&self, id: &str) -> &str {
        self.0.get(id).map_or("nobody knows", String::as_str)
    }

    fn line(&self, duty: &Duty) -> String {
        let day = |on| bangfu::client::day(on);
        let settled = if duty.settled_by_contact_id.is_empty() { "-" } else { self.name(&duty.settled_by_contact_id) };
        let subject = if duty.household_id.is_empty() { &duty.person_id } else { &duty.household_id };
        [
            duty.township.clone(),
            self.name(subject).to_owned(),
            duty.rule.clone(),
            day(duty.period_start.as_ref()),
            format!("slot {}", duty.slot),
            duty.service().as_str_name().to_owned(),
            day(duty.opens_on.as_ref()),
            day(duty.due_on.as_ref()),
            day(duty.window_start.as_ref()),
            day(duty.target_on.as_ref()),
            day(duty.missed_from.as_ref()),
            duty.state().as_str_name().to_owned(),
            day(duty.state_on.as_ref()),
            settled.to_owned(),
            duty.release_reason().as_str_name().to_owned(),
            duty.standard_version.clone(),
            if duty.waiver_id.is_empty() { "not waived" } else { "waived" }.to_owned(),
        ]
        .join(" | ")
    }

    fn text(&self, duties: impl IntoIterator<Item = Duty>) -> String {
        let lines: BTreeSet<_> = duties.into_iter().map(|duty| self.line(&duty)).collect();
        lines.into_iter().collect::<Vec<_>>().join("\n")
    }
}

/// What the database holds, told by ListDuties.
pub(super) async fn of(world: &World) -> String {
    let mut look = world.city.look("followup").await;
    let names = Names::of(world, &mut look).await;
    let mut all = Vec::new();
    for township in super::TOWNSHIPS {
        let clerk = world.followup(0, "clerk-1", Role::Clerk, Some(township));
        all.extend(bangfu_tests::steps::duties(&clerk, ListDutiesRequest::default()).await);
    }
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM duty").fetch_one(&mut look).await.expect("a count");
    let text = names.text(all);
    assert_eq!(text.lines().count(), usize::try_from(count).expect("few"), "each duty has a line of its own");
    text
}

/// What the feed tells from zero.
pub(super) async fn told(world: &World) -> String {
    let mut look = world.city.look("followup").await;
    let names = Names::of(world, &mut look).await;
    let mut heads: BTreeMap<String, i64> =
        sqlx::query_as::<_, (String, i64)>("SELECT township, seq FROM feed_head WHERE seq > 0")
            .fetch_all(&mut look)
            .await
            .expect("heads")
            .into_iter()
            .collect();
    let service = world.followup(0, "service-1", Role::Service, None);
    let mut stream =
        service.followup().watch_duties(WatchDutiesRequest::default()).await.expect("a stream").into_inner();
    let mut duties = BTreeMap::<String, Duty>::new();
    while !heads.is_empty() {
        let item = stream.message().await.expect("a message").expect("no end").item.expect("an item");
        let Item::Event(event) = item else { continue };
        let (cursor, duty) = (event.cursor.expect("a cursor"), event.duty.expect("a duty"));
        if heads.get(&cursor.township) == Some(&cursor.seq) {
            heads.remove(&cursor.township);
        }
        let before = duties.insert(duty.duty_id.clone(), duty);
        assert_eq!(before.map_or(0, |duty| duty.state), event.previous_state, "each step follows the one before");
    }
    names.text(duties.into_values())
}

/// A ledger in which a rule or a state never stands proves nothing about it.
pub(super) fn assert_everything_came_about(ledger: &str) {
    for rule in [
        "follow_up.stable",
        "follow_up.flexible",
        "follow_up.no_intention",
        "follow_up.unemployed",
        "131.career_guidance",
        "131.job_referral",
        "131.skills_training",
        "policy_publicity",
        "registration_help",
        "unemployment_benefit",
        "recognition_help",
        "career_planning",
        "post_delivery",
        "household_clearing",
    ] {
        for state in ["DONE", "MISSED"] {
            let found = ledger.lines().any(|line| line.contains(&format!("| {rule} |")) && line.contains(state));
            assert!(found, "no duty of {rule} is {state}");
        }
    }
    for state in ["OPEN", "RELEASED", "WAIVED"] {
        assert!(ledger.contains(&format!("DUTY_STATE_{state}")), "nothing is {state}");
    }
}

//! Whoever has taken a feed from its first event holds what the lists say.

use std::collections::BTreeMap;

use bangfu::client::{Client, people::send, request_id};
use bangfu_proto::{
    followup::v1::{
        ListDutiesRequest, RecordContactRequest, WatchDutiesRequest, watch_duties_response::Item as DutyItem,
    },
    people::v1::{
        EmploymentFact, EmploymentStatus, ListPeopleRequest, Person, PersonEvent, RosterRow, RosterStart, ServiceLevel,
        WatchPeopleRequest, person_event::Change, watch_people_response::Item as PersonItem,
    },
};
use bangfu_testkit::{City, DADONG, LIBAO, sample};

use bangfu_tests::steps::{becomes, contact, duties, learned, moves, record, sweep, unemployed, until};

use crate::journeys::{person, void};

#[tokio::test(flavor = "multi_thread")]
async fn the_feeds_from_zero_rebuild_what_the_lists_say() {
    let city = City::new().await;
    let people = unemployed(&city, DADONG, 0..4, "2026-01-02").await;
    unemployed(&city, LIBAO, 10..12, "2026-01-05").await;
    sweep(&city).await;
    let clerk = city.clerk(DADONG);
    let told = record(&clerk, contact(&city, &people[0])).await;
    let learns = RecordContactRequest {
        status_learned: learned(EmploymentStatus::Startup, "2026-01-04"),
        ..contact(&city, &people[1])
    };
    record(&clerk, learns).await;
    until("the registry knows", async || person(&clerk, &people[1]).await.level() == ServiceLevel::Stable).await;
    becomes(&city, DADONG, &people[2], EmploymentStatus::Deceased, "2026-01-05").await;
    void(&clerk, &told).await.expect("voided");
    city.turn_to("2026-02-10");
    let row = RosterRow { coordinator: "协理员乙".into(), groups: "退役军人".into(), ..sample::row(3, 4) };
    let start = RosterStart { request_id: request_id(), ..Default::default() };
    send(&clerk, start, vec![row]).await.expect("imported");
    moves(&city, &people[1], DADONG, LIBAO, None).await;
    moves(&city, &people[3], DADONG, LIBAO, None).await;
    moves(&city, &people[3], LIBAO, DADONG, None).await;
    sweep(&city).await;

    for (client, township) in [(clerk, DADONG), (city.clerk(LIBAO), LIBAO), (city.bureau(), DADONG)] {
        let request = WatchDutiesRequest { townships: vec![township.to_owned()], ..Default::default() };
        let mut stream = client.followup().watch_duties(request).await.expect("a stream").into_inner();
        let (mut ledger, mut last) = (BTreeMap::new(), 0);
        while let Some(DutyItem::Event(event)) = stream.message().await.expect("a message").expect("no end").item {
            let cursor = event.cursor.expect("a cursor");
            assert_eq!((cursor.township.as_str(), cursor.seq), (township, last + 1), "dense");
            last = cursor.seq;
            let mut duty = event.duty.expect("whole");
            (duty.village, duty.coordinator) = (String::new(), String::new());
            let before = ledger.insert(duty.duty_id.clone(), duty).map_or(0, |duty| duty.state);
            assert_eq!(event.previous_state, before);
        }
        let request = ListDutiesRequest { township: township.to_owned(), ..Default::default() };
        let mut listed = BTreeMap::new();
        for mut duty in duties(&client, request).await {
            // As of the step in the feed, as of today in the list.
            (duty.village, duty.coordinator) = (String::new(), String::new());
            listed.insert(duty.duty_id.clone(), duty);
        }
        assert_eq!(ledger, listed);
        let rebuilt = watched(&client, township).await;
        let request = ListPeopleRequest { township: township.to_owned(), page_size: 500, ..Default::default() };
        let people = client.people().list_people(request).await.expect("listed").into_inner().people;
        assert_eq!(rebuilt.len(), people.len());
        for person in people {
            assert_eq!(rebuilt[&person.person_id], Rebuilt::of(&person), "{}", person.person_id);
        }
    }
    city.close().await;
}

/// What a follower of the people feed holds of somebody.
#[derive(Debug, Clone, PartialEq, Default)]
struct Rebuilt {
    village: String,
    coordinator: String,
    memberships: Vec<bangfu_proto::people::v1::Membership>,
    /// The record that is believed: the one that holds from the latest day, of those the one told last.
    record: String,
    since: Option<(i32, i32, i32)>,
    status: i32,
    /// Nothing more is told of them; they are not in the list.
    left: bool,
}

impl Rebuilt {
    fn of(person: &Person) -> Self {
        let employment = person.employment.clone().unwrap_or_default();
        Self {
            village: person.village.clone(),
            coordinator: person.coordinator.clone(),
            memberships: person.memberships.clone(),
            since: employment.effective_on.map(|day| (day.year, day.month, day.day)),
            record: employment.record_id,
            status: employment.status,
            left: false,
        }
    }

    fn learn(&mut self, fact: EmploymentFact) {
        let since = fact.effective_on.map(|day| (day.year, day.month, day.day));
        if since >= self.since {
            (self.record, self.since, self.status) = (fact.record_id, since, fact.status);
        }
    }

    fn take(&mut self, event: PersonEvent) {
        match event.change.expect("a change") {
            Change::Registered(new) => {
                (self.village, self.coordinator, self.memberships) = (new.village, new.coordinator, new.memberships);
                new.employment.into_iter().for_each(|fact| self.learn(fact));
            }
            Change::EmploymentRecorded(new) => self.learn(new.employment.expect("a fact")),
            Change::MembershipsChanged(new) => self.memberships = new.memberships,
            Change::AssignmentChanged(new) => (self.village, self.coordinator) = (new.village, new.coordinator),
            Change::Arrived(new) => {
                (self.village, self.coordinator, self.memberships) = (new.village, new.coordinator, new.memberships);
                (self.record, self.since, self.status) = (String::new(), None, 0);
                new.employment.into_iter().for_each(|fact| self.learn(fact));
            }
            Change::Left(_) => self.left = true,
            Change::UnemploymentRegistered(_)
            | Change::EmploymentRegistered(_)
            | Change::SurveyRecorded(_)
            | Change::RecognitionChanged(_)
            | Change::HouseholdChanged(_)
            | Change::Merged(_)
            | Change::Unmerged(_)
            | Change::Restated(_)
            | Change::Anonymised(_)
            | Change::TownshipChanged(_) => {}
        }
    }
}

async fn watched(client: &Client, township: &str) -> BTreeMap<String, Rebuilt> {
    let request = WatchPeopleRequest { townships: vec![township.to_owned()], ..Default::default() };
    let mut stream = client.people().watch_people(request).await.expect("a stream").into_inner();
    let (mut people, mut last) = (BTreeMap::<String, Rebuilt>::new(), 0);
    loop {
        match stream.message().await.expect("a message").expect("no end").item.expect("an item") {
            PersonItem::Event(event) => {
                let seq = event.cursor.as_ref().expect("a cursor").seq;
                assert_eq!(seq, last + 1, "dense");
                last = seq;
                if !event.person_id.is_empty() {
                    let id = event.person_id.clone();
                    let rebuilt = people.entry(id.clone()).or_default();
                    rebuilt.take(event);
                    if rebuilt.left {
                        people.remove(&id);
                    }
                }
            }
            PersonItem::Bookmark(_) => return people,
        }
    }
}

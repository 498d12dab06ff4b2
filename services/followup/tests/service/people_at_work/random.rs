//! Whatever is assigned, and whoever is absent: the database says on every day what the rule says.

use bangfu_followup::model::serving::{Away, Spell, serving};
use chrono::{Days, NaiveDate};
use proptest::{prelude::*, sample::select, strategy::ValueTree as _, test_runner::TestRunner};

use super::{hand_over::hand_over, *};

const NAMES: [&str; 4] = ["协理员甲", "协理员乙", "协理员丙", "协理员丁"];
const VILLAGES: [&str; 2] = ["李庄", "双溪村"];
const PEOPLE: usize = 5;

/// Something an office does, days counted from today.
#[derive(Debug, Clone)]
enum Act {
    Village {
        village: &'static str,
        to: &'static str,
        from: i64,
    },
    Person {
        person: usize,
        to: &'static str,
        from: i64,
    },
    Register {
        person: usize,
        to: &'static str,
    },
    HandOver {
        from: &'static str,
        to: &'static str,
        on: i64,
    },
    Absence {
        who: &'static str,
        from: i64,
        days: i64,
        stand_in: &'static str,
    },
    /// One of those entered, counted round.
    Cancel {
        which: usize,
    },
    /// Days pass; where no sweep comes, nothing need be right before the next one.
    Days {
        days: u64,
        swept: bool,
    },
}

fn act() -> impl Strategy<Value = Act> {
    let name = || select(&NAMES[..]);
    let or_nobody = || prop_oneof![4 => select(&NAMES[..]), 1 => Just("")];
    prop_oneof![
        3 => (select(&VILLAGES[..]), or_nobody(), -3..6_i64).prop_map(|(village, to, from)| Act::Village { village, to, from }),
        4 => (0..PEOPLE, or_nobody(), -3..6_i64).prop_map(|(person, to, from)| Act::Person { person, to, from }),
        2 => (0..PEOPLE, or_nobody()).prop_map(|(person, to)| Act::Register { person, to }),
        1 => (name(), name(), 0..6_i64).prop_map(|(from, to, on)| Act::HandOver { from, to, on }),
        4 => (name(), -2..5_i64, 0..6_i64, name())
            .prop_map(|(who, from, days, stand_in)| Act::Absence { who, from, days, stand_in }),
        1 => any::<usize>().prop_map(|which| Act::Cancel { which }),
        6 => (1..4_u64, prop::bool::weighted(0.7)).prop_map(|(days, swept)| Act::Days { days, swept }),
    ]
}

fn civil(date: bangfu_proto::common::v1::CalendarDate) -> NaiveDate {
    let parts = (u32::try_from(date.month).expect("a month"), u32::try_from(date.day).expect("a day"));
    NaiveDate::from_ymd_opt(date.year, parts.0, parts.1).expect("a date")
}

/// What the office believes it has entered.
struct Office<'c> {
    city: &'c City,
    clerk: Client,
    people: Vec<String>,
    registered: Vec<&'static str>,
    absences: Vec<Absence>,
    /// The township was swept today.
    settled: bool,
}

impl Office<'_> {
    fn day(&self, from_today: i64) -> String {
        (self.city.clock.today() + chrono::TimeDelta::days(from_today)).to_string()
    }

    /// Does something; whether it was taken.
    async fn act(&mut self, act: &Act) -> bool {
        let clerk = &self.clerk;
        let answer = match *act {
            Act::Village { village, to, from } => assign_village(clerk, village, to, &self.day(from)).await.map(drop),
            Act::Person { person, to, from } => {
                assign_person(clerk, &self.people[person], to, &self.day(from)).await.map(drop)
            }
            Act::Register { person, to } => {
                if self.registered[person] != to {
                    in_the_register(self.city, &self.people[person], to).await;
                    self.registered[person] = to;
                }
                Ok(())
            }
            Act::HandOver { from, to, on } => hand_over(clerk, from, to, &self.day(on)).await.map(drop),
            Act::Absence { who, from, days, stand_in } => {
                let absence = absent(clerk, who, &self.day(from), &self.day(from + days), stand_in).await;
                absence.map(|absence| self.absences.push(absence))
            }
            Act::Cancel { which } if self.absences.is_empty() => return which == usize::MAX,
            Act::Cancel { which } => {
                let at = which % self.absences.len();
                let (today, begun) = (self.city.clock.today(), self.absences[at].from.expect("a day"));
                let answer = back(clerk, &self.absences[at].absence_id).await;
                answer.map(|absence| {
                    if civil(begun) <= today {
                        self.absences[at] = absence;
                    } else {
                        self.absences.remove(at);
                    }
                })
            }
            Act::Days { days, swept } => {
                let day = self.city.clock.today() + Days::new(days);
                self.city.turn_to(&day.to_string());
                if swept {
                    sweep(self.city).await;
                }
                self.settled = swept;
                Ok(())
            }
        };
        let taken = answer.is_ok();
        let fair = ["FIELD_INVALID", "ASSIGNMENT_OVERLAPS", "ABSENCE_OVERLAPS", "NOT_FOUND"];
        if let Err(status) = answer {
            assert!(fair.contains(&reason(&status).as_str()), "{act:?}: {status:?}");
        }
        taken
    }

    async fn spells(&self, village: &str, person_id: &str) -> Vec<Spell> {
        let request = ListAssignmentsRequest {
            page_size: 500,
            village: village.to_owned(),
            person_id: person_id.to_owned(),
            ..Default::default()
        };
        let listed = self.clerk.followup().list_assignments(request).await.expect("listed").into_inner();
        let spell = |it: Assignment| Spell {
            coordinator: it.coordinator,
            from: civil(it.from.expect("a day")),
            until: it.until.map(civil),
        };
        listed.assignments.into_iter().map(spell).collect()
    }

    /// Compares everybody.
    async fn look(&self, done: &[Act]) {
        let away = |it: &Absence| Away {
            coordinator: it.coordinator.clone(),
            from: civil(it.from.expect("a day")),
            to: civil(it.to.expect("a day")),
            stand_in: it.stand_in.clone(),
        };
        let absences: Vec<_> = self.absences.iter().map(away).collect();
        let mut database = self.city.look("followup").await;
        for (n, person_id) in self.people.iter().enumerate() {
            let own = self.spells("", person_id).await;
            let village = self.spells(VILLAGES[n % 2], "").await;
            let today = self.city.clock.today();
            let expected = serving(&own, self.registered[n], &village, &absences, today);
            let stored: Option<String> =
                sqlx::query_scalar("SELECT serving FROM subject WHERE township = $1 AND person_id::text = $2")
                    .bind(DADONG)
                    .bind(person_id)
                    .fetch_one(&mut database)
                    .await
                    .expect("a subject");
            assert_eq!(stored.as_deref(), Some(expected), "person {n} on {today} after {done:#?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_says_on_every_day_what_the_rule_says() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let mut office = Office {
        city: &city,
        clerk: clerk.clone(),
        people: Vec::new(),
        registered: Vec::new(),
        absences: Vec::new(),
        settled: true,
    };
    for name in NAMES {
        put(&clerk, name, "").await.expect("entered");
    }
    for n in 0..PEOPLE {
        let registered = if n < 2 { "" } else { NAMES[n % NAMES.len()] };
        let number = u32::try_from(n).expect("few");
        office.people.push(somebody(&city, DADONG, number, VILLAGES[n % 2], registered).await);
        office.registered.push(registered);
    }
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(150);
    let mut runner = TestRunner::deterministic();
    let mut done = Vec::new();
    for _ in 0..cases {
        let act = act().new_tree(&mut runner).expect("an act").current();
        if office.act(&act).await {
            done.push(act);
            if office.settled {
                office.look(&done).await;
            }
        }
    }
    assert!(done.len() > cases / 3, "most was taken: {} of {cases}", done.len());
    city.close().await;
}

//! The three months: every day the clock is turned, the city sweeps, and coordinators work on whoever's turn it is.

use std::{collections::BTreeMap, time::Duration};

use anyhow::ensure;
use bangfu_kernel::{Clock, ServiceLevel};
use bangfu_proto::{
    followup::v1::{ContactResult, Duty, DutyState, ListDutiesRequest, TownshipSweep},
    people::v1::{self as people, ListPeopleRequest, Person},
};
use chrono::{Datelike as _, NaiveDate};
use futures::{StreamExt as _, TryStreamExt as _};

use super::{
    Case,
    figures::{Figures, TownshipFigures},
    quarter::{self, Fate},
    script::{Office, bureau},
};
use crate::{
    client::{self, problem::Problem, terminal::say},
    development::Development,
};

/// Contacts entered at once.
const AT_ONCE: usize = 6;
/// How long follow-up may take to hear of what the registry has recorded.
const PATIENCE: Duration = Duration::from_mins(1);

/// The first sweep. Follow-up hears of new people through the registry's feed, moments after the import: sweep again
/// until everybody who was registered has been reviewed, and give the sum, a township each.
pub(super) async fn first_sweep(
    bureau: &client::Client,
    figures: &Figures,
    today: NaiveDate,
) -> anyhow::Result<Vec<TownshipSweep>> {
    let begin = tokio::time::Instant::now();
    let mut sums = BTreeMap::<String, TownshipSweep>::new();
    loop {
        for sweep in client::sweeps::run(bureau, Some(today)).await? {
            match sums.get_mut(&sweep.township) {
                Some(sum) => add(sum, sweep),
                None => drop(sums.insert(sweep.township.clone(), sweep)),
            }
        }
        let missing = figures.townships.iter().find(|figures| {
            let registered = figures.register.get("NEW").copied().unwrap_or_default();
            sums.get(&figures.township).is_none_or(|sum| sum.in_scope < registered)
        });
        let Some(missing) = missing else { return Ok(sums.into_values().collect()) };
        ensure!(begin.elapsed() < PATIENCE, "follow-up has not heard of everybody in {}", missing.township);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

fn add(sum: &mut TownshipSweep, sweep: TownshipSweep) {
    sum.in_scope += sweep.in_scope;
    sum.with_duties += sweep.with_duties;
    sum.failed += sweep.failed;
    let counts = [
        (&mut sum.excluded, sweep.excluded),
        (&mut sum.raised, sweep.raised),
        (&mut sum.done, sweep.done),
        (&mut sum.missed, sweep.missed),
        (&mut sum.released, sweep.released),
    ];
    for (into, from) in counts {
        for (key, count) in from {
            *into.entry(key).or_default() += count;
        }
    }
}

/// Lives from the day after `today` to `last`.
pub(super) async fn live(
    ground: &Development,
    endpoint: &str,
    clock: &Clock,
    cases: &[Case],
    figures: &mut Figures,
    today: NaiveDate,
    last: NaiveDate,
) -> anyhow::Result<()> {
    let mut month = None;
    for day in today.iter_days().take_while(|&day| day <= last) {
        clock.turn_to(day);
        if month != Some(day.month()) {
            month = Some(day.month());
            say(format!("  {} …", day.format("%Y-%m")));
        }
        // Tokens live fifteen minutes of the machine's time: fresh ones every day.
        let bureau = bureau(ground, endpoint).await?;
        client::sweeps::run(&bureau, Some(day)).await?;
        if !quarter::is_working_day(day) || day > last_working_day(last) {
            continue;
        }
        for (case, figures) in cases.iter().zip(&mut figures.townships) {
            let office = Office::of(ground, endpoint, case).await?;
            work(&office, figures, day, today).await?;
        }
    }
    Ok(())
}

/// The last six days only wait for the grace of the third month to end.
fn last_working_day(last: NaiveDate) -> NaiveDate {
    last.with_day(1).unwrap_or(last) - chrono::Days::new(1)
}

/// One day of a township's coordinators.
async fn work(office: &Office, figures: &mut TownshipFigures, day: NaiveDate, begin: NaiveDate) -> anyhow::Result<()> {
    let everybody = client::people::everybody(&office.coordinator, ListPeopleRequest::default()).await?;
    let turns = everybody
        .into_iter()
        .enumerate()
        .filter(|(place, person)| quarter::is_turn_of(*place, level_of(person), day, begin))
        .collect::<Vec<_>>();
    let results = futures::stream::iter(turns)
        .map(|(place, person)| turn(office, person, quarter::fate(place, day), day))
        .buffer_unordered(AT_ONCE)
        .try_collect::<Vec<_>>()
        .await?;
    for result in results.into_iter().flatten() {
        let word = result.as_str_name().trim_start_matches("CONTACT_RESULT_").to_owned();
        *figures.contacts.entry(word).or_default() += 1;
    }
    Ok(())
}

/// One person's turn; the result that was entered.
async fn turn(office: &Office, person: Person, fate: Fate, day: NaiveDate) -> Result<Option<ContactResult>, Problem> {
    let open = open_duties(office, &person.person_id).await?;
    let Some(contact) = quarter::contact(&person, fate, day, &open.iter().collect::<Vec<_>>()) else {
        return Ok(None);
    };
    let result = contact.result();
    office.coordinator.followup().record_contact(contact).await?;
    if let Some(level) = quarter::level_after(fate) {
        heard(office, &person.person_id, level).await?;
    }
    Ok(Some(result))
}

/// Waits until what was learned has gone to the registry, come back, and changed what is owed.
async fn heard(office: &Office, person_id: &str, level: ServiceLevel) -> Result<(), Problem> {
    let follow_up = format!("follow_up.{}", level.code().to_lowercase());
    let begin = tokio::time::Instant::now();
    while begin.elapsed() < PATIENCE {
        let request = ListDutiesRequest { person_id: person_id.to_owned(), ..Default::default() };
        let duties = client::duties::all(&office.coordinator, request).await?;
        let arrived = if level == ServiceLevel::Exited {
            duties.iter().all(|duty| duty.state() != DutyState::Open)
        } else {
            duties.iter().all(|duty| {
                duty.state() != DutyState::Open || !duty.rule.starts_with("follow_up.") || duty.rule == follow_up
            }) && duties.iter().any(|duty| duty.rule == follow_up || duty.state() == DutyState::Released)
        };
        if arrived {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

async fn open_duties(office: &Office, person_id: &str) -> Result<Vec<Duty>, Problem> {
    let request = ListDutiesRequest {
        person_id: person_id.to_owned(),
        states: vec![DutyState::Open.into()],
        ..Default::default()
    };
    client::duties::all(&office.coordinator, request).await
}

fn level_of(person: &Person) -> ServiceLevel {
    ServiceLevel::ALL
        .into_iter()
        .find(|&level| people::ServiceLevel::from(level) == person.level())
        .unwrap_or(ServiceLevel::Unverified)
}

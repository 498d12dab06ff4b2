//! What the demonstration does, act by act.

use bangfu_kernel::{Clock, Group, Role, ServiceLevel, group::group_of};
use bangfu_people::roster::report;
use bangfu_proto::{
    common::v1::DateRange,
    followup::v1::{DutyState, GetWorkloadRequest, ListDutiesRequest, WorkloadGroup},
    people::v1::{self as people, ListPeopleRequest, RegisterMatch, UpsertTownshipRequest},
};
use chrono::{Datelike as _, Months, NaiveDate};

use super::{
    Case,
    figures::{Counts, Figures, Missed, States, ToDo, TownshipFigures},
    life, print,
};
use crate::{
    client::{self, Client, date, day, problem::Problem, request_id, terminal::say},
    development::Development,
};

/// Clients of one township, with tokens that are good for the act.
pub(super) struct Office {
    pub(super) clerk: Client,
    pub(super) coordinator: Client,
}

/// The bureau's client.
pub(super) async fn bureau(ground: &Development, endpoint: &str) -> anyhow::Result<Client> {
    Client::connect(endpoint, &ground.token("bureau-demo", Role::Bureau, None, &[])).await
}

impl Office {
    pub(super) async fn of(ground: &Development, endpoint: &str, case: &Case) -> anyhow::Result<Self> {
        let token = |subject: &str, role| ground.token(subject, role, Some(&case.township), &[]);
        Ok(Self {
            clerk: Client::connect(endpoint, &token("clerk-demo", Role::Clerk)).await?,
            coordinator: Client::connect(endpoint, &token("coordinator-demo", Role::Coordinator)).await?,
        })
    }
}

/// Plays all acts.
pub(super) async fn play(
    ground: &Development,
    endpoint: &str,
    clock: &Clock,
    cases: &[Case],
    today: NaiveDate,
) -> anyhow::Result<Figures> {
    let mut figures = Figures { imported_on: today.to_string(), ..Figures::default() };
    let bureau_client = bureau(ground, endpoint).await?;
    for case in cases {
        bureau_client.people().upsert_township(upsert(case)).await.map_err(Problem::from)?;
        let office = Office::of(ground, endpoint, case).await?;
        figures.townships.push(import(&office, case).await?);
    }

    let sweeps = life::first_sweep(&bureau_client, &figures, today).await?;
    say(format!("\n{today} 首次巡查 first sweep\n{}", client::sweeps::table(&sweeps)));
    for (case, figures) in cases.iter().zip(&mut figures.townships) {
        let office = Office::of(ground, endpoint, case).await?;
        if let Some(sweep) = sweeps.iter().find(|sweep| sweep.township == figures.township) {
            figures.raised = client::sweeps::sorted(&sweep.raised);
        }
        count_people(&office, figures).await?;
        figures.due_this_month = due_this_month(&office, today).await?;
        to_do(&office, figures).await?;
        print::arrival(figures);
    }

    let last = three_months_after(today);
    say(format!("\n模拟 {today} 至 {last} 的三个月 three months on a simulated clock …"));
    life::live(ground, endpoint, clock, cases, &mut figures, today, last).await?;
    figures.ended_on = last.to_string();
    for (case, figures) in cases.iter().zip(&mut figures.townships) {
        let office = Office::of(ground, endpoint, case).await?;
        outcome(&office, figures).await?;
        print::outcome(figures);
    }
    Ok(figures)
}

fn upsert(case: &Case) -> UpsertTownshipRequest {
    UpsertTownshipRequest {
        request_id: request_id(),
        code: case.township.to_string(),
        name: case.name.clone(),
        etag: String::new(),
    }
}

async fn import(office: &Office, case: &Case) -> anyhow::Result<TownshipFigures> {
    let import = client::people::import(&office.clerk, &case.roster, false).await?;
    let mut figures =
        TownshipFigures { township: case.township.to_string(), name: case.name.clone(), ..TownshipFigures::default() };
    for result in &import.results {
        *figures.rows.entry(report::outcome_word(result.outcome()).to_owned()).or_default() += 1;
        for code in result.codes() {
            *figures.codes.entry(report::code_word(code).to_owned()).or_default() += 1;
        }
        if result.r#match() != RegisterMatch::Unspecified {
            let word = result.r#match().as_str_name().trim_start_matches("REGISTER_MATCH_").to_owned();
            *figures.register.entry(word).or_default() += 1;
        }
    }
    Ok(figures)
}

async fn count_people(office: &Office, figures: &mut TownshipFigures) -> anyhow::Result<()> {
    let everybody = client::people::everybody(&office.clerk, ListPeopleRequest::default()).await?;
    for person in &everybody {
        let level = ServiceLevel::ALL
            .into_iter()
            .find(|&level| people::ServiceLevel::from(level) == person.level())
            .unwrap_or(ServiceLevel::Unverified);
        *figures.people_by_level.entry(level.code().to_owned()).or_default() += 1;
        let groups = person.memberships.iter().filter(|membership| membership.until.is_none());
        for group in groups.filter_map(|membership| group_of(membership.group())) {
            *figures.people_by_group.entry(Group::code(group).to_owned()).or_default() += 1;
        }
    }
    Ok(())
}

async fn due_this_month(office: &Office, today: NaiveDate) -> anyhow::Result<Counts> {
    let first = today.with_day(1).unwrap_or(today);
    let last = first + Months::new(1) - chrono::Days::new(1);
    let request = GetWorkloadRequest {
        group_by: WorkloadGroup::Rule.into(),
        due: Some(DateRange { from: date(first), to: date(last) }),
        ..Default::default()
    };
    let rows = office.clerk.followup().get_workload(request).await.map_err(Problem::from)?.into_inner().rows;
    Ok(rows.into_iter().map(|row| (row.key, row.open)).collect())
}

/// Lines of the list of what to do that are shown.
const TO_DO_SHOWN: usize = 10;

/// What the office would see on its first day: everything open, by due day.
async fn to_do(office: &Office, figures: &mut TownshipFigures) -> anyhow::Result<()> {
    let request = ListDutiesRequest { states: vec![DutyState::Open.into()], ..Default::default() };
    let duties = client::duties::all(&office.coordinator, request).await?;
    figures.to_do_total = duties.len();
    let shown = &duties[..duties.len().min(TO_DO_SHOWN)];
    let names = client::duties::names(&office.coordinator, shown.iter().map(|duty| duty.person_id.clone()), "").await?;
    for duty in shown {
        figures.to_do.push(ToDo {
            due_on: day(duty.due_on.as_ref()),
            person_id: duty.person_id.clone(),
            name: names.get(&duty.person_id).cloned().unwrap_or_default(),
            village: duty.village.clone(),
            coordinator: duty.coordinator.clone(),
            rule: duty.rule.clone(),
        });
    }
    Ok(())
}

/// Six days into the fourth month: the grace of the third is over.
fn three_months_after(today: NaiveDate) -> NaiveDate {
    let first = today.with_day(1).unwrap_or(today);
    first + Months::new(3) + chrono::Days::new(5)
}

async fn outcome(office: &Office, figures: &mut TownshipFigures) -> anyhow::Result<()> {
    let request = GetWorkloadRequest { group_by: WorkloadGroup::Rule.into(), ..Default::default() };
    let rows = office.clerk.followup().get_workload(request).await.map_err(Problem::from)?.into_inner().rows;
    for row in rows {
        let states = States { done: row.done, missed: row.missed, released: row.released, open: row.open };
        figures.after_three_months.insert(row.key, states);
    }

    let missed = ListDutiesRequest { states: vec![DutyState::Missed.into()], ..Default::default() };
    let missed = client::duties::all(&office.clerk, missed).await?;
    let names = client::duties::names(&office.clerk, missed.iter().map(|duty| duty.person_id.clone()), "").await?;
    for duty in missed {
        let contacts = client::contacts::of(&office.clerk, &duty.person_id, "").await?;
        figures.missed.push(Missed {
            name: names.get(&duty.person_id).cloned().unwrap_or_default(),
            village: duty.village.clone(),
            coordinator: duty.coordinator.clone(),
            period_start: day(duty.period_start.as_ref()),
            due_on: day(duty.due_on.as_ref()),
            reason: print::why_missed(&duty, &contacts),
            rule: duty.rule,
            person_id: duty.person_id,
        });
    }
    Ok(())
}

//! Coordinators at the terminal: who serves whom, from when, and who stands in.

use bangfu::client::{
    self, Client,
    problem::Problem,
    terminal::{say, show},
};
use bangfu_kernel::Clock;
use bangfu_proto::followup::v1 as followup;
use chrono::NaiveDate;
use clap::Subcommand;

use super::{Connection, work::day};

#[derive(Debug, Subcommand)]
pub(super) enum CoordinatorsVerb {
    /// 协理员: who they are, what is theirs today, and how many people nobody serves.
    List {
        /// City callers: which township.
        #[arg(long, default_value = "", hide_default_value = true)]
        township: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// 登记: enters a coordinator, or changes account or capacity; what is left out stays as it is.
    Put {
        /// Name, as the roster's 协理员 column has it.
        name: String,
        /// The subject of their token; "": not known.
        #[arg(long)]
        account: Option<String>,
        /// Duties they can do in a month; 0: nothing is said.
        #[arg(long)]
        capacity: Option<i32>,
        #[command(flatten)]
        connection: Connection,
    },
    /// 村(社区)分工: says who serves a village: those of its people for whom neither an assignment of their own nor the register
    /// names anybody. Entered again for the same first day, it replaces what was entered before.
    AssignVillage {
        /// 村(社区)
        village: String,
        /// 协理员; left out: nobody from that day on.
        #[arg(long, default_value = "", hide_default_value = true)]
        to: String,
        /// First day; today when left out.
        #[arg(long, value_parser = day)]
        from: Option<NaiveDate>,
        #[command(flatten)]
        connection: Connection,
    },
    /// 个人指定: says who serves a person, whatever the village. Entered again for the same first day, it replaces what was entered
    /// before.
    AssignPerson {
        /// The person.
        person_id: String,
        /// 协理员; left out: the person's own assignment ends.
        #[arg(long, default_value = "", hide_default_value = true)]
        to: String,
        /// First day; today when left out.
        #[arg(long, value_parser = day)]
        from: Option<NaiveDate>,
        #[command(flatten)]
        connection: Connection,
    },
    /// 移交: all villages and people of one go to another; handed back on the same day, it is undone.
    HandOver {
        /// Who hands over.
        from_coordinator: String,
        /// Who takes over.
        to_coordinator: String,
        /// First day; today when left out.
        #[arg(long, value_parser = day)]
        on: Option<NaiveDate>,
        #[command(flatten)]
        connection: Connection,
    },
    /// 请假: enters an absence with its stand-in.
    Absence {
        /// Who is absent.
        coordinator: String,
        /// First day; today when left out.
        #[arg(long, value_parser = day)]
        from: Option<NaiveDate>,
        /// Last day.
        #[arg(long, value_parser = day)]
        to: NaiveDate,
        /// 代班人
        #[arg(long)]
        stand_in: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// 销假: today is the last day of an absence, or it never was.
    CancelAbsence {
        /// The absence.
        absence_id: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// 分工记录: assignments, the latest entered first, with who entered them and when; replaced ones, too.
    Assignments {
        /// Only this village's.
        #[arg(long, default_value = "", hide_default_value = true)]
        village: String,
        /// Only this person's.
        #[arg(long, default_value = "", hide_default_value = true)]
        person_id: String,
        /// City callers: which township.
        #[arg(long, default_value = "", hide_default_value = true)]
        township: String,
        /// At most so many lines.
        #[arg(long, default_value_t = 50)]
        limit: usize,
        #[command(flatten)]
        connection: Connection,
    },
}

impl CoordinatorsVerb {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let request_id = client::request_id();
        match self {
            Self::List { township, connection } => {
                let request = followup::ListCoordinatorsRequest { township };
                let listed = connection.open().await?.followup().list_coordinators(request).await;
                let listed = listed.map_err(Problem::from)?.into_inner();
                show(client::coordinators::table(&listed.coordinators));
                say(format_args!("待分配 unassigned: {} 人 people", listed.unassigned_people));
            }
            Self::Put { name, account, capacity, connection } => {
                let client = connection.open().await?;
                let before = standing(&client, &name).await?;
                let coordinator = Some(followup::Coordinator {
                    name,
                    account: account.unwrap_or(before.account),
                    capacity: capacity.unwrap_or(before.capacity),
                    ..Default::default()
                });
                let request = followup::PutCoordinatorRequest { request_id, coordinator };
                let put = client.followup().put_coordinator(request).await;
                say("已登记，现为 entered; what stands now:");
                show(client::coordinators::table(&[put.map_err(Problem::from)?.into_inner()]));
            }
            Self::AssignVillage { village, to, from, connection } => {
                let from = or_today(from);
                let request = followup::AssignVillageRequest { request_id, village, coordinator: to, from };
                let assigned = connection.open().await?.followup().assign_village(request).await;
                let assigned = assigned.map_err(Problem::from)?.into_inner();
                show(client::coordinators::assignments_table(std::slice::from_ref(&assigned)));
                for line in client::coordinators::shares(&assigned) {
                    say(line);
                }
            }
            Self::AssignPerson { person_id, to, from, connection } => {
                let from = or_today(from);
                let request = followup::AssignPersonRequest { request_id, person_id, coordinator: to, from };
                let assigned = connection.open().await?.followup().assign_person(request).await;
                show(client::coordinators::assignments_table(&[assigned.map_err(Problem::from)?.into_inner()]));
            }
            Self::HandOver { from_coordinator, to_coordinator, on, connection } => {
                let on = or_today(on);
                let request = followup::HandOverRequest { request_id, from_coordinator, to_coordinator, on };
                let handed = connection.open().await?.followup().hand_over(request).await;
                let handed = handed.map_err(Problem::from)?.into_inner();
                say(format_args!(
                    "自 {} 起移交 handed over: 村(社区) villages {}, {} 人 people",
                    client::day(on.as_ref()),
                    client::coordinators::names(&handed.villages),
                    handed.people
                ));
            }
            Self::Absence { coordinator, from, to, stand_in, connection } => {
                let (from, to) = (or_today(from), client::date(to));
                let request = followup::RecordAbsenceRequest { request_id, coordinator, from, to, stand_in };
                let absence = connection.open().await?.followup().record_absence(request).await;
                tell(&absence.map_err(Problem::from)?.into_inner());
            }
            Self::CancelAbsence { absence_id, connection } => {
                let request = followup::CancelAbsenceRequest { request_id, absence_id };
                let absence = connection.open().await?.followup().cancel_absence(request).await;
                let absence = absence.map_err(Problem::from)?.into_inner();
                say(format_args!("已销假 cancelled absence {}", absence.absence_id));
            }
            Self::Assignments { village, person_id, township, limit, connection } => {
                let request = followup::ListAssignmentsRequest { village, person_id, township, ..Default::default() };
                let listed = client::coordinators::assignments(&connection.open().await?, request, limit).await?;
                show(client::coordinators::assignments_table(&listed));
            }
        }
        Ok(())
    }
}

/// What stands about a coordinator; nothing where they were not entered.
async fn standing(client: &Client, name: &str) -> Result<followup::Coordinator, Problem> {
    let listed = client.followup().list_coordinators(followup::ListCoordinatorsRequest::default()).await?.into_inner();
    Ok(listed.coordinators.into_iter().find(|it| it.name == name).unwrap_or_default())
}

fn tell(absence: &followup::Absence) {
    say(format_args!(
        "已登记请假 absence {}: {} {} – {}, 代班 stand-in {}",
        absence.absence_id,
        absence.coordinator,
        client::day(absence.from.as_ref()),
        client::day(absence.to.as_ref()),
        absence.stand_in
    ));
}

fn or_today(day: Option<NaiveDate>) -> Option<bangfu_proto::common::v1::CalendarDate> {
    client::date(day.unwrap_or_else(|| Clock::system().today()))
}

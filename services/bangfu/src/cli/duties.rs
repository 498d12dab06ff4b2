//! Duties at the terminal: what is owed, whose list it is, and how the work is shared.

use anyhow::Context as _;
use bangfu::client::{
    self, Client,
    problem::Problem,
    terminal::{say, show},
};
use bangfu_kernel::Clock;
use bangfu_proto::{
    common::v1::DateRange,
    followup::v1::{self as followup, WorkloadGroup},
};
use chrono::NaiveDate;
use clap::{Args, Subcommand};

use super::{Connection, calendar::without_table, work::day};

#[derive(Debug, Subcommand)]
pub(super) enum DutiesVerb {
    /// 待办事项: open duties by due day. What is due by the end of the month: --until. What to do today: --today.
    List(Box<ListArgs>),
    /// 工作量: duties counted by coordinator, village or rule.
    Workload {
        /// coordinator, village or rule.
        #[arg(long, value_parser = group, default_value = "coordinator")]
        by: WorkloadGroup,
        /// Only duties due up to this day.
        #[arg(long, value_parser = day)]
        until: Option<NaiveDate>,
        /// City callers: which township.
        #[arg(long, default_value = "", hide_default_value = true)]
        township: String,
        #[command(flatten)]
        connection: Connection,
    },
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option as typed")]
pub(super) struct ListArgs {
    /// 今日工作: what is overdue, then what is recommended up to today, village by village.
    #[arg(long, conflicts_with_all = ["until", "all"])]
    today: bool,
    /// Due up to this day.
    #[arg(long, value_parser = day)]
    until: Option<NaiveDate>,
    /// Only this coordinator's people.
    #[arg(long, default_value = "", hide_default_value = true)]
    coordinator: String,
    /// 本人: only the people of the coordinator whose account is the token's subject.
    #[arg(long, conflicts_with_all = ["coordinator", "unassigned"])]
    mine: bool,
    /// 待分配: only people whom nobody serves.
    #[arg(long, conflicts_with = "coordinator")]
    unassigned: bool,
    /// Only this village.
    #[arg(long, default_value = "", hide_default_value = true)]
    village: String,
    /// Only this person.
    #[arg(long, default_value = "", hide_default_value = true)]
    person_id: String,
    /// Closed ones, too.
    #[arg(long)]
    all: bool,
    /// City callers: which township.
    #[arg(long, default_value = "", hide_default_value = true)]
    township: String,
    /// At most so many lines.
    #[arg(long, default_value_t = 50)]
    limit: usize,
    #[command(flatten)]
    connection: Connection,
}

impl DutiesVerb {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::List(args) => args.run().await,
            Self::Workload { by, until, township, connection } => {
                let due = until.map(|day| DateRange { from: None, to: client::date(day) });
                let request = followup::GetWorkloadRequest { group_by: by.into(), township, due };
                let counted = connection.open().await?.followup().get_workload(request).await;
                show(client::duties::workload_table(by, &counted.map_err(Problem::from)?.into_inner().rows));
                Ok(())
            }
        }
    }
}

impl ListArgs {
    async fn run(mut self) -> anyhow::Result<()> {
        let client = self.connection.open().await?;
        if self.mine {
            self.coordinator = whose_token(&client, &self.township).await?;
        }
        let this_day = Clock::system().today();
        let duties = client::duties::all(&client, self.request(this_day)).await?;
        let shown = &duties[..duties.len().min(self.limit)];
        let people = shown.iter().map(|duty| duty.person_id.clone());
        let names = client::duties::names(&client, people, &self.township).await?;
        if self.today {
            say(format_args!("{this_day} 今日工作 today's work: {}", self.whose()));
            show(client::duties::work_table(shown, &names, this_day));
        } else {
            show(client::duties::table(shown, &names));
        }
        say(format_args!("共 {} 项 duties, 显示 {} 项 shown", duties.len(), shown.len()));
        for year in client::calendars::without_table(&client, client::calendars::doubtful(&duties)).await? {
            say(without_table(year));
        }
        Ok(())
    }

    fn request(&self, this_day: NaiveDate) -> followup::ListDutiesRequest {
        followup::ListDutiesRequest {
            coordinator: self.coordinator.clone(),
            unassigned: self.unassigned,
            village: self.village.clone(),
            person_id: self.person_id.clone(),
            township: self.township.clone(),
            states: if self.all { Vec::new() } else { vec![followup::DutyState::Open.into()] },
            due: self.until.map(|day| DateRange { from: None, to: client::date(day) }),
            order: if self.today { followup::DutyOrder::Work.into() } else { 0 },
            recommended_to: self.today.then(|| client::date(this_day)).flatten(),
            ..Default::default()
        }
    }

    /// Whose list it is: "协理员 coordinator 协理员乙, 村(社区) village 李庄".
    fn whose(&self) -> String {
        let mut whose = Vec::new();
        if self.unassigned {
            whose.push("待分配 the unassigned queue".to_owned());
        } else if !self.coordinator.is_empty() {
            whose.push(format!("协理员 coordinator {}", self.coordinator));
        }
        if !self.village.is_empty() {
            whose.push(format!("村(社区) village {}", self.village));
        }
        if !self.person_id.is_empty() {
            whose.push(format!("服务对象 person {}", self.person_id));
        }
        if whose.is_empty() {
            "全区镇所有协理员 all coordinators of the township (--mine: 只看本人 your own)".to_owned()
        } else {
            whose.join(", ")
        }
    }
}

/// The coordinator whom the token speaks for: the one with its subject as their account, or as their name where no account
/// was entered.
async fn whose_token(client: &Client, township: &str) -> anyhow::Result<String> {
    let request = followup::ListCoordinatorsRequest { township: township.to_owned() };
    let listed = client.followup().list_coordinators(request).await.map_err(Problem::from)?.into_inner();
    let subject = client.subject();
    let mine = |it: &&followup::Coordinator| {
        let theirs = if it.account.is_empty() { &it.name } else { &it.account };
        !subject.is_empty() && *theirs == subject
    };
    let found = listed.coordinators.iter().find(mine).map(|it| it.name.clone());
    found.with_context(|| {
        format!(
            "没有账号为 {subject} 的协理员：请业务员登记，或改用 --coordinator 姓名 no coordinator has the account {subject}: a \
             clerk enters it with `bangfu coordinators put NAME --account {subject}`; or use --coordinator NAME"
        )
    })
}

fn group(word: &str) -> anyhow::Result<WorkloadGroup> {
    WorkloadGroup::from_str_name(&format!("WORKLOAD_GROUP_{}", word.to_uppercase()))
        .filter(|&group| group != WorkloadGroup::Unspecified)
        .context("应为下列之一 one of coordinator, village, rule")
}

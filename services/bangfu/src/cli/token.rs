//! `bangfu token`: a token of the development ground.

use std::path::PathBuf;

use anyhow::Context as _;
use bangfu::{client::terminal::say, development};
use bangfu_kernel::{
    Clock, Role, Township,
    caller::{role_of_word, role_word},
};
use bangfu_platform::auth::issuer::NewToken;
use clap::Args;

#[derive(Debug, Args)]
pub(super) struct TokenArgs {
    /// coordinator, clerk, reviewer (of a township); bureau, finance, auditor (of the city); partner, service.
    #[arg(long, value_parser = role)]
    role: Role,
    /// Code of the township; none for the city's roles.
    #[arg(long)]
    township: Option<Township>,
    /// Coordinators: villages they serve; none: all.
    #[arg(long)]
    village: Vec<String>,
    /// The account's name, which stands in audit entries and contacts; left out: the role's.
    #[arg(long)]
    subject: Option<String>,
    /// Folder of the development ground.
    #[arg(long, env = "BANGFU_HOME", default_value = ".bangfu")]
    home: PathBuf,
}

pub(super) fn print(args: &TokenArgs) -> anyhow::Result<()> {
    let township_role = matches!(args.role, Role::Coordinator | Role::Clerk | Role::Reviewer);
    anyhow::ensure!(
        !township_role || args.township.is_some(),
        "该岗位属于区镇，请加 --township 代码 this role belongs to a township: add --township CODE"
    );
    anyhow::ensure!(
        township_role || args.township.is_none(),
        "该岗位属于全市，不应加 --township this role belongs to the whole city: leave --township out"
    );
    let token = NewToken {
        subject: args.subject.clone().unwrap_or_else(|| role_word(args.role)),
        city: development::CITY.to_owned(),
        township: args.township.clone(),
        roles: vec![args.role],
        villages: args.village.clone(),
        life: std::time::Duration::from_mins(15),
    };
    say(format_args!("{}", development::issuer(&args.home)?.issue(&token, Clock::system().now())));
    Ok(())
}

fn role(word: &str) -> anyhow::Result<Role> {
    role_of_word(word)
        .context("应为下列之一 one of coordinator, clerk, reviewer, bureau, finance, auditor, partner, service")
}

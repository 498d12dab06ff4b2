//! `bangfu plan …`: what would be owed, asked of the planner without any server.

use std::{
    fs,
    io::{self, BufWriter, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context as _;
use bangfu::client::table::Table;
use bangfu_followup::{
    model::{
        duty::{DutyState, ReleaseReason},
        standard::{Standard, Standards},
    },
    offline::{self, Line, Subject},
};
use bangfu_kernel::{Error, calendar};
use chrono::NaiveDate;
use clap::Args;

/// A file could not be read as what it should be.
const UNREADABLE: u8 = 2;

/// Histories from a file, duties as lines.
#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    /// JSON: persons and households with their facts and what was done for them.
    #[arg(long, value_name = "FILE.json")]
    history: PathBuf,
    /// As of which day: with what the office knew on it, that day's steps included.
    #[arg(long, value_name = "DATE", value_parser = day)]
    as_of: NaiveDate,
    /// A standard to plan under instead of the one that comes with the suite (TOML); several: each in force from its day.
    #[arg(long, value_name = "FILE.toml")]
    standard: Vec<PathBuf>,
    /// One JSON object a line, sorted by subject, rule, period and slot.
    #[arg(long)]
    json: bool,
}

/// A date of the years that the suite knows.
fn day(text: &str) -> Result<NaiveDate, String> {
    let day = text.parse::<NaiveDate>().ok().filter(|day| (calendar::EARLIEST..=calendar::LATEST).contains(day));
    day.ok_or_else(|| format!("应为{}至{}的日期 must be a date like 2026-01-05", calendar::EARLIEST, calendar::LATEST))
}

/// Does it, and gives the exit code: 2 when a file is not what it should be.
pub(crate) fn run(args: &PlanArgs) -> anyhow::Result<ExitCode> {
    let standards = match standards(&args.standard)? {
        Ok(standards) => standards,
        Err((file, error)) => return Ok(refuse(&file, &error)),
    };
    let subjects = match offline::subjects(&text(&args.history)?) {
        Ok(subjects) => subjects,
        Err(error) => return Ok(refuse(&args.history, &error)),
    };
    let lines = offline::lines(&subjects, &standards, args.as_of)?;
    let mut out = BufWriter::new(io::stdout().lock());
    let written = if args.json { json(&mut out, &lines) } else { table(&mut out, &subjects, &lines) };
    match written.and_then(|()| out.flush()) {
        // Whoever reads the first lines only has what they want.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        written => written.context("无法输出结果 cannot write the duties")?,
    }
    Ok(ExitCode::SUCCESS)
}

fn text(file: &Path) -> anyhow::Result<String> {
    fs::read_to_string(file).with_context(|| format!("无法读取文件 cannot read {}", file.display()))
}

/// The shipped one alone, or those of the files; or the file at fault.
fn standards(files: &[PathBuf]) -> anyhow::Result<Result<Standards, (PathBuf, Error)>> {
    if files.is_empty() {
        return Ok(Ok(Standards::shipped()?));
    }
    let mut standards = Vec::with_capacity(files.len());
    for file in files {
        match Standard::parse(&text(file)?) {
            Ok(standard) => standards.push(standard),
            Err(error) => return Ok(Err((file.clone(), error))),
        }
    }
    Ok(Standards::new(standards).map_err(|error| (files[0].clone(), error)))
}

fn refuse(file: &Path, error: &Error) -> ExitCode {
    match error {
        Error::Invalid(faults) => {
            eprintln!("{}: 有误 is not right:", file.display());
            for (field, rule) in faults.iter() {
                eprintln!("  {field}: {} {}", rule.zh, rule.en);
            }
        }
        error => eprintln!("{}: {error}", file.display()),
    }
    ExitCode::from(UNREADABLE)
}

fn json(out: &mut impl io::Write, lines: &[Line]) -> io::Result<()> {
    for line in lines {
        serde_json::to_writer(&mut *out, line)?;
        writeln!(out)?;
    }
    Ok(())
}

fn table(out: &mut impl io::Write, subjects: &[Subject], lines: &[Line]) -> io::Result<()> {
    let mut table = Table::new([
        "对象 subject",
        "事项 rule",
        "周期 period",
        "序",
        "开始 opens",
        "截止 due",
        "状态 state",
        "日期 on",
        "依据 by",
    ]);
    for line in lines {
        let by = match (&line.settled_by, line.reason) {
            (Some(id), _) => id.to_string(),
            (None, reason) => reason.map(released).unwrap_or_default(),
        };
        table.row([
            line.subject.to_string(),
            line.rule.clone(),
            line.period_start.to_string(),
            line.slot.to_string(),
            line.opens_on.to_string(),
            line.due_on.to_string(),
            stands(line.state),
            line.state_on.to_string(),
            by,
        ]);
    }
    write!(out, "{table}")?;
    writeln!(out, "{} 人（户），{} 项 subjects, duties", subjects.len(), lines.len())
}

fn stands(state: DutyState) -> String {
    let word = match state {
        DutyState::Open => "待办",
        DutyState::Done => "已完成",
        DutyState::Missed => "逾期未做",
        DutyState::Released => "已解除",
        DutyState::Waived => "已豁免",
    };
    format!("{word} {}", state.code())
}

fn released(reason: ReleaseReason) -> String {
    let word = match reason {
        ReleaseReason::Deceased => "死亡",
        ReleaseReason::Exited => "退出服务",
        ReleaseReason::Transferred => "转出",
        ReleaseReason::LevelChanged => "服务等级变化",
        ReleaseReason::ConditionEnded => "条件不再成立",
    };
    format!("{word} {}", reason.code())
}

//! `bangfu roster …`: rosters without any server. What would become of each row, and made-up ones for trying.

use std::{
    fs::File,
    io::{self, BufWriter, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context as _;
use bangfu_kernel::Clock;
use bangfu_people::roster::{self, SheetError, report, sample};
use chrono::NaiveDate;

/// The file could not be read as a roster.
const UNREADABLE: u8 = 2;

/// What to do with a roster.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum RosterCommand {
    /// Says what would become of each row. Exit code 0: the file was read, whatever the rows; 2: it could not be.
    Check {
        /// An .xlsx workbook or a CSV in UTF-8 or GB18030.
        file: PathBuf,
        /// JSON lines: one a row, the last with the sums.
        #[arg(long)]
        json: bool,
    },
    /// Makes up a roster in the ledger form, faults included. Its people are nobody; the same seed gives the same rows.
    Sample {
        /// How many rows: 1 to 200,000.
        #[arg(long)]
        rows: u32,
        /// Decides everything that chance decides.
        #[arg(long)]
        seed: u64,
        /// The workbook to write.
        #[arg(long, value_name = "FILE.xlsx")]
        out: PathBuf,
        /// Also writes what should become of each row, as JSON.
        #[arg(long, value_name = "FILE.json")]
        key: Option<PathBuf>,
        /// 填报日期
        #[arg(long, value_name = "DATE", default_value_t = sample::LEDGER_ON)]
        ledger_date: NaiveDate,
        /// Name of the township, for the title.
        #[arg(long, default_value = "示范镇")]
        township: String,
    },
}

/// Does it, and gives the exit code.
pub(crate) fn run(command: RosterCommand) -> anyhow::Result<ExitCode> {
    match command {
        RosterCommand::Check { file, json } => check(&file, json),
        RosterCommand::Sample { rows, seed, out, key, ledger_date, township } => {
            let order = sample::Order { rows, seed, ledger_on: ledger_date, township };
            make(&order, &out, key.as_deref())
        }
    }
}

fn check(file: &Path, json: bool) -> anyhow::Result<ExitCode> {
    let roster = match roster::read(file) {
        Ok(roster) => roster,
        Err(error) => {
            refuse(file, &error);
            return Ok(ExitCode::from(UNREADABLE));
        }
    };
    let ledger_on = roster.ledger_on.unwrap_or_else(|| Clock::system().today());
    let judged = roster::judge(roster.rows.iter().cloned(), ledger_on);
    let mut out = BufWriter::new(io::stdout().lock());
    let written = if json {
        report::write_json(&mut out, &judged.verdicts)
    } else {
        report::write_table(&mut out, &roster.rows, &judged.verdicts, ledger_on)
    };
    match written.and_then(|()| out.flush()) {
        // Whoever reads the first lines only has what they want.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        written => written.context("无法输出结果 cannot write the report")?,
    }
    told(&roster);
    tell_too_long(&roster);
    Ok(ExitCode::SUCCESS)
}

/// Says on stderr what of the file was not taken as rows, so that nothing is skipped silently.
fn told(roster: &roster::Roster) {
    if !roster.passed_over.is_empty() {
        let lines = roster.passed_over.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        eprintln!("视为说明、未作人员处理：第 {lines} 行 lines passed over as notes");
    }
    if !roster.other_sheets.is_empty() {
        let sheets = roster.other_sheets.join(", ");
        eprintln!("only sheet {} was read, not 仅读取了该工作表，未读取: {sheets}", roster.sheet);
    }
    if roster.ledger_on.is_none() {
        eprintln!("no ledger date in the file, today's is used 文件中没有填报日期，按今天处理");
    }
}

/// Says which cells have more text than is taken: because of them an import of the file is refused as a whole.
fn tell_too_long(roster: &roster::Roster) {
    for row in &roster.rows {
        for column in roster::too_long(row) {
            let (number, header, most) = (row.row, column.header(), column.most_characters());
            eprintln!(
                "row {number}: {header} must have at most {most} characters, the import would be refused \
                 第{number}行“{header}”不得超过{most}个字，须改短后才能导入"
            );
        }
    }
}

fn refuse(file: &Path, error: &SheetError) {
    eprintln!("{}: {error}", file.display());
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        eprintln!("  because: {error}");
        cause = error.source();
    }
}

fn make(order: &sample::Order, out: &Path, key: Option<&Path>) -> anyhow::Result<ExitCode> {
    let right = out.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("xlsx"));
    anyhow::ensure!(right, "样例为工作簿，文件名应以 .xlsx 结尾 a sample is a workbook: name it FILE.xlsx");
    let meant = sample::write(order, out).with_context(|| format!("无法写入文件 cannot write {}", out.display()))?;
    if let Some(key) = key {
        let file = File::create(key).with_context(|| format!("无法写入文件 cannot write {}", key.display()))?;
        let mut file = BufWriter::new(file);
        report::write_key(&mut file, &meant).and_then(|()| file.flush()).context("cannot write the key")?;
    }
    println!("已生成 {} 行样例 rows written to {}", order.rows, out.display());
    Ok(ExitCode::SUCCESS)
}

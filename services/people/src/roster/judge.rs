//! What becomes of each row: accepted, merged into an earlier one, or rejected, with every fault found. Domain text,
//! section 6.
//!
//! Where the domain text leaves something open:
//! - Codes stand in the order of the contract's `RowCode`: rejecting, merging, warning. Any rejecting code rejects.
//! - Age, sex, date and check digit of an 18-character number are each examined, whatever the others say.
//! - A name that was read with a good number keeps that number from other names, even when its row was rejected for
//!   something else. A row is a duplicate only of an *accepted* one: a person is not lost with a rejected first row.
//! - An empty status or date is warned of like an unreadable one, because something is put in its place; an empty phone
//!   or sex is not.
//! - ID numbers and mobile phones in texts that are stored unencrypted (all but name, number, phone and remark) become stars.
//! - A graduation date that cannot be read is DATE_UNREADABLE and left out; it may lie in the future.

mod employment;
mod groups;
mod identity;
pub(crate) mod phone;
mod words;

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    sync::Arc,
};

use bangfu_kernel::{EmploymentStatus, Group, IdNumber, Insured};
use bangfu_proto::people::v1::{RowCode, RowOutcome};
use chrono::NaiveDate;

pub(super) use self::groups::ALIASES;
use self::{identity::Identity, words::Words};
use super::{date, normal, row::RosterRow};

/// What became of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The row's number.
    pub row: i32,
    /// Accepted, merged or rejected.
    pub outcome: RowOutcome,
    /// All that was found, in the order of the contract: rejecting codes first.
    pub codes: Vec<RowCode>,
    /// The groups known from the row; of a merged row: those of the person after the merge.
    pub groups: BTreeSet<Group>,
    /// The status taken from the row.
    pub status: EmploymentStatus,
}

/// A row that was accepted: everything parsed, groups of merged rows joined. `Debug` shows no personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct AcceptedRow {
    /// The row's number.
    pub row: i32,
    /// 身份证号码
    pub id: IdNumber,
    /// 姓名, without spaces.
    pub name: String,
    /// 联系电话: digits only; `None` when there was none that is valid.
    pub phone: Option<String>,
    /// 村(社区); may be empty. Texts that recur are shared, which halves the memory of a long roster.
    pub village: Arc<str>,
    /// 文化程度; may be empty.
    pub education: Arc<str>,
    /// 协理员; may be empty.
    pub coordinator: Arc<str>,
    /// 人员类别: at least one.
    pub groups: BTreeSet<Group>,
    /// 就业情况
    pub employment: Spell,
    /// 就业意愿; may be empty.
    pub job_wish: Arc<str>,
    /// 培训意愿; may be empty.
    pub training_wish: Arc<str>,
    /// 毕业时间
    pub graduated_on: Option<NaiveDate>,
    /// 备注; may be empty.
    pub remark: Arc<str>,
    /// The codes it was accepted with.
    pub warnings: Vec<RowCode>,
}

/// What a row says of employment (就业情况).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spell {
    /// 就业状态
    pub status: EmploymentStatus,
    /// 就业(失业)时间: the row's date, or the ledger's.
    pub effective_on: NaiveDate,
    /// 合同期限 in months; 0: not known.
    pub contract_months: i32,
    /// 是否参保
    pub insured: Insured,
    /// 就业单位/从事工作; may be empty.
    pub employer: Arc<str>,
}

/// The judgement of a whole roster.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Judged {
    /// One verdict a row, in the order taken.
    pub verdicts: Vec<Verdict>,
    /// The accepted rows, in the order taken.
    pub accepted: Vec<AcceptedRow>,
}

/// Judges rows one after the other. Merges change an earlier row, so accepted rows come out at the end only.
pub struct Judge {
    ledger_on: NaiveDate,
    judged: Judged,
    claims: HashMap<u64, Claim>,
    words: Words,
}

/// Whose a number is, as the rows up to here say.
enum Claim {
    /// That of the accepted row with this index.
    Accepted(usize),
    /// Of this name, whose rows were all rejected.
    Rejected(Box<str>),
}

impl fmt::Debug for AcceptedRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AcceptedRow")
            .field("row", &self.row)
            .field("id", &self.id)
            .field("groups", &self.groups)
            .field("status", &self.employment.status)
            .field("warnings", &self.warnings)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Judge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Judge").field("ledger_on", &self.ledger_on).finish_non_exhaustive()
    }
}

/// Judges all rows of a roster whose date is `ledger_on`.
pub fn judge(rows: impl IntoIterator<Item = RosterRow>, ledger_on: NaiveDate) -> Judged {
    let mut judge = Judge::new(ledger_on);
    for row in rows {
        judge.take(&row);
    }
    judge.finish()
}

impl Judge {
    /// A judge of a roster whose date (填报日期) is `ledger_on`.
    pub fn new(ledger_on: NaiveDate) -> Self {
        Self { ledger_on, judged: Judged::default(), claims: HashMap::new(), words: Words::default() }
    }

    /// Judges the next row.
    pub fn take(&mut self, row: &RosterRow) -> &Verdict {
        self.take_with(row, None)
    }

    /// Judges the next row, which has a fault outside of what a roster has: that one rejects it, whatever else it holds.
    pub fn take_with(&mut self, row: &RosterRow, rejecting: Option<RowCode>) -> &Verdict {
        let mut codes = Vec::from_iter(rejecting);
        let name = normal::compact(&row.name);
        if name.is_empty() {
            codes.push(RowCode::NameMissing);
        }
        let identity = Identity::of(row, self.ledger_on, &mut codes);
        let groups = groups::of(&row.groups, &mut codes);
        let phone = phone::of(&row.phone, &mut codes);
        let employment = self.spell(row, &mut codes);
        let graduated_on = employment::graduation(&row.graduated_on, &mut codes);
        let status = employment.status;

        let first = identity.number.as_ref().and_then(|number| self.first(number, &name, &mut codes));
        codes.sort_unstable();
        codes.dedup();

        let outcome = if rejecting.is_some() { RowOutcome::Rejected } else { outcome(&codes) };
        let verdict_groups = match (outcome, first) {
            (RowOutcome::Merged, Some(first)) => self.join(first, groups.clone()),
            _ => groups.clone(),
        };
        if let Some(id) = identity.number {
            let accepted = (outcome == RowOutcome::Accepted).then_some(self.judged.accepted.len());
            self.claim(&id, &name, accepted);
            if accepted.is_some() {
                self.judged.accepted.push(AcceptedRow {
                    row: row.row,
                    id,
                    name,
                    phone,
                    village: self.words.plain(normal::compact(&row.village)),
                    education: self.words.plain(normal::compact(&row.education)),
                    coordinator: self.words.plain(normal::compact(&row.coordinator)),
                    groups,
                    employment,
                    job_wish: self.words.plain(normal::free(&row.job_wish)),
                    training_wish: self.words.plain(normal::free(&row.training_wish)),
                    graduated_on,
                    remark: self.words.share(normal::free(&row.remark)),
                    warnings: codes.clone(),
                });
            }
        }
        codes.shrink_to_fit();
        let verdict = Verdict { row: row.row, outcome, codes, groups: verdict_groups, status };
        let at = self.judged.verdicts.len();
        self.judged.verdicts.push(verdict);
        &self.judged.verdicts[at]
    }

    /// The whole judgement.
    pub fn finish(self) -> Judged {
        self.judged
    }

    fn spell(&mut self, row: &RosterRow, codes: &mut Vec<RowCode>) -> Spell {
        Spell {
            status: employment::status(&row.status, codes),
            effective_on: employment::since(&row.status_since, self.ledger_on, codes),
            contract_months: employment::months(&row.contract_months),
            insured: employment::insured(&row.insured),
            employer: self.words.plain(normal::free(&row.employer)),
        }
    }

    /// The groups of the first row after the later row's joined them.
    fn join(&mut self, first: usize, groups: BTreeSet<Group>) -> BTreeSet<Group> {
        let Some(first) = self.judged.accepted.get_mut(first) else { return groups };
        first.groups.extend(groups);
        first.groups.clone()
    }

    /// The accepted row of the same person, if there is one; the codes tell of it, or of another name's row.
    fn first(&self, number: &IdNumber, name: &str, codes: &mut Vec<RowCode>) -> Option<usize> {
        let claim = self.claims.get(&key(number))?;
        let (whose, first) = match claim {
            Claim::Accepted(first) => (self.judged.accepted.get(*first)?.name.as_str(), Some(*first)),
            Claim::Rejected(name) => (&**name, None),
        };
        if !name.is_empty() && whose != name {
            codes.push(RowCode::IdUsedByOtherName);
            return None;
        }
        codes.extend(first.map(|_| RowCode::DuplicateInFile));
        first
    }

    /// The first name seen with a number keeps it; its first accepted row is the person's.
    fn claim(&mut self, number: &IdNumber, name: &str, accepted: Option<usize>) {
        match accepted {
            Some(row) => drop(self.claims.insert(key(number), Claim::Accepted(row))),
            None if name.is_empty() => {}
            None => drop(self.claims.entry(key(number)).or_insert_with(|| Claim::Rejected(name.into()))),
        }
    }
}

/// A number in eight bytes: the check digit follows from the other 17, and those are below 2^64.
fn key(number: &IdNumber) -> u64 {
    number.reveal()[..17].parse().unwrap_or_default()
}

/// Rejecting codes reject, a merging one merges, warnings accept: the table of the domain text.
fn outcome(codes: &[RowCode]) -> RowOutcome {
    use RowCode as C;
    let weight = |code: &RowCode| match code {
        C::Unspecified | C::SexMismatch | C::PhoneInvalid | C::StatusUnknown | C::DateUnreadable | C::DateInFuture => {
            RowOutcome::Accepted
        }
        C::DuplicateInFile => RowOutcome::Merged,
        C::NameMissing
        | C::IdLength
        | C::IdCheckDigit
        | C::IdBirthDate
        | C::IdLostDigits
        | C::UnderAge
        | C::GroupMissing
        | C::GroupUnknown
        | C::IdUsedByOtherName => RowOutcome::Rejected,
    };
    codes.iter().map(weight).max().unwrap_or(RowOutcome::Accepted)
}

//! The groups (人员类别) in one cell, aliases included. Domain text, section 1.

use std::collections::BTreeSet;

use bangfu_kernel::Group;
use bangfu_proto::people::v1::RowCode;

use crate::roster::normal;

/// What stands between two groups, after full-width commas and semicolons became narrow.
const SEPARATORS: [char; 3] = ['、', ',', ';'];

/// Words met in real ledgers besides the office's own.
pub(crate) const ALIASES: [(&str, Group); 11] = [
    ("登记失业", Group::RegisteredUnemployed),
    ("失业登记人员", Group::RegisteredUnemployed),
    ("就业困难", Group::EmploymentDifficulty),
    ("就困人员", Group::EmploymentDifficulty),
    ("高校毕业生(未就业)", Group::CollegeGraduate),
    ("大学毕业生", Group::CollegeGraduate),
    ("相对贫困", Group::RelativePoverty),
    ("低收入", Group::RelativePoverty),
    ("退役军人", Group::Veteran),
    ("复退军人", Group::Veteran),
    ("返乡人员", Group::ReturnedMigrant),
];

/// The groups of a cell; those known, with GROUP_UNKNOWN if there are others, GROUP_MISSING if there are none at all.
pub(super) fn of(cell: &str, codes: &mut Vec<RowCode>) -> BTreeSet<Group> {
    let text = normal::compact(cell);
    let words = text.split(SEPARATORS).filter(|word| !word.is_empty()).collect::<Vec<_>>();
    if words.is_empty() {
        codes.push(RowCode::GroupMissing);
    }
    if words.iter().any(|word| group(word).is_none()) {
        codes.push(RowCode::GroupUnknown);
    }
    words.into_iter().filter_map(group).collect()
}

fn group(word: &str) -> Option<Group> {
    Group::ALL
        .into_iter()
        .find(|group| group.office_word() == word)
        .or_else(|| ALIASES.iter().find(|(alias, _)| *alias == word).map(|&(_, group)| group))
}

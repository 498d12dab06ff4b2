//! Standards for tests: the shipped one with `once` rules, and a busier pair whose second version changes cadences.

use bangfu_followup::model::standard::{Standard, Standards};

const NOTICE: &str = include_str!("../../standards/2021-03-01.toml");

const REGISTRATION_HELP: &str = r#"
[[rule]]
id = "registration_help"
office_name = "就业登记指导"
source = "test"
service = "EMPLOYMENT_REGISTRATION_HELP"
levels = ["STABLE", "FLEXIBLE"]
every = "ONCE"
within_days = 30
after = ["UNEMPLOYED", "NO_INTENTION", "UNVERIFIED"]
count = 1
"#;

const GROUP_RULES: &str = r#"
[[rule]]
id = "unemployment_benefit"
office_name = "失业保险待遇协助"
source = "test"
service = "UNEMPLOYMENT_INSURANCE_HELP"
levels = ["UNEMPLOYED"]
groups = ["REGISTERED_UNEMPLOYED", "VETERAN"]
every = "ONCE"
within_days = 30
count = 1

[[rule]]
id = "career_planning"
office_name = "职业规划"
source = "test"
service = "CAREER_PLANNING"
levels = ["UNEMPLOYED"]
groups = ["COLLEGE_GRADUATE"]
every = "YEAR"
count = 1

[[rule]]
id = "post_delivery"
office_name = "送岗位"
source = "test"
service = "POST_DELIVERY"
groups = ["VETERAN"]
every = "HALF_YEAR"
count = 1
min_days = 60
entry_grace_days = 0
"#;

/// In force from the middle of a month, of a half-year and of a year: the same rule ids under other cadences.
const SECOND: &str = r#"
version = "second"
in_force_from = "2026-05-15"
min_days = 5
entry_grace_days = 9

[[rule]]
id = "follow_up.stable"
office_name = "稳定就业人员跟踪服务"
source = "test"
service = "FOLLOW_UP"
levels = ["STABLE"]
every = "HALF_YEAR"
count = 1

[[rule]]
id = "follow_up.flexible"
office_name = "灵活就业人员跟踪服务"
source = "test"
service = "FOLLOW_UP"
levels = ["FLEXIBLE", "NO_INTENTION"]
every = "MONTH"
count = 1

[[rule]]
id = "follow_up.unemployed"
office_name = "失业人员跟踪服务"
source = "test"
service = "FOLLOW_UP"
levels = ["UNEMPLOYED"]
every = "MONTH"
count = 1
min_days = 28

[[rule]]
id = "131.job_referral"
office_name = "职业介绍"
source = "test"
service = "JOB_REFERRAL"
levels = ["UNEMPLOYED", "UNVERIFIED"]
every = "YEAR"
count = 2
quota = "FULL"

[[rule]]
id = "registration_help"
office_name = "就业登记指导"
source = "test"
service = "EMPLOYMENT_REGISTRATION_HELP"
levels = ["STABLE", "FLEXIBLE"]
every = "ONCE"
within_days = 45
"#;

/// The notice, with `registration_help` as section 3 words it.
pub(crate) fn worked() -> Standards {
    let standard = Standard::parse(&format!("{NOTICE}{REGISTRATION_HELP}")).expect("it is valid");
    Standards::new(vec![standard]).expect("they are valid")
}

/// All kinds of rule, and a second version from 2026-05-15.
pub(crate) fn busy() -> Standards {
    let first = Standard::parse(&format!("{NOTICE}{REGISTRATION_HELP}{GROUP_RULES}")).expect("it is valid");
    let second = Standard::parse(&format!("{SECOND}count = 1\n{GROUP_RULES}")).expect("it is valid");
    Standards::new(vec![second, first]).expect("they are valid")
}

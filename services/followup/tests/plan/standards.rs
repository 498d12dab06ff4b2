//! Standards for tests: the shipped one, and a busier pair whose second version changes cadences.

use bangfu_followup::model::standard::{Standard, Standards};

const NOTICE: &str = include_str!("../../standards/2021-03-01.toml");

/// A rule with a period of its own length, much to remain of it, and no grace.
const VETERANS: &str = r#"
id = "career_planning"
office_name = "职业规划"
source = "test"
service = "CAREER_PLANNING"
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
count = 1

[[rule]]
id = "recognition_help"
office_name = "困难认定协助"
source = "test"
service = "RECOGNITION_HELP"
groups = ["COLLEGE_GRADUATE"]
recognised = true
every = "YEAR"
count = 4
quota = "BY_MONTH"

[[rule]]
id = "post_delivery"
office_name = "送岗位"
source = "test"
service = "POST_DELIVERY"
levels = ["UNEMPLOYED", "FLEXIBLE"]
every = "WINDOW"
window = { festival = "SPRING_FESTIVAL", days_before = 40, days_after = 5 }
count = 1
channels = ["SMS", "COUNTER"]
results = ["REACHED_SELF", "AWAY"]
min_days = 3

[[rule]]
id = "household_clearing"
office_name = "零就业家庭清零"
source = "test"
service = "HOUSEHOLD_CLEARING"
household = true
every = "HALF_YEAR"
count = 1
"#;

/// The notice.
pub(crate) fn worked() -> Standards {
    Standards::shipped().expect("it is valid")
}

/// All kinds of rule, and a second version from 2026-05-15.
pub(crate) fn busy() -> Standards {
    let blocks =
        NOTICE.split("[[rule]]").map(|block| if block.contains("\"career_planning\"") { VETERANS } else { block });
    let first = Standard::parse(&blocks.collect::<Vec<_>>().join("[[rule]]")).expect("it is valid");
    let second = Standard::parse(SECOND).expect("it is valid");
    Standards::new(vec![second, first]).expect("they are valid")
}

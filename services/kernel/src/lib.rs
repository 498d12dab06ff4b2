//! Words that every service of the suite shares: who calls, for which township, on which day, and what went wrong.
//! No I/O happens here.

pub mod calendar;
pub mod caller;
pub mod clock;
pub mod error;
pub mod fields;
pub mod group;
pub mod id_number;
pub mod level;
pub mod page;
pub mod status;
pub mod township;

pub use caller::{Caller, Role};
pub use clock::Clock;
pub use error::Error;
pub use group::Group;
pub use id_number::IdNumber;
pub use level::{EmploymentStatus, Insured, ServiceLevel};
pub use township::Township;

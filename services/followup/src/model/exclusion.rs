//! Why nothing is owed to somebody: "nothing is skipped silently". Domain text, section 3.

/// Why somebody has no duty at all. A sweep proves that people in scope = people with duties + people excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Exclusion {
    /// Not joined yet, or left, or nobody knew in time.
    NotInTownship,
    /// Of a household: not recognised, or cleared before anything was owed.
    NotRecognised,
    /// The status is one of the exits (死亡, 升学, …).
    Exited,
    /// Something holds, but fewer days remain of its period than the rule asks for; it is owed from the next period.
    PeriodTooShort,
    /// No rule of the standard in force for the running periods speaks of this person.
    NoRule,
}

impl Exclusion {
    /// All exclusions, in the order in which they are looked for.
    pub const ALL: [Self; 5] =
        [Self::NotInTownship, Self::NotRecognised, Self::Exited, Self::PeriodTooShort, Self::NoRule];

    /// The code word, as a sweep reports it: "PERIOD_TOO_SHORT".
    pub fn code(self) -> &'static str {
        match self {
            Self::NotInTownship => "NOT_IN_TOWNSHIP",
            Self::NotRecognised => "NOT_RECOGNISED",
            Self::Exited => "EXITED",
            Self::PeriodTooShort => "PERIOD_TOO_SHORT",
            Self::NoRule => "NO_RULE",
        }
    }
}

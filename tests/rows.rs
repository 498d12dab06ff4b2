//! All rows, by area. Whoever adds one writes a function in its area's file and its name here: that makes it a test and a
//! line of `make torture`.

use crate::row::Row;

pub mod acknowledged;
pub mod floors;
pub mod secrets;

/// Hands the areas and names of all rows to a macro.
#[macro_export]
macro_rules! rows {
    ($with:ident) => {
        $with! {
            acknowledged: [
                an_answer_lost_after_commit_is_repeated_with_one_effect,
            ],
            secrets: [
                a_life_that_touches_every_rpc_leaves_nothing_of_its_people_outside_the_ciphertext,
                no_error_tells_of_the_inside,
                numbers_of_people_are_refused_in_every_text_that_is_stored_as_it_is,
            ],
            floors: [
                a_lock_file_below_a_floor_or_with_a_rejected_crate_fails_the_check,
            ],
        }
    };
}

macro_rules! table {
    ($($area:ident: [$($row:ident),* $(,)?]),* $(,)?) => {
        /// In the order in which they are run.
        pub const ALL: &[Row] = &[
            $($(Row { name: concat!(stringify!($area), "::", stringify!($row)), run: |run| Box::pin($area::$row(run)) },)*)*
        ];
    };
}

rows!(table);

//! The planner from outside: the worked examples of the domain text, and properties over random histories.

mod examples;
mod histories;
mod properties;
mod reference;
mod standards;

//! What was measured, and the limit it has to keep.

use std::fmt::Write as _;

use serde_json::{Value, json};

/// One line of the table.
pub(crate) struct Measure {
    name: &'static str,
    unit: &'static str,
    ours: f64,
    /// What it is set against; `None`: an absolute figure.
    against: Option<f64>,
    /// Ours over the other; an absolute figure is its own value.
    value: f64,
    limit: Limit,
}

/// What a value has to keep.
#[derive(Clone, Copy)]
pub(crate) enum Limit {
    AtLeast(f64),
    AtMost(f64),
}

/// Ours and the other's, of one round.
pub(crate) struct Round {
    pub(crate) ours: f64,
    pub(crate) against: f64,
}

impl Measure {
    /// Of rounds in which both were measured one after the other: the median of their ratios.
    pub(crate) fn of_rounds(name: &'static str, unit: &'static str, rounds: &[Round], limit: Limit) -> Self {
        Self {
            name,
            unit,
            ours: median(rounds.iter().map(|round| round.ours)),
            against: Some(median(rounds.iter().map(|round| round.against))),
            value: median(rounds.iter().map(|round| round.ours / round.against)),
            limit,
        }
    }

    /// Of quick rounds, whose single ratios are mostly noise: the ratio of the medians.
    pub(crate) fn of_medians(name: &'static str, unit: &'static str, rounds: &[Round], limit: Limit) -> Self {
        let measure = Self::of_rounds(name, unit, rounds, limit);
        Self { value: measure.against.map_or(measure.ours, |against| measure.ours / against), ..measure }
    }

    /// Of one absolute figure.
    pub(crate) fn absolute(name: &'static str, unit: &'static str, ours: f64, limit: Limit) -> Self {
        Self { name, unit, ours, against: None, value: ours, limit }
    }

    /// Tells it on the way, for whoever does not want to wait for the table.
    pub(crate) fn told(self) -> Self {
        eprint!("{}", table(std::slice::from_ref(&self)));
        self
    }

    /// Whether the limit is kept.
    pub(crate) fn holds(&self) -> bool {
        match self.limit {
            Limit::AtLeast(least) => self.value >= least,
            Limit::AtMost(most) => self.value <= most,
        }
    }

    /// For programs.
    pub(crate) fn json(&self) -> Value {
        let (at_least, at_most) = match self.limit {
            Limit::AtLeast(least) => (Some(least), None),
            Limit::AtMost(most) => (None, Some(most)),
        };
        json!({
            "measure": self.name, "unit": self.unit, "ours": self.ours, "against": self.against, "value": self.value,
            "at_least": at_least, "at_most": at_most, "ok": self.holds(),
        })
    }
}

/// For people.
pub(crate) fn table(measures: &[Measure]) -> String {
    let mut table = String::new();
    let mut line = |cells: [&str; 6]| {
        let [name, ours, against, ratio, limit, ok] = cells;
        // Writing to a String cannot fail.
        let _ = writeln!(table, "{name:<60} {ours:>17} {against:>17} {ratio:>7} {limit:>8}  {ok}");
    };
    line(["measure", "ours", "against", "ratio", "limit", "ok?"]);
    for measure in measures {
        let ratio = measure.against.map_or_else(|| "-".to_owned(), |_| format!("{:.2}", measure.value));
        let limit = match measure.limit {
            Limit::AtLeast(least) => format!(">= {least}"),
            Limit::AtMost(most) => format!("<= {most}"),
        };
        let figure = |value: f64| {
            let digits = usize::from(value < 100.0);
            format!("{value:.digits$} {}", measure.unit)
        };
        let against = measure.against.map_or_else(|| "-".to_owned(), figure);
        let ok = if measure.holds() { "ok" } else { "MISSED" };
        line([measure.name, &figure(measure.ours), &against, &ratio, &limit, ok]);
    }
    table
}

/// The value that 99 of 100 do not exceed.
pub(crate) fn p99(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() * 99 / 100).copied().unwrap_or(f64::NAN)
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { f64::midpoint(values[middle - 1], values[middle]) }
}

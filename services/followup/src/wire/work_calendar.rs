//! The working days of a year ↔ their message.

use bangfu_kernel::{
    error::Violations,
    fields::{self, required},
};
use bangfu_proto::followup::v1 as proto;

use super::{date, instant};
use crate::{
    model::{
        festival::Festival,
        workdays::{Draft, YearTable},
    },
    store::work_calendar::KeptTable,
};

/// The table of a request; all its faults are added.
pub(crate) fn table(message: Option<&proto::WorkCalendar>, faults: &mut Violations) -> YearTable {
    let Some(message) = message else {
        faults.add("calendar", required());
        return YearTable::default();
    };
    // It takes the place of the table that stands, so it says something, and from where.
    if message.days_off.is_empty() {
        faults.add("calendar.days_off", required());
    }
    let before = faults.len();
    let mut draft = Draft { year: message.year, source: message.source.clone(), ..Draft::default() };
    for day in &message.days_off {
        let on = fields::date("calendar.days_off.on", day.on.as_ref(), faults);
        draft.days_off.push((on, day.name.clone()));
    }
    for day in &message.makeup_days {
        draft.makeup_days.push(fields::date("calendar.makeup_days", Some(day), faults));
    }
    if faults.len() > before {
        // A day that cannot be read was told; what stands for it breaks rules of its own, and is not told besides.
        draft.days_off.retain(|(on, _)| *on != chrono::NaiveDate::default());
        draft.makeup_days.retain(|on| *on != chrono::NaiveDate::default());
    }
    let table = draft.check(faults);
    if table.source.is_empty() && !faults.has("calendar.source") {
        faults.add("calendar.source", required());
    }
    table
}

/// The message of a table that was published.
pub(crate) fn published(it: &KeptTable) -> proto::WorkCalendar {
    proto::WorkCalendar {
        published_at: Some(instant(it.published_at)),
        published_by: it.published_by.clone(),
        ..shipped(it.table.year, Some(&it.table))
    }
}

/// The message of a year's table that came with the suite, or of a year that has none.
pub(crate) fn shipped(year: i32, table: Option<&YearTable>) -> proto::WorkCalendar {
    let days_off = table.into_iter().flat_map(|table| &table.days_off);
    proto::WorkCalendar {
        year,
        days_off: days_off.map(|(on, name)| proto::DayOff { on: date(*on), name: name.clone() }).collect(),
        makeup_days: table
            .into_iter()
            .flat_map(|table| &table.makeup_days)
            .map(|on| bangfu_kernel::calendar::message(*on))
            .collect(),
        source: table.map(|table| table.source.clone()).unwrap_or_default(),
        published: table.is_some(),
        published_at: None,
        published_by: String::new(),
        spring_festival: Festival::SpringFestival.of(year).and_then(date),
    }
}

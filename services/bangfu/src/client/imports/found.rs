//! Whom the rows of a list mean: people of the caller's township, by their whole ID number.

use std::collections::BTreeMap;

use bangfu_kernel::{IdNumber, calendar};
use bangfu_people::roster::normal;
use bangfu_proto::people::v1::FindPersonRequest;
use chrono::NaiveDate;
use futures::StreamExt as _;
use tonic::Code;

use crate::client::{Client, problem::Problem};

/// Look-ups under way at once.
const AT_ONCE: usize = 8;

/// Somebody of the register.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) person_id: String,
    name_masked: String,
    /// First day in the township, and the first day no longer in it.
    joined_on: Option<NaiveDate>,
    left_on: Option<NaiveDate>,
}

impl Known {
    /// Why a day is none of theirs here, as far as the registry tells.
    pub(super) fn not_here_on(&self, day: NaiveDate) -> Option<&'static str> {
        if self.joined_on.is_some_and(|joined| day < joined) {
            Some("日期早于该人员纳入服务的日期 the day lies before the person joined")
        } else if self.left_on.is_some_and(|left| day >= left) {
            Some("日期在该人员转出之后 the day lies after the person left")
        } else {
            None
        }
    }
}

/// Who was looked up, and what came of it. Numbers stay here.
#[derive(Debug, Default)]
pub(super) struct Found(BTreeMap<String, Result<Known, String>>);

impl Found {
    /// Looks everybody up whose number stands in one of the cells, each once.
    pub(super) async fn of(client: &Client, cells: impl Iterator<Item = &str>) -> Result<Self, Problem> {
        let mut numbers: Vec<_> = cells.filter_map(number).collect();
        numbers.sort();
        numbers.dedup();
        let looked_up = futures::stream::iter(numbers).map(async |number| {
            let known = look_up(client, &number).await?;
            Ok::<_, Problem>((number, known))
        });
        let mut looked_up = looked_up.buffer_unordered(AT_ONCE);
        let mut found = Self::default();
        while let Some(person) = looked_up.next().await {
            let (number, known) = person?;
            found.0.insert(number, known);
        }
        Ok(found)
    }

    /// Whom a row means, or why nobody. A name, where there is one, has to be theirs.
    pub(super) fn meant(&self, number_cell: &str, name_cell: &str) -> Result<&Known, String> {
        if normal::digits(number_cell).is_empty() {
            return Err("缺少身份证号码 the ID number is missing".to_owned());
        }
        let known = number(number_cell).and_then(|number| self.0.get(&number));
        let known = known.ok_or("身份证号码有误 the ID number is not valid")?.as_ref().map_err(Clone::clone)?;
        let name = normal::compact(name_cell);
        if name.is_empty() || shows(&known.name_masked, &name) {
            return Ok(known);
        }
        Err("姓名与登记的不符，请核对 registered under another name".to_owned())
    }

    /// Everybody who was found.
    pub(super) fn people(&self) -> impl Iterator<Item = &Known> {
        self.0.values().flatten()
    }
}

/// The number in a cell, if it is one: 18 characters, check digit right.
fn number(cell: &str) -> Option<String> {
    let number: IdNumber = normal::digits(cell).parse().ok()?;
    Some(number.reveal().to_owned())
}

async fn look_up(client: &Client, number: &str) -> Result<Result<Known, String>, Problem> {
    let request = FindPersonRequest { id_number: number.to_owned() };
    match super::taken(async || client.people().find_person(request.clone()).await).await {
        Ok(person) => Ok(Ok(Known {
            person_id: person.person_id,
            name_masked: person.name_masked,
            joined_on: person.joined_on.as_ref().and_then(calendar::date),
            left_on: person.left_on.as_ref().and_then(calendar::date),
        })),
        Err(problem) if problem.0.code() == Code::NotFound => {
            Ok(Err("本区镇没有此人 nobody in your township has this ID number".to_owned()))
        }
        Err(problem) => Err(problem),
    }
}

/// Whether a masked name ("张**") is what shows of a name.
fn shows(masked: &str, name: &str) -> bool {
    let same = |(shown, c): (char, char)| shown == '*' || shown == c;
    masked.chars().count() == name.chars().count() && masked.chars().zip(name.chars()).all(same)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_name_shows_its_first_character_and_how_many_there_are() {
        for (masked, name, fits) in
            [("张**", "张三样", true), ("张*", "张三样", false), ("李**", "张三样", false), ("欧***", "欧阳样例", true)]
        {
            assert_eq!(shows(masked, name), fits, "{masked} {name}");
        }
    }

    #[test]
    fn a_day_of_somebody_lies_from_joining_to_before_leaving() {
        let day = |day: &str| day.parse().expect("a date");
        let mut known = Known {
            person_id: String::new(),
            name_masked: String::new(),
            joined_on: Some(day("2026-01-05")),
            left_on: Some(day("2026-03-01")),
        };
        for (on, here) in [("2026-01-04", false), ("2026-01-05", true), ("2026-02-28", true), ("2026-03-01", false)] {
            assert_eq!(known.not_here_on(day(on)).is_none(), here, "{on}");
        }
        (known.joined_on, known.left_on) = (None, None);
        assert_eq!(known.not_here_on(day("2020-01-01")), None, "what the registry does not tell is judged on entry");
    }

    #[test]
    fn a_number_is_read_through_what_spreadsheets_do_to_it() {
        assert_eq!(number("'11010519491231002x ").as_deref(), Some("11010519491231002X"));
        assert_eq!((number("110105194912310021"), number("")), (None, None));
    }
}

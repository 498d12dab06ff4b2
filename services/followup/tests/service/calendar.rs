//! Working days: shipped, published, refused; and the days that duties are recommended for because of them.

use std::collections::BTreeMap;

use bangfu::client::{Client, date, request_id};
use bangfu_kernel::calendar;
use bangfu_proto::{
    followup::v1::{
        DayOff, Duty, DutyState, GetCalendarRequest, ListDutiesRequest, PublishCalendarRequest, RecommendedBy,
        RecordContactRequest, VoidContactRequest, WorkCalendar,
    },
    people::v1::EmploymentStatus,
};
use bangfu_testkit::{City, DADONG, LIBAO, reason, sample};
use chrono::{NaiveDate, TimeDelta};

use crate::steps::{contact, duties, duties_of, only, record, state, sweep, the, unemployed};

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

fn table(year: i32, days_off: &[(&str, &str)], makeup_days: &[&str]) -> PublishCalendarRequest {
    let off = |(on, name): &(&str, &str)| DayOff { on: date(day(on)), name: (*name).to_owned() };
    let calendar = WorkCalendar {
        year,
        days_off: days_off.iter().map(off).collect(),
        makeup_days: makeup_days.iter().map(|on| calendar::message(day(on))).collect(),
        source: "国办发明电〔2026〕8号".to_owned(),
        ..Default::default()
    };
    PublishCalendarRequest { request_id: request_id(), calendar: Some(calendar) }
}

async fn of_year(client: &Client, year: i32) -> WorkCalendar {
    client.followup().get_calendar(GetCalendarRequest { year }).await.expect("known").into_inner()
}

fn recommended_on(duty: &Duty) -> NaiveDate {
    duty.recommended_on.as_ref().and_then(calendar::date).expect("a recommended day")
}

async fn of_rule(city: &City, rule: &str) -> Vec<Duty> {
    duties_of(&city.clerk(DADONG), ListDutiesRequest { rule: rule.to_owned(), ..Default::default() }).await
}

/// How many of these are recommended for which day.
fn by_day<'d>(duties: impl IntoIterator<Item = &'d Duty>) -> BTreeMap<NaiveDate, usize> {
    let mut days = BTreeMap::new();
    for duty in duties {
        *days.entry(recommended_on(duty)).or_default() += 1;
    }
    days
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_reads_the_shipped_years_and_what_the_bureau_publishes_takes_their_place() {
    let city = City::new().await;
    let clerk = city.clerk(LIBAO);
    let this_year = of_year(&clerk, 0).await;
    assert_eq!((this_year.year, this_year.published, &this_year.published_at), (2026, true, &None));
    assert_eq!(this_year.spring_festival, date(day("2026-02-17")));
    assert_eq!((this_year.days_off.len(), this_year.makeup_days.len()), (33, 6));
    assert_eq!(this_year.days_off[0], DayOff { on: date(day("2026-01-01")), name: "元旦".to_owned() });
    let without = of_year(&clerk, 2027).await;
    assert!(!without.published && without.days_off.is_empty(), "it says so");
    assert_eq!(without.spring_festival, date(day("2027-02-06")));

    let request = table(2027, &[("2027-01-01", "元旦")], &["2027-01-09"]);
    let bureau = city.bureau();
    let published = bureau.followup().publish_calendar(request.clone()).await.expect("published").into_inner();
    assert!(published.published && published.published_at.is_some() && !published.published_by.is_empty());
    assert_eq!(of_year(&clerk, 2027).await, published);
    let shorter = table(2027, &[("2027-01-02", "元旦")], &[]);
    let replaced = bureau.followup().publish_calendar(shorter).await.expect("published").into_inner();
    assert!(replaced.days_off.len() == 1 && replaced.makeup_days.is_empty());
    let repeated = bureau.followup().publish_calendar(request).await.expect("repeated").into_inner();
    assert_eq!(repeated, published, "the first result");
    assert_eq!(of_year(&city.service(), 2027).await, replaced, "which happened once");

    let of_a_clerk = table(2027, &[("2027-01-01", "元旦")], &[]);
    let refused = clerk.followup().publish_calendar(of_a_clerk).await.expect_err("refused");
    assert_eq!(reason(&refused), "ROLE_MISSING");
    for year in [1999, 2101, -1] {
        let refused = clerk.followup().get_calendar(GetCalendarRequest { year }).await.expect_err("refused");
        assert_eq!(reason(&refused), "FIELD_INVALID", "{year}");
    }
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_faults_of_a_table_are_told_and_nothing_is_published() {
    let city = City::new().await;
    let off = [("2027-01-01", "元旦"), ("2027-01-01", ""), ("2026-12-31", "元旦")];
    let request = table(2027, &off, &["2027-01-04", "2027-01-01", "2027-01-09", "2027-01-09"]);
    let refused = city.bureau().followup().publish_calendar(request).await.expect_err("refused");
    assert_eq!(reason(&refused), "FIELD_INVALID");
    for told in [
        "calendar.days_off[2027-01-01].on must stand here once",
        "calendar.days_off[2027-01-01].name is required",
        "calendar.days_off[2026-12-31].on must lie in the year",
        "calendar.makeup_days[2027-01-04] must be a Saturday or Sunday",
        "calendar.makeup_days[2027-01-01] must not be a day off as well",
        "calendar.makeup_days[2027-01-09] must stand here once",
    ] {
        assert!(refused.message().contains(told), "{told}: {}", refused.message());
    }
    assert!(!of_year(&city.clerk(DADONG), 2027).await.published);
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_months_duties_are_spread_evenly_over_its_working_days_village_by_village() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    for n in 0..40 {
        let village = if n % 2 == 0 { "双溪村" } else { "李庄" }.to_owned();
        let person = sample::person_who_is(n, EmploymentStatus::Unemployed, "2026-01-05");
        let request = bangfu_proto::people::v1::RegisterPersonRequest { village, ..person };
        clerk.people().register_person(request).await.expect("registered");
    }
    city.settle().await;
    sweep(&city).await;

    let monthly = of_rule(&city, "follow_up.unemployed").await;
    assert!(monthly.iter().all(|duty| duty.recommended_by() == RecommendedBy::Spread));
    let days = by_day(&monthly);
    assert_eq!((days.len(), days.values().max()), (20, Some(&2)), "two on each working day from the 5th on: {days:?}");
    assert!(days.keys().all(|on| (day("2026-01-05")..=day("2026-01-30")).contains(on)));
    let of = |village: &str| by_day(monthly.iter().filter(|duty| duty.village == village)).len();
    assert_eq!((of("双溪村"), of("李庄")), (10, 10), "who goes to a village does two visits there");

    let all = duties(&city).await;
    for duty in &all {
        let on = recommended_on(duty);
        let (from, to) =
            (duty.opens_on.as_ref().and_then(calendar::date), duty.due_on.as_ref().and_then(calendar::date));
        assert!(from.expect("a day") <= on && on <= to.expect("a day"), "{duty:?}");
    }
    let january: BTreeMap<_, _> = by_day(&all).into_iter().filter(|(on, _)| *on <= day("2026-01-31")).collect();
    let (least, most) = (january.values().min().expect("some"), january.values().max().expect("some"));
    assert!(january.len() == 20 && most - least <= 1, "with what is due later, too: {january:?}");
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_slot_of_a_quota_is_spread_over_its_own_part_of_the_year() {
    let city = City::new().await;
    let people = unemployed(&city, 0..30, "2026-01-05").await;
    sweep(&city).await;
    let referrals = of_rule(&city, "131.job_referral").await;
    let parts = [("2026-01-05", "2026-05-05"), ("2026-05-06", "2026-09-02"), ("2026-09-03", "2026-12-31")];
    for (slot, (from, to)) in (1..).zip(parts) {
        let part: Vec<_> = referrals.iter().filter(|duty| duty.slot == slot).collect();
        assert_eq!(part.len(), 30);
        assert!(part.iter().all(|duty| duty.recommended_by() == RecommendedBy::Pace && duty.moved_from.is_none()));
        let days = by_day(part);
        assert!(days.keys().all(|on| (day(from)..=day(to)).contains(on)), "slot {slot}: {days:?}");
        assert!(days.len() >= 15, "slot {slot} is not everybody's on the same days: {days:?}");
    }
    let guidance = of_rule(&city, "131.career_guidance").await;
    assert!(guidance.iter().all(|duty| duty.slot == 1 && duty.recommended_by() == RecommendedBy::Spread));
    let days = by_day(&guidance);
    assert!(days.len() >= 15, "an only slot has the whole year: {days:?}");

    // Planned alone, it is in the same part.
    let clerk = city.clerk(DADONG);
    let referred = bangfu_proto::followup::v1::Service::JobReferral.into();
    let referral = RecordContactRequest { services: vec![referred], ..contact(&city, &people[0]) };
    let contact_id = record(&clerk, referral).await.contact_id;
    let void = VoidContactRequest { request_id: request_id(), contact_id, reason: "记错人".to_owned() };
    clerk.followup().void_contact(void).await.expect("voided");
    let of_person = ListDutiesRequest { person_id: people[0].clone(), ..Default::default() };
    let duties = duties_of(&clerk, of_person).await;
    let slots: Vec<_> = duties.iter().filter(|duty| duty.rule == "131.job_referral").collect();
    for duty in &slots {
        let (from, to) = parts[usize::try_from(duty.slot - 1).expect("a slot")];
        assert!((day(from)..=day(to)).contains(&recommended_on(duty)), "{duty:?}");
        assert_eq!((state(duty), duty.recommended_by()), ("OPEN", RecommendedBy::Pace));
    }
    assert_eq!(slots.len(), 3);
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn published_days_off_count_from_the_next_duty_on_and_a_year_without_a_table_is_told() {
    let city = City::new().await;
    unemployed(&city, 0..15, "2026-01-05").await;
    sweep(&city).await;
    let january = by_day(&of_rule(&city, "follow_up.unemployed").await);
    let bureau = city.bureau();
    let snow = ["03", "04", "05", "06", "09", "10", "11", "12", "13"].map(|on| format!("2026-02-{on}"));
    let off: Vec<_> = snow.iter().map(|on| (on.as_str(), "雪灾")).collect();
    bureau.followup().publish_calendar(table(2026, &off, &["2026-02-28"])).await.expect("published");
    assert_eq!(by_day(&of_rule(&city, "follow_up.unemployed").await), january, "those recommended stay");

    city.turn_to("2026-02-02");
    sweep(&city).await;
    let monthly = of_rule(&city, "follow_up.unemployed").await;
    let february = monthly.iter().filter(|duty| duty.period_start == date(day("2026-02-01")));
    let days = by_day(february);
    let on: Vec<_> = days.keys().map(|on| on.format("%d").to_string()).collect();
    // Days that slots of quotas have taken already may be left out.
    let worked = ["02", "16", "17", "18", "19", "20", "23", "24", "25", "26", "27", "28"];
    assert!(on.iter().all(|on| worked.contains(&on.as_str())), "the table that stands: {on:?}");
    assert!(on.len() >= 9 && on.contains(&"28".to_owned()), "the make-up day, too: {on:?}");

    city.turn_to("2027-01-04");
    sweep(&city).await;
    let monthly = of_rule(&city, "follow_up.unemployed").await;
    let mut next_year = monthly.iter().filter(|duty| duty.period_start == date(day("2027-01-01"))).peekable();
    assert!(next_year.peek().is_some());
    assert!(next_year.all(|duty| duty.recommended_by() == RecommendedBy::SpreadWithoutTable));
    bureau.followup().publish_calendar(table(2027, &[("2027-01-01", "元旦")], &[])).await.expect("published");
    city.turn_to("2027-02-01");
    sweep(&city).await;
    let monthly = of_rule(&city, "follow_up.unemployed").await;
    let mut february = monthly.iter().filter(|duty| duty.period_start == date(day("2027-02-01"))).peekable();
    assert!(february.peek().is_some());
    assert!(february.all(|duty| duty.recommended_by() == RecommendedBy::Spread));
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_needs_no_day_and_what_opens_again_gets_one_that_is_still_to_come() {
    let city = City::new().await;
    let people = unemployed(&city, 0..2, "2026-01-05").await;
    sweep(&city).await;
    let clerk = city.clerk(DADONG);
    let recorded = record(&clerk, contact(&city, &people[0])).await;
    let of_person = || ListDutiesRequest { person_id: people[0].clone(), ..Default::default() };
    let done = duties_of(&clerk, of_person()).await;
    let done = the(&done, "follow_up.unemployed", "2026-01-01");
    assert_eq!((state(done), done.recommended_on, done.recommended_by), ("DONE", None, 0));

    city.turn_to("2026-01-28");
    let void =
        VoidContactRequest {
            request_id: request_id(), contact_id: recorded.contact_id, reason: "记错人".to_owned()
        };
    clerk.followup().void_contact(void).await.expect("voided");
    let open = duties_of(&clerk, of_person()).await;
    let open = the(&open, "follow_up.unemployed", "2026-01-01");
    assert_eq!((state(open), open.recommended_by()), ("OPEN", RecommendedBy::Spread));
    assert!((day("2026-01-28")..=day("2026-01-30")).contains(&recommended_on(open)), "{open:?}");
    city.close().await;
}

fn work(recommended_to: &str) -> ListDutiesRequest {
    ListDutiesRequest {
        order: bangfu_proto::followup::v1::DutyOrder::Work.into(),
        recommended_to: date(day(recommended_to)),
        ..only(&[DutyState::Open])
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn todays_work_is_what_is_overdue_then_by_recommended_day_then_by_village() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    for n in 0..9 {
        let village = ["双溪村", "李庄", "王桥"][n as usize % 3].to_owned();
        let person = sample::person_who_is(n, EmploymentStatus::Unemployed, "2026-01-05");
        let request = bangfu_proto::people::v1::RegisterPersonRequest { village, ..person };
        clerk.people().register_person(request).await.expect("registered");
    }
    city.settle().await;
    sweep(&city).await;
    city.turn_to("2026-02-04");
    sweep(&city).await;

    let whole = duties_of(&clerk, ListDutiesRequest { recommended_to: None, ..work("2026-02-04") }).await;
    assert_eq!(whole.len(), 9 * 9);
    let overdue = |duty: &Duty| duty.due_on.as_ref().and_then(calendar::date).expect("a day") < day("2026-02-04");
    let key = |duty: &Duty| {
        let place = (!overdue(duty), recommended_on(duty), duty.village.clone(), duty.person_id.clone());
        (place, duty.rule.clone(), duty.slot)
    };
    assert!(whole.is_sorted_by_key(key));
    assert_eq!(whole.iter().filter(|duty| overdue(duty)).count(), 9, "of January");

    let today = duties_of(&clerk, work("2026-02-04")).await;
    let expected: Vec<_> = whole
        .iter()
        .filter(|duty| overdue(duty) || recommended_on(duty) <= day("2026-02-04"))
        .map(|duty| duty.duty_id.clone())
        .collect();
    let ids = |duties: Vec<Duty>| duties.into_iter().map(|duty| duty.duty_id).collect::<Vec<_>>();
    assert!((10..81).contains(&expected.len()), "some, and not all: {}", expected.len());
    assert_eq!(ids(today), expected);
    assert_eq!(ids(duties_of(&clerk, ListDutiesRequest { page_size: 4, ..work("2026-02-04") }).await), expected);
    let before = duties_of(&clerk, work("2026-01-04")).await;
    assert!(before.len() == 9 && before.iter().all(overdue), "what is overdue is always there");
    let mut by_due_day = ids(duties_of(&clerk, ListDutiesRequest { order: 0, ..work("2026-02-04") }).await);
    by_due_day.sort();
    assert_eq!(
        by_due_day,
        {
            let mut ids = expected.clone();
            ids.sort();
            ids
        },
        "the same in the other order"
    );

    let first = ListDutiesRequest { page_size: 4, ..work("2026-02-04") };
    let token = clerk.followup().list_duties(first.clone()).await.expect("listed").into_inner().next_page_token;
    city.clock.advance(TimeDelta::hours(20));
    let second = ListDutiesRequest { page_token: token.clone(), ..first.clone() };
    let page = clerk.followup().list_duties(second).await.expect("listed").into_inner().duties;
    assert_eq!(ids(page), expected[4..8], "past midnight, when more is overdue, it goes on with the day it began on");
    let other = ListDutiesRequest { page_token: token, order: 0, ..first };
    let refused = clerk.followup().list_duties(other).await.expect_err("another order");
    assert_eq!(reason(&refused), "PAGE_TOKEN_INVALID");
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_table_takes_no_other_ones_place() {
    let city = City::new().await;
    let bureau = city.bureau();
    let shipped = of_year(&bureau, 2026).await;
    let calendar = WorkCalendar { year: 2026, ..Default::default() };
    let empty = PublishCalendarRequest { request_id: request_id(), calendar: Some(calendar) };
    let refused = bureau.followup().publish_calendar(empty).await.expect_err("refused");
    assert_eq!(reason(&refused), "FIELD_INVALID");
    for told in ["calendar.days_off is required", "calendar.source is required"] {
        assert!(refused.message().contains(told), "{told}: {}", refused.message());
    }
    assert_eq!(of_year(&bureau, 2026).await, shipped);
    city.close().await;
}

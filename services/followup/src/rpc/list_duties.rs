//! Duties of a township, by due day or in the order of today's work, a page at a time.

use bangfu_kernel::{
    Error,
    error::Violations,
    fields::{self, enumerated, rule},
    page::PageSize,
};
use bangfu_platform::auth::admitted;
use bangfu_proto::followup::v1::{DutyOrder, DutyState, ListDutiesRequest, ListDutiesResponse};
use chrono::NaiveDate;
use tonic::Request;

use crate::{
    Followup,
    store::duty_list::{self, DutyKey, Filter, Listed, WorkKey},
    wire,
};

/// Where the list goes on, in the order asked for; a token of the other order is none of this request.
enum After {
    ByDueDay(Option<DutyKey>),
    OfWork(Option<WorkKey>),
}

impl After {
    /// The day of the first page.
    fn today(&self) -> Option<NaiveDate> {
        match self {
            Self::OfWork(Some(key)) => Some(key.today),
            Self::ByDueDay(_) | Self::OfWork(None) => None,
        }
    }
}

pub(super) async fn handle(svc: &Followup, request: Request<ListDutiesRequest>) -> Result<ListDutiesResponse, Error> {
    let (permit, mut request) = admitted(request)?;
    let mut faults = Violations::default();
    let size = PageSize::parse(std::mem::take(&mut request.page_size), &mut faults);
    let token = std::mem::take(&mut request.page_token);
    let township = permit.named(&request.township, &mut faults);
    let filter = filter(&request, &mut faults);
    let order = DutyOrder::try_from(request.order).unwrap_or_else(|_unknown| {
        faults.add("order", enumerated());
        DutyOrder::Unspecified
    });
    faults.check()?;
    let permit = permit.at(township)?;
    let pages = &svc.ground.pages;
    let after = match order {
        DutyOrder::Unspecified => After::ByDueDay(pages.open(&permit, &request, &token)?),
        DutyOrder::Work => After::OfWork(pages.open(&permit, &request, &token)?),
    };
    let today = after.today().unwrap_or_else(|| svc.ground.clock.today());

    let mut tx = svc.ground.db.township(&permit).await?;
    let mut duties = match after {
        After::ByDueDay(after) => duty_list::list(&mut tx, &filter, today, after, size.probe()).await?,
        After::OfWork(after) => duty_list::in_order_of_work(&mut tx, &filter, today, after, size.probe()).await?,
    };
    let township = tx.township().to_owned();
    tx.commit().await?;

    let more = duties.len() > size.rows();
    duties.truncate(size.rows());
    let next_page_token = match (duties.last().filter(|_| more), order) {
        (Some(last), DutyOrder::Unspecified) => pages.seal(&permit, &request, &key(last))?,
        (Some(last), DutyOrder::Work) => pages.seal(&permit, &request, &WorkKey::of(last, today))?,
        (None, _) => String::new(),
    };
    let duties = duties.into_iter().map(|duty| wire::duty::message(&township, duty)).collect();
    Ok(ListDutiesResponse { duties, next_page_token })
}

fn filter(request: &ListDutiesRequest, faults: &mut Violations) -> Filter {
    let coordinator = named("coordinator", &request.coordinator, faults);
    if request.unassigned && coordinator.is_some() {
        faults.add("unassigned", rule("goes not together with coordinator", "不得与协理员同时使用"));
    }
    let mut states = Vec::with_capacity(request.states.len());
    for &state in &request.states {
        match DutyState::try_from(state) {
            Ok(DutyState::Unspecified) | Err(_) => faults.add("states", enumerated()),
            Ok(state) => states.push(wire::number(state)),
        }
    }
    let (due_from, due_to) = wire::due_range(request.due.as_ref(), faults);
    Filter {
        coordinator: if request.unassigned { Some(String::new()) } else { coordinator },
        village: named("village", &request.village, faults),
        person_id: fields::optional_uuid("person_id", &request.person_id, faults),
        rule: named("rule", &request.rule, faults),
        states,
        due_from,
        due_to,
        recommended_to: fields::optional_date("recommended_to", request.recommended_to.as_ref(), faults),
    }
}

fn named(field: &'static str, text: &str, faults: &mut Violations) -> Option<String> {
    (!text.is_empty()).then(|| fields::text(field, text, 1, 64, faults))
}

fn key(duty: &Listed) -> DutyKey {
    DutyKey {
        due_on: duty.due_on,
        person_id: duty.person_id,
        rule: duty.rule.clone(),
        period_start: duty.period_start,
        slot: duty.slot,
    }
}

//! Duties of a township, by due day, a page at a time.

use bangfu_kernel::{
    Error,
    error::Violations,
    fields::{self, enumerated, rule},
    page::PageSize,
};
use bangfu_platform::auth::admitted;
use bangfu_proto::followup::v1::{DutyState, ListDutiesRequest, ListDutiesResponse};
use tonic::Request;

use crate::{
    Followup,
    store::{
        self,
        duty_list::{DutyKey, Filter, Listed},
    },
    wire,
};

pub(super) async fn handle(svc: &Followup, request: Request<ListDutiesRequest>) -> Result<ListDutiesResponse, Error> {
    let (permit, mut request) = admitted(request)?;
    let mut faults = Violations::default();
    let size = PageSize::parse(std::mem::take(&mut request.page_size), &mut faults);
    let token = std::mem::take(&mut request.page_token);
    let township = permit.named(&request.township, &mut faults);
    let filter = filter(&request, &mut faults);
    faults.check()?;
    let permit = permit.at(township)?;
    let after = svc.ground.pages.open::<DutyKey>(&permit, &request, &token)?;

    let mut tx = svc.ground.db.township(&permit).await?;
    let mut duties = store::duty_list::list(&mut tx, &filter, after, size.probe()).await?;
    let township = tx.township().to_owned();
    tx.commit().await?;

    let more = duties.len() > size.rows();
    duties.truncate(size.rows());
    let next_page_token = match duties.last().filter(|_| more) {
        Some(last) => svc.ground.pages.seal(&permit, &request, &key(last))?,
        None => String::new(),
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

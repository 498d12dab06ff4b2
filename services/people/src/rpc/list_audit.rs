//! The audit trail of a township, the latest first: by person, by account, by day.

use bangfu_kernel::{Error, Township, calendar, error::Violations, fields, page::PageSize};
use bangfu_platform::auth::{Permit, admitted};
use bangfu_proto::people::v1::{ListAuditRequest, ListAuditResponse};
use chrono::NaiveDate;
use tonic::Request;
use uuid::Uuid;

use crate::{
    People,
    store::{self, audit::Filter},
    wire,
};

pub(super) async fn handle(svc: &People, request: Request<ListAuditRequest>) -> Result<ListAuditResponse, Error> {
    let (permit, mut request) = admitted(request)?;
    let Asked { size, township, person_id, actor, from, to } = decode(&permit, &request)?;
    let permit = permit.at(township)?;
    let token = std::mem::take(&mut request.page_token);
    request.page_size = 0;
    let filter = Filter {
        before: svc.ground.pages.open(&permit, &request, &token)?.unwrap_or(i64::MAX),
        person_id,
        actor: Some(actor).filter(|actor| !actor.is_empty()),
        from: from.map(calendar::midnight),
        until: to.and_then(|day| day.succ_opt()).map(calendar::midnight),
    };

    let mut tx = svc.ground.db.township(&permit).await?;
    let mut entries = store::audit::page(&mut tx, &filter, size.probe()).await?;
    tx.commit().await?;

    let more = entries.len() > size.rows();
    entries.truncate(size.rows());
    let next_page_token = match entries.last().filter(|_| more) {
        Some(last) => svc.ground.pages.seal(&permit, &request, &last.seq)?,
        None => String::new(),
    };
    Ok(ListAuditResponse { entries: entries.iter().map(wire::audit::message).collect(), next_page_token })
}

struct Asked {
    size: PageSize,
    township: Option<Township>,
    person_id: Option<Uuid>,
    actor: String,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
}

fn decode(permit: &Permit, request: &ListAuditRequest) -> Result<Asked, Error> {
    let mut faults = Violations::default();
    let during = request.during.as_ref();
    let from = fields::optional_date("during.from", during.and_then(|during| during.from.as_ref()), &mut faults);
    let to = fields::optional_date("during.to", during.and_then(|during| during.to.as_ref()), &mut faults);
    if from.zip(to).is_some_and(|(from, to)| to < from) {
        faults.add("during.to", fields::rule("must not lie before during.from", "不得早于起始日期"));
    }
    let asked = Asked {
        size: PageSize::parse(request.page_size, &mut faults),
        township: permit.named(&request.township, &mut faults),
        person_id: fields::optional_uuid("person_id", &request.person_id, &mut faults),
        actor: fields::any_text("actor", &request.actor, 0, 128, &mut faults),
        from,
        to,
    };
    faults.check()?;
    Ok(asked)
}

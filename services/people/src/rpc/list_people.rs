//! The people of a township, a page at a time, in the order of registration.

use std::collections::HashMap;

use bangfu_kernel::{Error, Group, ServiceLevel, Township, error::Violations, fields, group::group_of, page::PageSize};
use bangfu_platform::auth::{Permit, admitted};
use bangfu_proto::people::v1::{self as proto, ListPeopleRequest, ListPeopleResponse};
use tonic::Request;
use uuid::Uuid;

use crate::{
    People,
    roster::normal,
    store::{
        self,
        person::{Filter, Named},
    },
    wire,
};

pub(super) async fn handle(svc: &People, request: Request<ListPeopleRequest>) -> Result<ListPeopleResponse, Error> {
    let (permit, mut request) = admitted(request)?;
    let wanted = decode(&permit, &request)?;
    let permit = permit.at(wanted.township)?;
    let token = std::mem::take(&mut request.page_token);
    request.page_size = 0;
    let after: Uuid = svc.ground.pages.open(&permit, &request, &token)?.unwrap_or_default();
    let text = |text: &'_ str| (!text.is_empty()).then(|| text.to_owned());
    let (village, coordinator) = (text(&request.village), text(&request.coordinator));
    let filter = Filter {
        village: village.as_deref(),
        coordinator: coordinator.as_deref(),
        group: wanted.group,
        level: wanted.level,
    };

    let mut tx = svc.ground.db.township(&permit).await?;
    let today = svc.ground.clock.today();
    let mut ids = match &wanted.name {
        None => store::person::page(&mut tx, &filter, after, today, wanted.size.probe()).await?,
        Some(name) => {
            let (head, tail) = svc.vault.name_tokens(tx.code(), name);
            let named = Named { head, tail, either_end: name.chars().count() == 2 };
            store::person::named(&mut tx, named, &filter, after, today, wanted.size.probe()).await?
        }
    };
    let more = ids.len() > wanted.size.rows();
    ids.truncate(wanted.size.rows());
    let Some(&last) = ids.last() else { return Ok(ListPeopleResponse::default()) };
    let rows = store::person::by_id(&mut tx, &ids).await?;
    let key = store::township_key::get(&mut tx, &svc.vault).await?;
    let township = tx.code().clone();
    tx.commit().await?;

    let mut found = HashMap::with_capacity(rows.len());
    for row in rows {
        let person = row.open(&key)?;
        // The hashes tell both ends of a name only.
        if wanted.name.as_deref().is_none_or(|name| name.chars().count() == 2 || name == person.name.as_str()) {
            found.insert(person.person_id, wire::person::message(&person, township.as_str()));
        }
    }
    let next_page_token = if more { svc.ground.pages.seal(&permit, &request, &last)? } else { String::new() };
    Ok(ListPeopleResponse { people: ids.iter().filter_map(|id| found.remove(id)).collect(), next_page_token })
}

struct Wanted {
    township: Option<Township>,
    size: PageSize,
    group: Option<Group>,
    level: Option<ServiceLevel>,
    /// 姓名, compacted.
    name: Option<String>,
}

fn decode(permit: &Permit, request: &ListPeopleRequest) -> Result<Wanted, Error> {
    let mut faults = Violations::default();
    let group = proto::Group::try_from(request.group).ok();
    let level = proto::ServiceLevel::try_from(request.level).ok();
    for (field, unknown) in [("group", group.is_none()), ("level", level.is_none())] {
        if unknown {
            faults.add(field, fields::enumerated());
        }
    }
    for (field, text) in [("village", &request.village), ("coordinator", &request.coordinator)] {
        fields::text(field, text, 0, 64, &mut faults);
    }
    let name = normal::compact(&request.name);
    if !request.name.is_empty() {
        let found = fields::any_text("name", &name, 0, 64, &mut faults);
        if found.chars().count() < 2 {
            faults.add("name", fields::rule("must have at least two characters", "应至少填写两个字"));
        }
    }
    let wanted = Wanted {
        name: (!name.is_empty()).then_some(name),
        township: permit.named(&request.township, &mut faults),
        size: PageSize::parse(request.page_size, &mut faults),
        group: group.and_then(group_of),
        level: level.and_then(|level| ServiceLevel::ALL.into_iter().find(|&l| proto::ServiceLevel::from(l) == level)),
    };
    faults.check()?;
    Ok(wanted)
}

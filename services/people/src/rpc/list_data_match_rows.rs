//! The rows of a list held against the register, in its order, personal data masked.

use std::{collections::HashMap, sync::Arc};

use bangfu_kernel::{Error, Township, error::Violations, fields, page::PageSize};
use bangfu_platform::auth::{Permit, admitted};
use bangfu_proto::people::v1::{DataMatchDecision, DataMatchKind, ListDataMatchRowsRequest, ListDataMatchRowsResponse};
use tonic::Request;
use uuid::Uuid;

use crate::{
    People, blocking,
    data_match::sealed,
    store::{self, data_match_row::Filter},
    wire,
};

pub(super) async fn handle(
    svc: &People,
    request: Request<ListDataMatchRowsRequest>,
) -> Result<ListDataMatchRowsResponse, Error> {
    let (permit, mut request) = admitted(request)?;
    let Asked { size, township, match_id, mut filter } = decode(&permit, &request)?;
    let permit = permit.at(township)?;
    let token = std::mem::take(&mut request.page_token);
    request.page_size = 0;
    filter.after = svc.ground.pages.open(&permit, &request, &token)?.unwrap_or(0);

    let mut tx = svc.ground.db.township(&permit).await?;
    store::data_match::expire(&mut tx).await?;
    store::data_match::get(&mut tx, match_id).await?;
    let mut found = store::data_match_row::page(&mut tx, match_id, &filter, size.probe()).await?;
    let more = found.len() > size.rows();
    found.truncate(size.rows());
    let next_page_token = match found.last().filter(|_| more) {
        Some(last) => svc.ground.pages.seal(&permit, &request, &last.number)?,
        None => String::new(),
    };

    let key = store::township_key::get(&mut tx, &svc.vault).await?;
    let (key, vault) = (Arc::clone(&key), svc.vault.clone());
    let rows = blocking::run(move || {
        let open = found.into_iter().map(|row| {
            let said = row.sealed.as_deref().map(|text| sealed::open(&key, row.row_id, text)).transpose()?;
            let index = said.as_ref().map(|said| Ok::<_, Error>(vault.id_index(&said.id()?))).transpose()?;
            Ok((row, said, index))
        });
        open.collect::<Result<Vec<_>, Error>>()
    })
    .await?;
    let indexes = rows.iter().filter_map(|(.., index)| *index).collect::<Vec<_>>();
    let here = store::identity::ours(&mut tx, &indexes).await?.into_iter().collect::<HashMap<_, Uuid>>();
    tx.commit().await?;

    let rows = rows.into_iter().map(|(row, said, index)| {
        let person_id = index.and_then(|index| here.get(&index).copied());
        wire::data_match::row(row, said.as_ref(), person_id)
    });
    Ok(ListDataMatchRowsResponse { rows: rows.collect(), next_page_token })
}

struct Asked {
    size: PageSize,
    township: Option<Township>,
    match_id: Uuid,
    filter: Filter,
}

fn decode(permit: &Permit, request: &ListDataMatchRowsRequest) -> Result<Asked, Error> {
    let mut faults = Violations::default();
    let size = PageSize::parse(request.page_size, &mut faults);
    let township = permit.named(&request.township, &mut faults);
    let match_id = fields::uuid("match_id", &request.match_id, &mut faults);
    let kind = DataMatchKind::try_from(request.row_kind).unwrap_or_else(|_unknown| {
        faults.add("row_kind", fields::enumerated());
        DataMatchKind::Unspecified
    });
    let decision = DataMatchDecision::try_from(request.decision).unwrap_or_else(|_unknown| {
        faults.add("decision", fields::enumerated());
        DataMatchDecision::Unspecified
    });
    faults.check()?;
    let filter = Filter {
        after: 0,
        kind: Some(kind).filter(|&kind| kind != DataMatchKind::Unspecified),
        decision: Some(decision).filter(|&decision| decision != DataMatchDecision::Unspecified),
        undecided: request.undecided,
    };
    Ok(Asked { size, township, match_id, filter })
}

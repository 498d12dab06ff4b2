//! Decides on rows of a list: on those numbered, or on all of a kind.

use std::collections::BTreeSet;

use bangfu_kernel::{Error, error::Violations, fields};
use bangfu_platform::auth::admitted;
use bangfu_proto::people::v1::{self as proto, DataMatchDecision, DataMatchKind, DecideDataMatchRowsRequest};
use tonic::Request;
use uuid::Uuid;

use crate::{
    People, data_match,
    model::{
        audit::Action,
        data_match::{decision_word, is_decided_on, kind_word},
    },
    store,
};

/// Most rows decided on by their numbers.
const MOST: usize = 1_000;

pub(super) async fn handle(
    svc: &People,
    request: Request<DecideDataMatchRowsRequest>,
) -> Result<proto::DataMatch, Error> {
    let (permit, request) = admitted(request)?;
    let Deciding { request_id, match_id, decision, on } = decode(&request)?;

    let mut tx = svc.ground.db.township(&permit).await?;
    let answer = tx
        .once(request_id, &request, async |tx| {
            store::data_match::expire(tx).await?;
            let found = store::data_match::lock(tx, match_id).await?;
            found.open()?;
            let what = match &on {
                On::Kind(kind) => {
                    store::data_match_row::decide_kind(tx, match_id, *kind, decision).await?;
                    kind_word(*kind).to_owned()
                }
                On::Rows(rows) => {
                    let decided = store::data_match_row::decide(tx, match_id, rows, decision).await?;
                    if u64::try_from(rows.len()).is_ok_and(|all| all != decided) {
                        let rule = fields::rule("must be rows of kind NEW or CONFLICTING", "应为“新增”或“不一致”的行");
                        return Err(Error::field("rows", rule));
                    }
                    format!("{decided} rows")
                }
            };
            let reason = format!("match {match_id} {} {what}", decision_word(decision));
            store::audit::append(tx, Action::DecideDataMatch, None, &reason).await?;
            data_match::told(tx, &found).await
        })
        .await?;
    tx.commit().await?;

    Ok(answer)
}

struct Deciding {
    request_id: Uuid,
    match_id: Uuid,
    decision: DataMatchDecision,
    on: On,
}

/// What is decided on.
enum On {
    Kind(DataMatchKind),
    Rows(Vec<i32>),
}

fn decode(request: &DecideDataMatchRowsRequest) -> Result<Deciding, Error> {
    let mut faults = Violations::default();
    let request_id = fields::uuid("request_id", &request.request_id, &mut faults);
    let match_id = fields::uuid("match_id", &request.match_id, &mut faults);
    let decision = DataMatchDecision::try_from(request.decision).unwrap_or_default();
    if decision == DataMatchDecision::Unspecified {
        faults.add("decision", fields::not_given_or_enumerated(request.decision));
    }
    let kind = DataMatchKind::try_from(request.row_kind).unwrap_or_else(|_unknown| {
        faults.add("row_kind", fields::enumerated());
        DataMatchKind::Unspecified
    });
    let given = kind != DataMatchKind::Unspecified;
    if given && !is_decided_on(kind) {
        faults.add("row_kind", fields::rule("must be NEW or CONFLICTING", "应为“新增”或“不一致”"));
    }
    let rows = request.rows.iter().copied().collect::<BTreeSet<_>>();
    if given && !rows.is_empty() {
        faults.add("rows", fields::rule("must be empty where row_kind is given", "已按类决定时应为空"));
    } else if rows.len() > MOST || (!given && !faults.has("row_kind") && rows.is_empty()) {
        faults.add(
            "rows",
            fields::rule("must have 1 to 1000 numbers, or row_kind is given", "应为1至1000个行号，或按类决定"),
        );
    }
    faults.check()?;
    let on = if given { On::Kind(kind) } else { On::Rows(rows.into_iter().collect()) };
    Ok(Deciding { request_id, match_id, decision, on })
}

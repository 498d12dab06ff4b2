//! Reads the audit trail of a township from end to end, hashes it again, and tells the hashes it has now.

use bangfu_kernel::{
    Error, Township,
    error::{Resource, Violations},
    fields,
};
use bangfu_platform::auth::{Permit, admitted};
use bangfu_proto::people::v1::{AuditHash, AuditProof, GetAuditProofRequest};
use tonic::Request;

use crate::{People, model::audit::Proof, store, wire::hex};

/// Entries read at once: a long trail does not fill the memory.
const PAGE: i64 = 2_000;
/// Entries asked for in one call.
const MOST_SEQS: usize = 1_000;

pub(super) async fn handle(svc: &People, request: Request<GetAuditProofRequest>) -> Result<AuditProof, Error> {
    let (permit, request) = admitted(request)?;
    let township = decode(&permit, &request)?;

    let mut tx = svc.ground.db.township(&permit.at(township)?).await?;
    // Who asks about entries knows of a trail that was there; who asks about none may have mistyped the code.
    if request.seqs.is_empty() {
        store::township::find(&mut tx).await?.ok_or(Error::NotFound(Resource::Township))?;
    }
    let mut proof = Proof::of(tx.township());
    let mut broken = None;
    loop {
        let entries = store::audit::after(&mut tx, proof.seq(), PAGE).await?;
        broken = broken.or(proof.take(&entries).err());
        if entries.is_empty() || broken.is_some() {
            break;
        }
    }
    let last = store::audit::last(&mut tx).await?.map_or(0, |(seq, _)| seq);
    let hashes = store::audit::hashes(&mut tx, &request.seqs).await?;
    let township = tx.township().to_owned();
    tx.commit().await?;

    if let Some(broken) = broken {
        tracing::error!(township, entry = broken.0, "the audit trail is broken");
        metrics::counter!("bangfu_people_audit_broken_total").increment(1);
    }
    Ok(AuditProof {
        township,
        // Entries that came in behind the proof are left to the next one.
        entries: if broken.is_some() { last } else { proof.seq() },
        hash: if proof.seq() == 0 { String::new() } else { hex(proof.hash()) },
        broken_at: broken.map_or(0, |broken| broken.0),
        hashes: hashes.into_iter().map(|(seq, hash)| AuditHash { seq, hash: hex(&hash) }).collect(),
    })
}

fn decode(permit: &Permit, request: &GetAuditProofRequest) -> Result<Option<Township>, Error> {
    let mut faults = Violations::default();
    let township = permit.named(&request.township, &mut faults);
    if request.seqs.len() > MOST_SEQS {
        faults.add("seqs", fields::rule("must have at most 1000 numbers", "不得超过1000个"));
    }
    if request.seqs.iter().any(|&seq| seq < 1) {
        faults.add("seqs", fields::rule("must be 1 or more", "应不小于1"));
    }
    faults.check()?;
    Ok(township)
}

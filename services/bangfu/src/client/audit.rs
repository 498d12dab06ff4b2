//! `bangfu audit …`: proving audit trails from the terminal, against the heads that were noted outside the database.

use std::collections::{BTreeMap, BTreeSet};

use bangfu_people::anchor::{self, Anchor, Finding};
use bangfu_proto::people::v1::{AuditProof, GetAuditProofRequest};

use super::{Client, problem::Problem, table::Table};

/// Anchors that one call may ask for.
const MOST: usize = 1_000;

/// What became of one township's trail.
#[derive(Debug)]
pub struct Verified {
    /// The township.
    pub township: String,
    /// Entries now.
    pub entries: i64,
    /// Anchors it was set against.
    pub anchors: usize,
    /// What is wrong; empty: the trail is what it was.
    pub findings: Vec<Finding>,
}

/// Proves the trails of these townships and of all that have an anchor.
pub async fn verify(client: &Client, townships: &[String], anchors: &[Anchor]) -> Result<Vec<Verified>, Problem> {
    let anchored = anchors.iter().map(|anchor| anchor.township.as_str());
    let all: BTreeSet<&str> = townships.iter().map(String::as_str).chain(anchored).collect();
    let mut verified = Vec::new();
    for township in all {
        // The latest tell most: each vouches for all entries before it.
        let mut own: Vec<_> = anchors.iter().filter(|anchor| anchor.township == township).collect();
        own.sort_by_key(|anchor| anchor.seq);
        let own = &own[own.len().saturating_sub(MOST)..];
        let request =
            GetAuditProofRequest { township: township.to_owned(), seqs: own.iter().map(|anchor| anchor.seq).collect() };
        let proof = client.people().get_audit_proof(request).await?.into_inner();
        verified.push(of(&proof, own));
    }
    Ok(verified)
}

fn of(proof: &AuditProof, anchors: &[&Anchor]) -> Verified {
    let hashes: BTreeMap<i64, &str> = proof.hashes.iter().map(|it| (it.seq, it.hash.as_str())).collect();
    let broken = Some(proof.broken_at).filter(|&entry| entry > 0);
    Verified {
        township: proof.township.clone(),
        entries: proof.entries,
        anchors: anchors.len(),
        findings: anchor::compare(proof.entries, broken, |seq| hashes.get(&seq).copied(), anchors),
    }
}

/// What was found as a table.
pub fn table(verified: &[Verified]) -> Table {
    let mut table = Table::new(["区镇 township", "条数 entries", "锚点 anchors", "结果 result"]);
    for trail in verified {
        let told = trail.findings.iter().map(Finding::to_string).collect::<Vec<_>>().join("; ");
        table.row([
            trail.township.clone(),
            trail.entries.to_string(),
            trail.anchors.to_string(),
            if told.is_empty() { "完整 whole".to_owned() } else { told },
        ]);
    }
    table
}

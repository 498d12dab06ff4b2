//! Recognitions of difficulty as messages.

use bangfu_kernel::calendar;
use bangfu_proto::people::v1 as proto;

use super::timestamp;
use crate::model::recognition::{CheckedFact, Recognition, Step};

/// The message of an application.
pub(crate) fn message(recognition: &Recognition, township: &str) -> proto::Recognition {
    proto::Recognition {
        recognition_id: recognition.recognition_id.to_string(),
        person_id: recognition.person_id.to_string(),
        township: township.to_owned(),
        r#type: recognition.difficulty.into(),
        state: recognition.state.into(),
        applied_by: recognition.applied_by.into(),
        applied_at: recognition.applied_at.into(),
        applied_on: Some(calendar::message(recognition.applied_on)),
        evidence: recognition.evidence.clone(),
        facts: recognition.facts.iter().copied().map(fact).collect(),
        check: recognition.check.as_ref().map(step),
        published_on: recognition.published.map(|(first, _)| calendar::message(first)),
        published_until: recognition.published.map(|(_, last)| calendar::message(last)),
        decision: recognition.decision.as_ref().map(step),
        recognised_on: recognition.recognised_on.map(calendar::message),
        revoked_on: recognition.revoked.map(|(on, _)| calendar::message(on)),
        end_reason: recognition.end_reason.clone(),
        created_at: Some(timestamp(recognition.created_at)),
    }
}

fn fact(checked: CheckedFact) -> proto::CheckedFact {
    proto::CheckedFact { fact: checked.fact.into(), holds: checked.holds }
}

fn step(step: &Step) -> proto::RecognitionStep {
    proto::RecognitionStep { on: Some(calendar::message(step.on)), by: step.by.clone(), note: step.note.clone() }
}

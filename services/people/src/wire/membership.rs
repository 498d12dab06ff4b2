//! Memberships as messages, and what the office keeps of members besides.

use bangfu_kernel::{Group, calendar, error::Violations, fields, group::group_of};
use bangfu_proto::people::v1::{
    self as proto, join_group_request::Details as RequestDetails, membership::Details as MessageDetails,
};
use chrono::{Datelike as _, NaiveDate};

use crate::model::membership::{Details, Membership};

/// The message of a membership, with what proves it.
pub(crate) fn message(membership: &Membership) -> proto::Membership {
    proto::Membership {
        evidence: membership.evidence.clone(),
        end_evidence: membership.end_evidence.clone(),
        details: membership.details.as_ref().map(details),
        ..fact(membership)
    }
}

/// The messages of several.
pub(crate) fn messages(memberships: &[Membership]) -> Vec<proto::Membership> {
    memberships.iter().map(message).collect()
}

/// The part of memberships that decides what is owed: what events tell.
pub(crate) fn facts(memberships: &[Membership]) -> Vec<proto::Membership> {
    memberships.iter().map(fact).collect()
}

fn fact(membership: &Membership) -> proto::Membership {
    proto::Membership {
        group: proto::Group::from(membership.group).into(),
        from: Some(calendar::message(membership.from)),
        known_on: Some(calendar::message(membership.known_on)),
        until: membership.until.map(calendar::message),
        until_known_on: membership.until_known_on.map(calendar::message),
        source: proto::Source::from(membership.source).into(),
        ..Default::default()
    }
}

fn details(details: &Details) -> MessageDetails {
    match details {
        Details::Graduation { graduated_on, school } => MessageDetails::Graduation(proto::Graduation {
            graduated_on: Some(calendar::message(*graduated_on)),
            school: school.clone(),
        }),
        Details::Discharge { kind, discharged_on } => MessageDetails::Discharge(proto::Discharge {
            kind: proto::DischargeKind::from_str_name(&format!("DISCHARGE_KIND_{kind}")).unwrap_or_default().into(),
            discharged_on: discharged_on.map(calendar::message),
        }),
        Details::Homecoming { returned_from, returned_on, leaving_on } => {
            MessageDetails::Homecoming(proto::Homecoming {
                returned_from: returned_from.clone(),
                returned_on: Some(calendar::message(*returned_on)),
                leaving_on: leaving_on.map(calendar::message),
            })
        }
    }
}

/// A required group.
pub(crate) fn group(number: i32, faults: &mut Violations) -> Group {
    proto::Group::try_from(number).ok().and_then(group_of).unwrap_or_else(|| {
        faults.add("group", fields::not_given_or_enumerated(number));
        Group::RegisteredUnemployed
    })
}

/// The details of a request, which have to be those of its group.
pub(crate) fn decode(
    message: &RequestDetails,
    group: Group,
    today: NaiveDate,
    faults: &mut Violations,
) -> Option<Details> {
    let decoded = match message {
        RequestDetails::Graduation(message) => {
            let field = "graduation.graduated_on";
            let graduated_on = fields::date(field, message.graduated_on.as_ref(), faults);
            if graduated_on.year() > today.year() + 1 {
                faults.add(field, fields::rule("must not lie more than a year ahead", "不得晚于明年"));
            }
            let school = fields::text("graduation.school", &message.school, 0, 128, faults);
            Details::Graduation { graduated_on, school }
        }
        RequestDetails::Discharge(message) => {
            let kind = proto::DischargeKind::try_from(message.kind).unwrap_or_default();
            if kind == proto::DischargeKind::Unspecified {
                faults.add("discharge.kind", fields::not_given_or_enumerated(message.kind));
            }
            let kind = kind.as_str_name().trim_start_matches("DISCHARGE_KIND_").to_owned();
            let field = "discharge.discharged_on";
            let discharged_on = fields::optional_date(field, message.discharged_on.as_ref(), faults);
            if let Some(on) = discharged_on {
                fields::not_after_today(field, on, today, faults);
            }
            Details::Discharge { kind, discharged_on }
        }
        RequestDetails::Homecoming(message) => {
            let returned_from = fields::text("homecoming.returned_from", &message.returned_from, 1, 128, faults);
            let returned_on = fields::date("homecoming.returned_on", message.returned_on.as_ref(), faults);
            fields::not_after_today("homecoming.returned_on", returned_on, today, faults);
            let field = "homecoming.leaving_on";
            let leaving_on = fields::optional_date(field, message.leaving_on.as_ref(), faults);
            if leaving_on.is_some_and(|leaving| leaving < returned_on) {
                faults.add(field, fields::rule("must not lie before returned_on", "不得早于返乡时间"));
            }
            Details::Homecoming { returned_from, returned_on, leaving_on }
        }
    };
    if decoded.group() == group {
        return Some(decoded);
    }
    faults.add("details", fields::rule("must be those of the group", "与人员类别不符"));
    None
}

//! Households as messages, and on their way in.

use bangfu_kernel::{calendar, error::Violations, fields};
use bangfu_proto::people::v1::{self as proto, HouseholdRelation};
use chrono::{Datelike as _, NaiveDate};

use super::timestamp;
use crate::model::household::{Household, Living, Member, Other, Spell, is_without_work, relation_word};

/// Members, and others, of one household.
const MOST: usize = 20;

/// The message of a household whose members the register knows like this today.
pub(crate) fn message(household: &Household, living: &[Living], township: &str) -> proto::Household {
    proto::Household {
        household_id: household.household_id.to_string(),
        township: township.to_owned(),
        kind: household.kind.into(),
        members: household.members.iter().map(member).collect(),
        others: household.others.iter().map(other).collect(),
        without_work: is_without_work(living, &household.others),
        state: household.state().into(),
        spells: household.spells.iter().map(spell).collect(),
        etag: household.version.to_string(),
        created_at: Some(timestamp(household.created_at)),
    }
}

/// What its event tells.
pub(crate) fn fact(household: &Household) -> proto::HouseholdChanged {
    let spells = household.spells.iter().map(spell);
    let spells = spells.map(|spell| proto::HouseholdSpell { by: String::new(), evidence: String::new(), ..spell });
    proto::HouseholdChanged {
        household_id: household.household_id.to_string(),
        kind: household.kind.into(),
        state: household.state().into(),
        members: household.members.iter().map(member).collect(),
        spells: spells.collect(),
    }
}

fn member(member: &Member) -> proto::HouseholdMember {
    proto::HouseholdMember {
        person_id: member.person_id.to_string(),
        relation: relation(&member.relation).into(),
        from: Some(calendar::message(member.from)),
        until: member.until.map(calendar::message),
    }
}

fn other(other: &Other) -> proto::HouseholdOther {
    proto::HouseholdOther {
        relation: relation(&other.relation).into(),
        birth_year: other.birth_year,
        works: other.works,
    }
}

fn spell(spell: &Spell) -> proto::HouseholdSpell {
    proto::HouseholdSpell {
        recognised_on: Some(calendar::message(spell.recognised_on)),
        known_on: Some(calendar::message(spell.known_on)),
        by: spell.by.clone(),
        evidence: spell.evidence.clone(),
        cleared_on: spell.cleared_on.map(calendar::message),
        cleared_known_on: spell.cleared_known_on.map(calendar::message),
        cleared_by_person_id: spell.cleared_by.map(|id| id.to_string()).unwrap_or_default(),
    }
}

fn relation(word: &str) -> HouseholdRelation {
    HouseholdRelation::from_str_name(&format!("HOUSEHOLD_RELATION_{word}")).unwrap_or_default()
}

/// Members of a request, each once and one HEAD at most.
pub(crate) fn members(new: &[proto::NewHouseholdMember], today: NaiveDate, faults: &mut Violations) -> Vec<Member> {
    if new.is_empty() || new.len() > MOST {
        faults.add("members", fields::rule("must have 1 to 20 members", "应有1至20人"));
    }
    let members: Vec<_> = new.iter().take(MOST + 1).map(|new| new_member("members", new, today, faults)).collect();
    let heads = members.iter().filter(|member| member.relation == relation_word(HouseholdRelation::Head)).count();
    if heads > 1 {
        faults.add("members", fields::rule("must have one HEAD at most", "户主不得超过一人"));
    }
    let mut ids: Vec<_> = members.iter().map(|member| member.person_id).collect();
    ids.sort_unstable();
    if ids.windows(2).any(|pair| pair[0] == pair[1]) && !faults.has("members.person_id") {
        faults.add("members", fields::rule("must name each person once", "同一人不得重复"));
    }
    members
}

/// One member of a request; `under` is the field it stands in.
pub(crate) fn new_member(
    under: &'static str,
    new: &proto::NewHouseholdMember,
    today: NaiveDate,
    faults: &mut Violations,
) -> Member {
    let [person, relation, from] = match under {
        "member" => ["member.person_id", "member.relation", "member.from"],
        _ => ["members.person_id", "members.relation", "members.from"],
    };
    let day = fields::optional_date(from, new.from.as_ref(), faults).unwrap_or(today);
    fields::not_after_today(from, day, today, faults);
    Member {
        person_id: fields::uuid(person, &new.person_id, faults),
        relation: given_relation(relation, new.relation, faults),
        from: day,
        until: None,
    }
}

/// Those outside the register, of a request.
pub(crate) fn others(new: &[proto::HouseholdOther], today: NaiveDate, faults: &mut Violations) -> Vec<Other> {
    if new.len() > MOST {
        faults.add("others", fields::rule("must have at most 20 people", "不得超过20人"));
    }
    let decode = |new: &proto::HouseholdOther| {
        if !(1900..=today.year()).contains(&new.birth_year) {
            faults.add("others.birth_year", fields::range(1900, i64::from(today.year())));
        }
        Other {
            relation: given_relation("others.relation", new.relation, faults),
            birth_year: new.birth_year,
            works: new.works,
        }
    };
    new.iter().take(MOST + 1).map(decode).collect()
}

fn given_relation(field: &'static str, number: i32, faults: &mut Violations) -> String {
    let relation = HouseholdRelation::try_from(number).unwrap_or_default();
    if relation == HouseholdRelation::Unspecified {
        faults.add(field, fields::not_given_or_enumerated(number));
    }
    relation_word(relation).to_owned()
}

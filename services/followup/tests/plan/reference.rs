//! The planner once more, as the domain text has it, day by day and word by word; slow, and plain to check by reading.

use std::sync::Arc;

use bangfu_followup::model::{
    duty::{Duty, DutyState, ReleaseReason},
    history::{End, History, Record, RecordKind},
    service::Service,
    standard::{Every, Proration, Rule, Standard, Standards},
};
use bangfu_kernel::{EmploymentStatus, Group, ServiceLevel};
use chrono::{Datelike as _, Days, Months, NaiveDate, TimeDelta};

pub(crate) struct Reference<'a> {
    history: &'a History,
    standards: &'a Standards,
    pub(crate) duties: Vec<(&'a Rule, Duty)>,
}

/// What the office believes on one day about another.
struct Belief {
    in_township: bool,
    status: Option<EmploymentStatus>,
    level: ServiceLevel,
    groups: Vec<Group>,
    recognised: bool,
    household: bool,
}

/// All duties as of a day, sorted by identity.
pub(crate) fn duties(history: &History, standards: &Standards, as_of: NaiveDate) -> Vec<Duty> {
    let mut reference = Reference::new(history, standards);
    for k in first_day(history).iter_days().take_while(|&k| k <= as_of) {
        reference.day(k);
    }
    reference.sorted()
}

/// A day before which nothing can hold: somebody must have joined, or a household been recognised.
pub(crate) fn first_day(history: &History) -> NaiveDate {
    let spells = history.household.iter().flatten().map(|spell| spell.recognised_on);
    history.stays.iter().map(|stay| stay.joined_on).chain(spells).min().unwrap_or(NaiveDate::MAX)
}

fn day_before(day: NaiveDate) -> NaiveDate {
    day - Days::new(1)
}

impl<'a> Reference<'a> {
    pub(crate) fn new(history: &'a History, standards: &'a Standards) -> Self {
        Self { history, standards, duties: Vec::new() }
    }

    pub(crate) fn sorted(&self) -> Vec<Duty> {
        let mut duties: Vec<_> = self.duties.iter().map(|(_, duty)| duty.clone()).collect();
        duties.sort_by(|a, b| a.identity().cmp(&b.identity()));
        duties
    }

    pub(crate) fn day(&mut self, k: NaiveDate) {
        self.missed(k);
        self.waived(k);
        self.done(k);
        self.released(k);
        self.opened(k);
    }

    /// "An OPEN duty with due_on + entry_grace_days < k is MISSED, on due_on + entry_grace_days + 1."
    fn missed(&mut self, k: NaiveDate) {
        for (rule, duty) in &mut self.duties {
            let last = duty.due_on + Days::new(rule.entry_grace_days.into());
            if duty.state == DutyState::Open && last < k {
                duty.state = DutyState::Missed;
                duty.state_on = last + Days::new(1);
            }
        }
    }

    /// "OPEN → WAIVED(reason); MISSED → WAIVED(reason) on appeal": by a decision of the day, which comes before the day's records.
    fn waived(&mut self, k: NaiveDate) {
        for waiver in self.history.waivers.iter().filter(|waiver| waiver.on == k) {
            for (rule, duty) in &mut self.duties {
                let meant = rule.id == waiver.rule
                    && duty.period_start == waiver.period_start
                    && duty.slot == waiver.slot
                    && [DutyState::Open, DutyState::Missed].contains(&duty.state);
                if meant {
                    duty.state = DutyState::Waived;
                    duty.state_on = k;
                }
            }
        }
    }

    /// "A record entered on k, of the duty's service, dated within the duty's window, settles an OPEN duty (DONE, on k).
    /// One record may settle duties of several rules, one duty (or slot) of each, the earliest first."
    fn done(&mut self, k: NaiveDate) {
        for record in self.entered(|entered_on| entered_on == k) {
            let mut open: Vec<usize> =
                (0..self.duties.len()).filter(|&i| self.duties[i].1.state == DutyState::Open).collect();
            open.sort_by_key(|&i| (self.duties[i].1.period_start, self.duties[i].1.slot));
            for i in open {
                self.try_settle(i, record, k);
            }
        }
    }

    /// Settles a duty by a record if it fits and has settled no duty of this rule.
    fn try_settle(&mut self, i: usize, record: &Record, k: NaiveDate) -> bool {
        let rule = self.duties[i].0;
        let used = self.duties.iter().any(|(_, duty)| duty.settled_by == Some(record.id) && duty.rule == rule.id);
        let duty = &mut self.duties[i].1;
        if used || !is_of(record, rule) || record.on < duty.window_start || duty.due_on < record.on {
            return false;
        }
        duty.state = DutyState::Done;
        duty.state_on = k;
        duty.settled_by = Some(record.id);
        true
    }

    /// "A duty still OPEN is RELEASED if not holds(rule, min(k, due_on), k)."
    fn released(&mut self, k: NaiveDate) {
        let mut belief = (k, self.belief(k, k));
        for i in 0..self.duties.len() {
            let (rule, duty) = &self.duties[i];
            if duty.state != DutyState::Open {
                continue;
            }
            let d = k.min(duty.due_on);
            if belief.0 != d {
                belief = (d, self.belief(d, k));
            }
            let belief = &belief.1;
            if holds(rule, belief) {
                continue;
            }
            let reason = if rule.who.household {
                ReleaseReason::ConditionEnded
            } else if belief.status == Some(EmploymentStatus::Deceased) {
                ReleaseReason::Deceased
            } else if belief.level == ServiceLevel::Exited {
                ReleaseReason::Exited
            } else if !belief.in_township {
                ReleaseReason::Transferred
            } else if !rule.who.levels.is_empty() && !rule.who.levels.contains(&belief.level) {
                ReleaseReason::LevelChanged
            } else {
                ReleaseReason::ConditionEnded
            };
            let duty = &mut self.duties[i].1;
            duty.state = DutyState::Released;
            duty.state_on = k;
            duty.reason = Some(reason);
        }
    }

    fn opened(&mut self, k: NaiveDate) {
        let standards = self.standards;
        let today = self.belief(k, k);
        let mut every = vec![Every::Year, Every::HalfYear, Every::Month];
        for rule in standards.iter().flat_map(|standard| &standard.rules) {
            if matches!(rule.every, Every::Window(_)) && !every.contains(&rule.every) {
                every.push(rule.every);
            }
        }
        for every in every {
            let Some((start, end)) = period(every, k) else { continue };
            let Some(standard) = in_force(standards, start) else { continue };
            for rule in standard.rules.iter().filter(|rule| rule.every == every) {
                let remaining = (end - k).num_days() + 1;
                if holds(rule, &today) && remaining >= i64::from(rule.min_days) {
                    self.open(standard, rule, (start, end), start, k);
                }
            }
        }
        // "once rules open on the first day k on which holds(rule, k, k) turns true, are due on opens_on + days, are
        // not opened again while it stays true, and use opens_on as their period start."
        let Some(standard) = in_force(standards, k) else { return };
        let yesterday = self.belief(day_before(k), day_before(k));
        for rule in &standard.rules {
            let Every::Once { within_days } = rule.every else { continue };
            let turns = holds(rule, &today) && !holds(rule, &yesterday);
            if !turns {
                continue;
            }
            let spell = self.spell_start(rule, k);
            let before = self.belief(day_before(spell), k);
            let by_record = before.status.is_some() && rule.who.after.contains(&before.level);
            if rule.who.after.is_empty() || by_record {
                self.open(standard, rule, (k, k + Days::new(within_days.into())), spell, k);
            }
        }
    }

    /// Opens what is neither open nor final, and lets records already entered settle it at once.
    fn open(
        &mut self,
        standard: &Standard,
        rule: &'a Rule,
        (start, end): (NaiveDate, NaiveDate),
        not_before: NaiveDate,
        k: NaiveDate,
    ) {
        let of_period: Vec<_> = self
            .duties
            .iter()
            .filter(|(_, duty)| duty.period_start == start && duty.rule == rule.id)
            .map(|(_, duty)| (duty.slot, duty.state))
            .collect();
        if of_period.iter().any(|&(_, state)| state == DutyState::Open) {
            return;
        }
        let mut opened = Vec::new();
        if let Some(quota) = rule.quota {
            let months = 12 - k.month() + 1;
            let n = match quota.proration {
                Proration::ByMonth => (quota.count * months).div_ceil(12),
                Proration::Full => quota.count,
            };
            let is_done = |slot| of_period.contains(&(slot, DutyState::Done));
            let done = of_period.iter().filter(|&&(_, state)| state == DutyState::Done).count();
            let owed = (n as usize).saturating_sub(done);
            let is_waived = |slot| of_period.contains(&(slot, DutyState::Waived));
            for slot in (1..).filter(|&slot| !is_done(slot)).take(owed).filter(|&slot| !is_waived(slot)) {
                let target = k + TimeDelta::days((end - k).num_days() * i64::from(slot) / i64::from(n));
                opened.push((slot, start, target));
            }
        } else if of_period.iter().all(|&(_, state)| state == DutyState::Released) {
            // "window_start = max(period start, first day of the unbroken spell …)"
            opened.push((0, self.spell_start(rule, k).max(not_before), end));
        }
        for (slot, window_start, target_on) in opened {
            let duty = Duty {
                rule: Arc::clone(&rule.id),
                service: rule.service,
                period_start: start,
                slot,
                opens_on: k,
                due_on: end,
                window_start,
                target_on,
                missed_from: end + Days::new(rule.entry_grace_days.into()) + Days::new(1),
                state: DutyState::Open,
                state_on: k,
                settled_by: None,
                reason: None,
                standard_version: Arc::clone(&standard.version),
            };
            self.duties.retain(|(_, other)| other.identity() != duty.identity());
            // Let off as it was known to stand before, or on this very day: it is raised so.
            let let_off = self.history.waivers.iter().filter(|waiver| waiver.on <= k).any(|waiver| {
                waiver.rule == duty.rule && waiver.period_start == duty.period_start && waiver.slot == duty.slot
            });
            let state = if let_off { DutyState::Waived } else { DutyState::Open };
            self.duties.push((rule, Duty { state, ..duty }));
            let records = if let_off { Vec::new() } else { self.entered(|entered_on| entered_on <= k) };
            for record in records {
                if self.try_settle(self.duties.len() - 1, record, k) {
                    break;
                }
            }
        }
    }

    fn entered(&self, when: impl Fn(NaiveDate) -> bool) -> Vec<&'a Record> {
        let mut records: Vec<_> = self.history.records.iter().filter(|record| when(record.entered_on)).collect();
        records.sort_by_key(|record| (record.entered_on, record.on, record.id));
        records
    }

    fn spell_start(&self, rule: &Rule, k: NaiveDate) -> NaiveDate {
        let mut day = k;
        while holds(rule, &self.belief(day_before(day), k)) {
            day = day_before(day);
        }
        day
    }

    fn belief(&self, d: NaiveDate, k: NaiveDate) -> Belief {
        let status = self.status(d, k);
        Belief {
            in_township: self.in_township(d, k),
            status: status.map(|(status, _)| status),
            level: status.map_or(ServiceLevel::Unverified, |(_, level)| level),
            groups: self
                .history
                .groups
                .iter()
                .map(|fact| fact.group)
                .filter(|&group| self.is_member(group, d, k))
                .collect(),
            recognised: self.history.recognitions.iter().any(|fact| self.is_recognised(&fact.kind, d, k)),
            household: latest_holds(
                self.history
                    .household
                    .iter()
                    .flatten()
                    .map(|spell| (spell.recognised_on, spell.known_on, spell.end()))
                    .collect(),
                d,
                k,
            ),
        }
    }

    /// "Of the records with known_on <= k, less those that a record known by k corrects, the one with the latest
    /// effective_on <= d (then latest known_on, then highest id)."
    fn status(&self, d: NaiveDate, k: NaiveDate) -> Option<(EmploymentStatus, ServiceLevel)> {
        let known = || self.history.statuses.iter().filter(|fact| fact.known_on <= k);
        known()
            .filter(|fact| !known().any(|other| other.corrects == Some(fact.record_id)))
            .filter(|fact| fact.effective_on <= d)
            .max_by_key(|fact| (fact.effective_on, fact.known_on, fact.record_id))
            .map(|fact| (fact.status, fact.level()))
    }

    fn in_township(&self, d: NaiveDate, k: NaiveDate) -> bool {
        let stays = self.history.stays.iter();
        latest_holds(stays.map(|stay| (stay.joined_on, stay.join_known_on, stay.left)).collect(), d, k)
    }

    fn is_recognised(&self, kind: &str, d: NaiveDate, k: NaiveDate) -> bool {
        let recognitions = self.history.recognitions.iter().filter(|fact| &*fact.kind == kind);
        latest_holds(recognitions.map(|fact| (fact.from, fact.known_on, fact.until)).collect(), d, k)
    }

    fn is_member(&self, group: Group, d: NaiveDate, k: NaiveDate) -> bool {
        let memberships = self.history.groups.iter().filter(|fact| fact.group == group);
        latest_holds(memberships.map(|fact| (fact.from, fact.known_on, fact.until)).collect(), d, k)
    }
}

fn holds(rule: &Rule, belief: &Belief) -> bool {
    let who = &rule.who;
    if who.household {
        return belief.household;
    }
    belief.in_township
        && belief.level != ServiceLevel::Exited
        && (who.levels.is_empty() || who.levels.contains(&belief.level))
        && (who.groups.is_empty() || who.groups.iter().any(|group| belief.groups.contains(group)))
        && match who.recognised {
            None => true,
            Some(recognised) => belief.recognised == recognised,
        }
}

/// "The same holds for group membership … and township membership": the latest begun and known decides.
fn latest_holds(mut facts: Vec<(NaiveDate, NaiveDate, Option<End>)>, d: NaiveDate, k: NaiveDate) -> bool {
    facts.retain(|&(from, known_on, _)| from <= d && known_on <= k);
    let Some(latest) = facts.iter().map(|&(from, known_on, _)| (from, known_on)).max() else { return false };
    facts.iter().filter(|&&(from, known_on, _)| (from, known_on) == latest).any(|(_, _, end)| match end {
        Some(end) if end.known_on <= k => d < end.on,
        _ => true,
    })
}

/// A contact counts for any service only if it is effective, and as a follow-up by itself, by a channel that settles one; which
/// results and channels these are, the rule says.
fn is_of(record: &Record, rule: &Rule) -> bool {
    let RecordKind::Contact { channel, result } = record.kind else {
        return rule.service != Service::FollowUp && record.services.contains(rule.service);
    };
    let counts = &rule.counts;
    let of_service = rule.service == Service::FollowUp || record.services.contains(rule.service);
    of_service && counts.results.contains(&result) && (counts.channels.is_empty() || counts.channels.contains(&channel))
}

fn in_force(standards: &Standards, day: NaiveDate) -> Option<&Standard> {
    standards.iter().filter(|standard| standard.in_force_from <= day).max_by_key(|standard| standard.in_force_from)
}

fn period(every: Every, k: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
    let (first, last) = match every {
        Every::Month => (k.month(), k.month()),
        Every::HalfYear if k.month() <= 6 => (1, 6),
        Every::HalfYear => (7, 12),
        Every::Year => (1, 12),
        Every::Once { .. } => unreachable!("no calendar period"),
        // "15 days before to 30 days after Spring Festival"
        Every::Window(window) => {
            return (k.year() - 1..=k.year() + 1)
                .map(|year| window.festival.of(year).expect("it falls in every year"))
                .map(|day| (day - Days::new(window.days_before.into()), day + Days::new(window.days_after.into())))
                .find(|&(start, end)| start <= k && k <= end);
        }
    };
    let start = NaiveDate::from_ymd_opt(k.year(), first, 1).expect("a date");
    let next = start + Months::new(last - first + 1);
    Some((start, day_before(next)))
}

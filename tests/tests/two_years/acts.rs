//! Acts of the script, done through the wire.

use std::time::Duration;

use bangfu::client::{Client, date, request_id};
use bangfu_kernel::Role;
use bangfu_proto::{
    common::v1::CalendarDate,
    followup::v1::{
        Contact, DecideWaiverRequest, Duty, DutyState, ListDutiesRequest, RecordContactRequest, RecordServiceRequest,
        RequestWaiverRequest, RevokeWaiverRequest, StatusLearned, VoidContactRequest, WaiverReason,
    },
    people::v1::{
        AcceptTransferRequest, CreateHouseholdRequest, EmploymentStatus, GetEmploymentHistoryRequest, HouseholdKind,
        HouseholdRelation, JoinGroupRequest, LeaveGroupRequest, NewEmployment, NewHouseholdMember,
        OfferTransferRequest, RecogniseHouseholdRequest, RecordEmploymentRequest, RegisterPersonRequest, Source,
    },
};
use bangfu_testkit::{reason, sample};
use bangfu_tests::replica;
use chrono::Days;
use tonic::{Response, Status};

use super::{
    Somebody, TOWNSHIPS, Way, World,
    script::{Act, Talk},
};

/// "done", or why not.
fn became<T>(answer: &Result<Response<T>, Status>) -> String {
    answer.as_ref().map_or_else(reason, |_| "done".to_owned())
}

impl World {
    pub(super) async fn act(&mut self, act: &Act) -> String {
        match act {
            Act::Register { who, township, status, back } => {
                let employment =
                    NewEmployment { status: (*status).into(), effective_on: self.day(*back), ..Default::default() };
                let n = u32::try_from(*who).expect("small");
                let request = RegisterPersonRequest { employment: Some(employment), ..sample::person(n) };
                let township = TOWNSHIPS[*township];
                let answer = self.city.clerk(township).people().register_person(request).await;
                let became = became(&answer);
                if let Ok(answer) = answer {
                    let person_id = answer.into_inner().person_id;
                    self.people.insert(*who, Somebody { person_id, township, contact: None, waiver: None });
                }
                became
            }
            Act::Employment { who, status, back } => {
                let employment =
                    NewEmployment { status: (*status).into(), effective_on: self.day(*back), ..Default::default() };
                let request = RecordEmploymentRequest {
                    request_id: request_id(),
                    person_id: self.people[who].person_id.clone(),
                    employment: Some(employment),
                    ..Default::default()
                };
                became(&self.clerk(*who).people().record_employment(request).await)
            }
            Act::Correction { who, status, back } => self.correct(*who, *status, *back).await,
            Act::Join { who, group, back } => {
                let request = JoinGroupRequest {
                    request_id: request_id(),
                    person_id: self.people[who].person_id.clone(),
                    group: (*group).into(),
                    source: Source::DataMatch.into(),
                    from: self.day(*back),
                    ..Default::default()
                };
                became(&self.clerk(*who).people().join_group(request).await)
            }
            Act::Leave { who, group } => {
                let request = LeaveGroupRequest {
                    request_id: request_id(),
                    person_id: self.people[who].person_id.clone(),
                    group: (*group).into(),
                    until: None,
                    evidence: "核实".to_owned(),
                };
                became(&self.clerk(*who).people().leave_group(request).await)
            }
            Act::Household { head, spouse } => self.household(*head, *spouse).await,
            Act::Recognise { head } => {
                let Some(household_id) = self.homes.get(head).cloned() else { return "no household".to_owned() };
                let request = RecogniseHouseholdRequest {
                    request_id: request_id(),
                    household_id,
                    evidence: "入户核实".to_owned(),
                };
                let reviewer = self.city.reviewer(self.people[head].township);
                became(&reviewer.people().recognise_household(request).await)
            }
            Act::Move { who, to } => self.moves(*who, TOWNSHIPS[*to]).await,
            Act::Contact(talk) => self.contact(talk).await,
            Act::Void { who } => self.void(*who).await,
            Act::Service { who, service, back } => {
                let request = RecordServiceRequest {
                    request_id: request_id(),
                    person_id: self.people[who].person_id.clone(),
                    on: self.day(*back),
                    service: (*service).into(),
                    policies_told: vec!["就业困难人员社会保险补贴".to_owned()],
                    ..Default::default()
                };
                let ask = async |client: Client| client.followup().record_service(request.clone()).await;
                became(&self.asks(*who, Role::Clerk, ask).await)
            }
            Act::Waive { who, reason, missed, grant } => self.waive(*who, *reason, *missed, *grant).await,
            Act::Revoke { who } => {
                let Some(waiver_id) = self.people[who].waiver.clone() else { return "no waiver".to_owned() };
                let revocation = "查无实据".to_owned();
                let request = RevokeWaiverRequest { request_id: request_id(), waiver_id, revocation };
                let ask = async |client: Client| client.followup().revoke_waiver(request.clone()).await;
                became(&self.asks(*who, Role::Reviewer, ask).await)
            }
        }
    }

    async fn correct(&self, who: usize, status: EmploymentStatus, back: u64) -> String {
        let (clerk, person_id) = (self.clerk(who), self.people[&who].person_id.clone());
        let asked = GetEmploymentHistoryRequest { person_id: person_id.clone(), ..Default::default() };
        let records = clerk.people().get_employment_history(asked).await.expect("found").into_inner().records;
        let known = |record: &bangfu_proto::people::v1::EmploymentRecord| {
            record.known_on.as_ref().map(|on| (on.year, on.month, on.day))
        };
        let wrong = records.iter().max_by_key(|record| (known(record), record.record_id.clone()));
        let Some(wrong) = wrong else { return "nothing to correct".to_owned() };
        let employment = NewEmployment { status: status.into(), effective_on: self.day(back), ..Default::default() };
        let request = RecordEmploymentRequest {
            request_id: request_id(),
            person_id,
            employment: Some(employment),
            corrects_record_id: wrong.record_id.clone(),
            ..Default::default()
        };
        became(&clerk.people().record_employment(request).await)
    }

    fn day(&self, back: u64) -> Option<CalendarDate> {
        date(self.today() - Days::new(back))
    }

    fn clerk(&self, who: usize) -> Client {
        self.city.clerk(self.people[&who].township)
    }

    /// Asks follow-up; in the years of killing whoever is asked may die of it, and another one is asked again.
    async fn asks<T>(
        &mut self,
        who: usize,
        role: Role,
        ask: impl AsyncFn(Client) -> Result<Response<T>, Status>,
    ) -> Result<Response<T>, Status> {
        let (subject, township) = (role.as_str_name(), Some(self.people[&who].township));
        let asked = if self.way == Way::Killed { self.fate.below(2) } else { 0 };
        let client = self.followup(asked, subject, role, township);
        if self.way != Way::Killed || !self.fate.one_in(25) {
            return ask(client).await;
        }
        let moment = Duration::from_micros(u64::try_from(self.fate.below(12_000)).expect("small"));
        let other = self.followup(1 - asked, subject, role, township);
        let (answer, ()) = tokio::join!(ask(client), async {
            tokio::time::sleep(moment).await;
            self.kill(asked).await;
        });
        self.raise_again(asked).await;
        match answer {
            Err(status) if replica::is_dead(&status) => ask(other).await,
            answer => answer,
        }
    }

    async fn contact(&mut self, talk: &Talk) -> String {
        let learned = talk.learned.map(|status| StatusLearned {
            status: status.into(),
            effective_on: self.day(talk.back),
            ..Default::default()
        });
        let request = RecordContactRequest {
            request_id: request_id(),
            person_id: self.people[&talk.who].person_id.clone(),
            on: self.day(talk.back),
            channel: talk.channel.into(),
            result: talk.result.into(),
            answered_by: "本人".to_owned(),
            services: talk.services.iter().map(|&service| service.into()).collect(),
            policies_told: vec!["就业困难人员社会保险补贴".to_owned()],
            status_learned: learned,
            ..Default::default()
        };
        let ask = async |client: Client| client.followup().record_contact(request.clone()).await;
        let answer = self.asks(talk.who, Role::Clerk, ask).await;
        let became = became(&answer);
        if let Ok(contact) = answer.map(Response::into_inner) {
            let Contact { contact_id, .. } = contact;
            self.people.get_mut(&talk.who).expect("somebody").contact = Some(contact_id);
        }
        became
    }

    async fn void(&mut self, who: usize) -> String {
        let Some(contact_id) = self.people[&who].contact.clone() else { return "no contact".to_owned() };
        let request = VoidContactRequest { request_id: request_id(), contact_id, reason: "记错人".to_owned() };
        let ask = async |client: Client| client.followup().void_contact(request.clone()).await;
        became(&self.asks(who, Role::Clerk, ask).await)
    }

    async fn waive(&mut self, who: usize, why: WaiverReason, missed: bool, grant: bool) -> String {
        let state = if missed { DutyState::Missed } else { DutyState::Open };
        let request = ListDutiesRequest {
            person_id: self.people[&who].person_id.clone(),
            states: vec![state.into()],
            ..Default::default()
        };
        let ask = async |client: Client| client.followup().list_duties(request.clone()).await;
        let duties = self.asks(who, Role::Clerk, ask).await.expect("listed").into_inner().duties;
        let key = |duty: &&Duty| (duty.rule.clone(), duty.period_start.map(|on| (on.year, on.month)), duty.slot);
        let Some(duty) = duties.iter().min_by_key(key) else { return "no duty".to_owned() };
        let request = RequestWaiverRequest {
            request_id: request_id(),
            duty_id: duty.duty_id.clone(),
            reason: why.into(),
            text: "情况说明".to_owned(),
            evidence_ids: Vec::new(),
        };
        let ask = async |client: Client| client.followup().request_waiver(request.clone()).await;
        let waiver = match self.asks(who, Role::Clerk, ask).await {
            Ok(waiver) => waiver.into_inner(),
            Err(refused) => return format!("request {}", reason(&refused)),
        };
        let waiver_id = waiver.waiver_id;
        self.people.get_mut(&who).expect("somebody").waiver = Some(waiver_id.clone());
        let decision = "已核实".to_owned();
        let request = DecideWaiverRequest { request_id: request_id(), waiver_id, grant, decision };
        let ask = async |client: Client| client.followup().decide_waiver(request.clone()).await;
        became(&self.asks(who, Role::Reviewer, ask).await)
    }

    async fn household(&mut self, head: usize, spouse: usize) -> String {
        let mut members = vec![(head, HouseholdRelation::Head)];
        if spouse != head {
            members.push((spouse, HouseholdRelation::Spouse));
        }
        let member = |(who, relation): (usize, HouseholdRelation)| NewHouseholdMember {
            person_id: self.people[&who].person_id.clone(),
            relation: relation.into(),
            from: None,
        };
        let request = CreateHouseholdRequest {
            request_id: request_id(),
            kind: HouseholdKind::Urban.into(),
            members: members.into_iter().map(member).collect(),
            others: Vec::new(),
        };
        let answer = self.clerk(head).people().create_household(request).await;
        let became = became(&answer);
        if let Ok(answer) = answer {
            self.homes.insert(head, answer.into_inner().household_id);
        }
        became
    }

    async fn moves(&mut self, who: usize, there: &'static str) -> String {
        let request = OfferTransferRequest {
            request_id: request_id(),
            person_id: self.people[&who].person_id.clone(),
            to_township: there.to_owned(),
            reason: "户籍迁移".to_owned(),
            ..Default::default()
        };
        let offered = match self.clerk(who).people().offer_transfer(request).await {
            Ok(offered) => offered.into_inner(),
            Err(refused) => return format!("offer {}", reason(&refused)),
        };
        let request = AcceptTransferRequest {
            request_id: request_id(),
            transfer_id: offered.transfer_id,
            village: "河口村".to_owned(),
            ..Default::default()
        };
        let answer = self.city.clerk(there).people().accept_transfer(request).await;
        if answer.is_ok() {
            let somebody = self.people.get_mut(&who).expect("somebody");
            (somebody.township, somebody.contact, somebody.waiver) = (there, None, None);
        }
        became(&answer)
    }
}

//! What was acknowledged is there; what was refused is not there by halves; what is repeated has one effect.

use bangfu::client::Client;
use bangfu_proto::people::v1::{ListPeopleRequest, RegisterPersonRequest};
use bangfu_testkit::{City, DADONG, sample};
use tonic::Status;

use crate::{
    proxy::{Fault, Proxy, Which},
    row::Run,
};

/// The answer to COMMIT is lost: whoever repeats the request gets the person that is there already.
pub async fn an_answer_lost_after_commit_is_repeated_with_one_effect(run: Run) {
    let proxy = Proxy::start(run.seed()).await;
    let city = City::with(|plan| {
        proxy.stand_before(plan);
        // Background work commits, too.
        plan.followup = None;
    })
    .await;
    let clerk = city.clerk(DADONG);
    run.fault("COMMIT answered to nobody", 0);
    let people = run.of(10, 500);
    for n in 0..people {
        let request = sample::person(n);
        proxy.break_at(Which::Commit, Fault::CutAfter);
        let first = register(&clerk, request.clone()).await;
        // The registry's own work commits, too, and may have been struck instead.
        let answered = first.is_ok();
        let id = register(&clerk, request).await.expect("repeated");
        assert!(first.is_err() || first.is_ok_and(|first| first == id), "two people of one request");
        run.count(if answered { "answered" } else { "repeated" }, 1);
    }
    run.fault("COMMIT answered to nobody", proxy.fired());
    let listed = clerk.people().list_people(ListPeopleRequest { page_size: 500, ..Default::default() }).await;
    let listed = listed.expect("listed").into_inner().people.len();
    assert_eq!(u32::try_from(listed), Ok(people), "each once");
    city.close().await;
}

async fn register(clerk: &Client, request: RegisterPersonRequest) -> Result<String, Status> {
    Ok(clerk.people().register_person(request).await?.into_inner().person_id)
}

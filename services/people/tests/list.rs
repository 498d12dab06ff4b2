//! Lists: filters that combine, pages that neither skip nor repeat, tokens that open nowhere else.

use bangfu::client::Client;
use bangfu_proto::people::v1::{
    BatchGetPeopleRequest, EmploymentStatus, Group, ListPeopleRequest, ListPeopleResponse, RegisterPersonRequest,
    ServiceLevel,
};
use bangfu_testkit::{City, DADONG, LIBAO, reason, sample};
use tonic::{Code, Status};

async fn list(client: &Client, request: ListPeopleRequest) -> Result<ListPeopleResponse, Status> {
    client.people().list_people(request).await.map(tonic::Response::into_inner)
}

/// Seven people: every third lives in 河口村, every second is 乙's, the first four are unemployed, the last a veteran.
async fn town(city: &City) -> Vec<String> {
    let clerk = city.clerk(DADONG);
    let mut ids = Vec::new();
    for n in 0..7 {
        let mut request = match n {
            0..4 => sample::person_who_is(n, EmploymentStatus::Unemployed, "2026-01-01"),
            _ => sample::person(n),
        };
        if n % 3 == 0 {
            "河口村".clone_into(&mut request.village);
        }
        if n % 2 == 0 {
            "协理员乙".clone_into(&mut request.coordinator);
        }
        if n == 6 {
            request.groups = vec![Group::Veteran.into()];
        }
        ids.push(clerk.people().register_person(request).await.expect("registered").into_inner().person_id);
    }
    ids
}

#[tokio::test]
async fn filters_combine_and_keep_the_order_of_registration() {
    let city = City::new().await;
    let ids = town(&city).await;
    let clerk = city.clerk(DADONG);
    let all = ListPeopleRequest::default();
    for (what, request, expected) in [
        ("all", all.clone(), vec![0, 1, 2, 3, 4, 5, 6]),
        ("village", ListPeopleRequest { village: "河口村".to_owned(), ..all.clone() }, vec![0, 3, 6]),
        ("coordinator", ListPeopleRequest { coordinator: "协理员乙".to_owned(), ..all.clone() }, vec![0, 2, 4, 6]),
        ("level", ListPeopleRequest { level: ServiceLevel::Unemployed.into(), ..all.clone() }, vec![0, 1, 2, 3]),
        ("unverified", ListPeopleRequest { level: ServiceLevel::Unverified.into(), ..all.clone() }, vec![4, 5, 6]),
        ("group", ListPeopleRequest { group: Group::Veteran.into(), ..all.clone() }, vec![6]),
        (
            "village and level",
            ListPeopleRequest {
                village: "河口村".to_owned(), level: ServiceLevel::Unemployed.into(), ..all.clone()
            },
            vec![0, 3],
        ),
        ("nobody", ListPeopleRequest { village: "没有村".to_owned(), ..all.clone() }, vec![]),
    ] {
        let found = list(&clerk, request.clone()).await.expect(what);
        let found = found.people.into_iter().map(|person| person.person_id).collect::<Vec<_>>();
        assert_eq!(found, expected.iter().map(|&n: &usize| ids[n].clone()).collect::<Vec<_>>(), "{what}");
        let township = DADONG.to_owned();
        let bureau =
            list(&city.bureau(), ListPeopleRequest { township, ..request }).await.expect("the city sees it too");
        assert_eq!(bureau.people.len(), expected.len(), "{what}");
    }
    let unnamed = list(&city.bureau(), all).await.expect_err("which township?");
    assert_eq!(reason(&unnamed), "FIELD_INVALID");
    city.close().await;
}

#[tokio::test]
async fn pages_neither_skip_nor_repeat_and_their_tokens_open_nowhere_else() {
    let city = City::new().await;
    let ids = town(&city).await;
    let clerk = city.clerk(DADONG);
    let mut request = ListPeopleRequest { page_size: 3, ..Default::default() };
    let (mut seen, mut tokens) = (Vec::new(), Vec::new());
    loop {
        let page = list(&clerk, request.clone()).await.expect("a page");
        seen.extend(page.people.into_iter().map(|person| person.person_id));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token.clone();
        tokens.push(page.next_page_token);
    }
    assert_eq!((seen, tokens.len()), (ids, 2));

    let with = |change: fn(&mut ListPeopleRequest)| {
        let mut request = ListPeopleRequest { page_size: 3, page_token: tokens[0].clone(), ..Default::default() };
        change(&mut request);
        request
    };
    list(&clerk, with(|request| request.page_size = 5)).await.expect("another size is the same list");
    for (what, client, request) in [
        ("another filter", clerk.clone(), with(|request| request.village = "河口村".to_owned())),
        ("another township", city.clerk(LIBAO), with(|_| {})),
        ("damaged", clerk.clone(), with(|request| request.page_token.replace_range(4..6, "__"))),
        ("no token at all", clerk, with(|request| request.page_token = "x".to_owned())),
    ] {
        let refused = list(&client, request).await.expect_err(what);
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (Code::InvalidArgument, "PAGE_TOKEN_INVALID"),
            "{what}"
        );
    }
    city.close().await;
}

#[tokio::test]
async fn a_batch_keeps_the_order_asked_for_and_leaves_out_who_is_not_there() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let register = async |n| {
        let request: RegisterPersonRequest = sample::person(n);
        clerk.people().register_person(request).await.expect("registered").into_inner().person_id
    };
    let (a, b) = (register(1).await, register(2).await);
    let theirs = city.clerk(LIBAO).people().register_person(sample::person(3)).await.expect("registered").into_inner();
    let ask =
        |person_ids: Vec<String>, township: &str| BatchGetPeopleRequest { person_ids, township: township.to_owned() };
    let ids = vec![b.clone(), theirs.person_id, a.clone(), b.clone()];
    for (client, township) in [(clerk.clone(), ""), (city.bureau(), DADONG)] {
        let people =
            client.people().batch_get_people(ask(ids.clone(), township)).await.expect("people").into_inner().people;
        let found = people.into_iter().map(|person| person.person_id).collect::<Vec<_>>();
        assert_eq!(found, [b.clone(), a.clone(), b.clone()]);
    }
    for wrong in [vec![], vec![a.clone(); 501], vec!["x".to_owned()]] {
        let refused = clerk.people().batch_get_people(ask(wrong, "")).await.expect_err("wrong");
        assert_eq!(reason(&refused), "FIELD_INVALID");
    }
    city.close().await;
}

//! Finding people by name, and entries that may be one person.

use bangfu::client::{Client, people::send, request_id};
use bangfu_kernel::id_number::check_digit;
use bangfu_proto::people::v1::{
    DismissDuplicateRequest, DuplicatePair, DuplicateState, ListDuplicatesRequest, ListPeopleRequest,
    RegisterPersonRequest, RosterStart, UpdatePersonRequest,
};
use bangfu_testkit::{City, DADONG, LIBAO, reason, sample};

async fn registers(clerk: &Client, request: RegisterPersonRequest) -> String {
    clerk.people().register_person(request).await.expect("registered").into_inner().person_id
}

async fn named(client: &Client, name: &str, village: &str) -> Vec<String> {
    let request = ListPeopleRequest { name: name.to_owned(), village: village.to_owned(), ..Default::default() };
    let people = client.people().list_people(request).await.expect("listed").into_inner().people;
    people.into_iter().map(|person| person.person_id).collect()
}

async fn pairs(client: &Client) -> Vec<DuplicatePair> {
    client.people().list_duplicates(ListDuplicatesRequest::default()).await.expect("listed").into_inner().pairs
}

/// A number of seventeen digits with its check digit.
fn number(digits: &str) -> String {
    format!("{digits}{}", char::from(check_digit(digits.as_bytes())))
}

fn somebody(n: u32, name: &str, digits: &str, village: &str) -> RegisterPersonRequest {
    RegisterPersonRequest {
        name: name.to_owned(),
        id_number: number(digits),
        village: village.to_owned(),
        ..sample::person(n)
    }
}

#[tokio::test]
async fn people_are_found_by_the_ends_of_their_names_in_their_own_township() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let mut ids = Vec::new();
    for (n, (name, village)) in (0..).zip([
        ("李秀英", "双溪村"),
        ("李秀", "双溪村"),
        ("王秀英", "河口村"),
        ("欧阳秀英", "河口村"),
        ("李英", "双溪村"),
    ]) {
        let request = RegisterPersonRequest { name: name.to_owned(), village: village.to_owned(), ..sample::person(n) };
        ids.push(registers(&clerk, request).await);
    }
    let all = |places: &[usize]| places.iter().map(|&at| ids[at].clone()).collect::<Vec<_>>();
    for (name, village, expected) in [
        ("李秀英", "", all(&[0])),
        ("李 秀 英", "", all(&[0])),
        ("李秀", "", all(&[0, 1])),
        ("秀英", "", all(&[0, 2, 3])),
        ("秀英", "河口村", all(&[2, 3])),
        ("欧阳秀英", "", all(&[3])),
        ("欧阳英", "", all(&[])),
        ("李英", "", all(&[4])),
        ("阳秀", "", all(&[])),
    ] {
        assert_eq!(named(&clerk, name, village).await, expected, "{name} {village}");
    }
    assert!(named(&city.clerk(LIBAO), "李秀英", "").await.is_empty());
    let one = ListPeopleRequest { name: "李".to_owned(), ..Default::default() };
    assert_eq!(reason(&clerk.people().list_people(one).await.expect_err("too short")), "FIELD_INVALID");

    let entry = crate::walls::get(&clerk, &ids[4]).await.expect("found");
    let request = UpdatePersonRequest {
        request_id: request_id(),
        person_id: ids[4].clone(),
        etag: entry.etag,
        update_mask: Some(prost_types::FieldMask { paths: vec!["name".to_owned()] }),
        name: "赵英".to_owned(),
        ..Default::default()
    };
    clerk.people().update_person(request).await.expect("renamed");
    assert_eq!((named(&clerk, "李英", "").await, named(&clerk, "赵英", "").await), (all(&[]), all(&[4])));
    city.close().await;
}

#[tokio::test]
async fn mistyped_numbers_and_the_same_birthday_make_pairs_once_and_only_here() {
    let city = City::new().await;
    let (clerk, elsewhere) = (city.clerk(DADONG), city.clerk(LIBAO));
    let own = registers(&clerk, somebody(1, "张三丰", "32069919800101123", "双溪村")).await;
    assert!(pairs(&clerk).await.is_empty());
    // Another township's are not looked at.
    registers(&elsewhere, somebody(2, "张三丰", "32069919800101133", "双溪村")).await;
    assert!(pairs(&clerk).await.is_empty() && pairs(&elsewhere).await.is_empty());

    // One digit, and the check digit that follows from it.
    let mistyped = registers(&clerk, somebody(3, "张三丰", "32069919800101128", "河口村")).await;
    // Another number altogether, the same day and village.
    let same_day = registers(&clerk, somebody(4, "张三丰", "32069919800101987", "双溪村")).await;
    // Another name, and another day in another village, are other people.
    registers(&clerk, somebody(5, "张三", "32069919800101124", "双溪村")).await;
    registers(&clerk, somebody(6, "张三丰", "32069919751231555", "双溪村")).await;
    let found = pairs(&clerk).await;
    let told: Vec<_> = found
        .iter()
        .map(|pair| {
            let ids = [&pair.first, &pair.second].map(|person| person.as_ref().expect("shown").person_id.clone());
            (ids, pair.number_mistyped, pair.same_birth_and_village)
        })
        .collect();
    assert_eq!(told, [([own.clone(), mistyped.clone()], true, false), ([own.clone(), same_day.clone()], false, true)]);
    assert!(found[0].first.as_ref().is_some_and(|person| person.name_masked.contains('*')), "masked");

    // A move brings the village together; the pair that is known is not found again.
    let entry = crate::walls::get(&clerk, &mistyped).await.expect("found");
    let request = UpdatePersonRequest {
        request_id: request_id(),
        person_id: mistyped.clone(),
        etag: entry.etag,
        update_mask: Some(prost_types::FieldMask { paths: vec!["village".to_owned()] }),
        village: "双溪村".to_owned(),
        ..Default::default()
    };
    clerk.people().update_person(request).await.expect("moved");
    assert_eq!(pairs(&clerk).await.len(), 3, "the second and the third as well");

    let dismiss = |pair_id: &str| DismissDuplicateRequest {
        request_id: request_id(),
        pair_id: pair_id.to_owned(),
        reason: "上门核实为两人".to_owned(),
    };
    let mut people = clerk.people();
    let settled = people.dismiss_duplicate(dismiss(&found[0].pair_id)).await.expect("dismissed").into_inner();
    assert_eq!((settled.state(), settled.reason.as_str()), (DuplicateState::Dismissed, "上门核实为两人"));
    let twice = people.dismiss_duplicate(dismiss(&found[0].pair_id)).await.expect_err("settled");
    assert_eq!(reason(&twice), "ILLEGAL_TRANSITION");
    let foreign = elsewhere.people().dismiss_duplicate(dismiss(&found[1].pair_id)).await.expect_err("not theirs");
    assert_eq!(reason(&foreign), "NOT_FOUND");
    let open = ListDuplicatesRequest { state: DuplicateState::Open.into(), ..Default::default() };
    assert_eq!(people.list_duplicates(open).await.expect("listed").into_inner().pairs.len(), 2);
    city.close().await;
}

#[tokio::test]
async fn rosters_find_them_too_within_a_file_and_against_the_register() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let row = |n: u32, digits: &str| bangfu_proto::people::v1::RosterRow {
        name: "张三丰".to_owned(),
        id_number: number(digits),
        sex: String::new(),
        ..sample::row(n, i32::try_from(n).expect("small") + 4)
    };
    registers(&clerk, somebody(1, "张三丰", "32069919800101123", "双溪村")).await;
    let start = || RosterStart { request_id: request_id(), ..Default::default() };
    let dry = RosterStart { validate_only: true, ..start() };
    let rows = vec![row(1, "32069919800101128"), row(2, "32069919790101123")];
    send(&clerk, dry, rows.clone()).await.expect("judged");
    assert!(pairs(&clerk).await.is_empty(), "a dry run writes nothing");
    send(&clerk, start(), rows.clone()).await.expect("imported");
    let found = pairs(&clerk).await;
    // 1980-…128 and 1979-…123 (two places: the year's digits come with another check digit, or the same).
    assert!(!found.is_empty() && found.iter().all(|pair| pair.number_mistyped || pair.same_birth_and_village));
    send(&clerk, start(), rows).await.expect("imported again");
    assert_eq!(pairs(&clerk).await.len(), found.len());
    city.close().await;
}

#[tokio::test]
async fn whoever_was_entered_before_there_were_hashes_gets_them() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let id = registers(&clerk, somebody(1, "张三丰", "32069919800101123", "双溪村")).await;
    let mut people = bangfu_testkit::databases::superuser(city.database("people")).await;
    sqlx::query("UPDATE person SET name_head = NULL, name_tail = NULL, twin_birth = NULL")
        .execute(&mut people)
        .await
        .expect("forgotten");
    assert!(named(&clerk, "张三丰", "").await.is_empty());
    let mut city = city;
    let plan = city.plan().await;
    city.stop().await;
    city.start(plan).await;
    let clerk = city.clerk(DADONG);
    for _ in 0..100 {
        if named(&clerk, "张三丰", "").await == [id.clone()] {
            city.close().await;
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("never found again");
}

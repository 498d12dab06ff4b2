//! What stands in another township takes as long to be denied as what stands nowhere. Both are asked for in turn, in a
//! random order, and the ranks of their times compared: a load on the machine strikes both alike. The strong form of this is
//! `statements.rs`; here it is seen that what it leaves out (indexes, caches) tells nothing either.

use std::time::Instant;

use bangfu::client::Client;
use bangfu_proto::ACCESS;
use bangfu_testkit::DADONG;

use crate::{
    asks::{Names, ask},
    chance::Chance,
    row::Run,
    scene::Scene,
};

/// By how many standard deviations the ranks may differ: beyond it, once in two million times by chance; and three times
/// in a row, each time with twice as many samples, not at all.
const BEYOND: f64 = 5.0;

/// RPCs that name something by its id and change nothing when it is not there; the quick run takes the first.
const ASKED: [&str; 24] = [
    "GetPerson",
    "GetPersonProgress",
    "VoidContact",
    "GetHousehold",
    "RevealPerson",
    "UpdatePerson",
    "GetLevel",
    "GetEmploymentHistory",
    "GetRegistrations",
    "GetRecognition",
    "GetTransfer",
    "GetDataMatch",
    "GetWaiver",
    "ListContacts",
    "ListServices",
    "ListDuties",
    "VoidService",
    "CheckRecognition",
    "DecideWaiver",
    "AcceptTransfer",
    "DismissDuplicate",
    "UnmergePeople",
    "CancelAbsence",
    "CommitDataMatch",
];

/// Times of both, and of two random ones beside them.
pub async fn a_foreign_id_is_answered_as_fast_as_a_random_one(run: Run) {
    let Scene { city, foreign, own_person } = Scene::new().await;
    let mut chance = run.chance(0);
    let (rpcs, samples) = (run.of(5, ASKED.len()), run.of(30, 300));
    for what in ["RPCs", "pairs of samples", "measured again"] {
        run.count(what, 0);
    }
    // Nobody's tokens, cursors and request ids are the others': only ids differ.
    let nobody = || Names {
        township: foreign.township.clone(),
        pages: foreign.pages.clone(),
        epochs: foreign.epochs.clone(),
        ..Names::of_nobody()
    };
    for method in &ASKED[..rpcs] {
        let rule = ACCESS.iter().find(|rule| rule.path.ends_with(&format!("/{method}"))).expect("an RPC");
        let reviews = !rule.roles.contains(&bangfu_kernel::Role::Clerk);
        let stranger = if reviews { city.reviewer(DADONG) } else { city.clerk(DADONG) };
        let mut pairs = samples;
        let mut beyond = Vec::new();
        while beyond.len() < 3 {
            let z = differ(&stranger, rule.path, &own_person, [&foreign, &nobody()], pairs, &mut chance).await;
            run.count("pairs of samples", pairs);
            if z.abs() < BEYOND {
                break;
            }
            run.count("measured again", 1);
            beyond.push(z);
            pairs *= 2;
        }
        // What differs by the same sign each time is no chance.
        let one_way = beyond.iter().all(|z| *z > 0.0) || beyond.iter().all(|z| *z < 0.0);
        assert!(beyond.len() < 3 || !one_way, "{method} takes another time for what stands elsewhere: {beyond:?}");
        run.count("RPCs", 1);
    }

    // The instrument sees what there is to be seen: whoever is there takes longer than nobody.
    let own = Names { person: own_person.clone(), ..nobody() };
    let get = ACCESS.iter().find(|rule| rule.path.ends_with("/RevealPerson")).expect("an RPC");
    let mut pairs = samples;
    loop {
        let z = differ(&city.clerk(DADONG), get.path, &own_person, [&own, &nobody()], pairs, &mut chance).await;
        if z > BEYOND {
            break;
        }
        pairs *= 2;
        assert!(pairs < 10_000, "times of somebody and of nobody cannot be told apart: {z}");
    }
    run.count("told apart: one's own from a random one, by so many pairs", pairs);
    city.close().await;
}

/// How the times of the first stand to those of the second: standard deviations of the rank sum; above 0: they are longer.
async fn differ(
    stranger: &Client,
    path: &str,
    own_person: &str,
    names: [&Names; 2],
    pairs: u64,
    chance: &mut Chance,
) -> f64 {
    let mut times = Vec::new();
    for pair in 0..pairs + 3 {
        let first = chance.below(2);
        for which in [first, 1 - first] {
            let begin = Instant::now();
            ask(stranger, path, names[which], own_person).await;
            // The first ones warm it up.
            if pair >= 3 {
                times.push((begin.elapsed(), which));
            }
        }
    }
    times.sort_unstable();
    let ranks: f64 =
        times.iter().zip(1_u32..).filter(|((_, which), _)| *which == 0).map(|(_, rank)| f64::from(rank)).sum();
    let n = f64::from(u32::try_from(pairs).unwrap_or(u32::MAX));
    (ranks - n * (2.0 * n + 1.0) / 2.0) / (n * n * (2.0 * n + 1.0) / 12.0).sqrt()
}

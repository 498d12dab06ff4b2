//! What was owed in a year and what of it was done, by coordinator, village or township.

use bangfu_kernel::{Error, error::Violations, fields};
use bangfu_platform::auth::admitted;
use bangfu_proto::followup::v1::{GetProgressRequest, GetProgressResponse, ProgressGroup, ProgressRow};
use tonic::Request;

use crate::{
    Followup,
    store::progress::{self, Count, GroupBy},
    wire,
};

pub(super) async fn handle(svc: &Followup, request: Request<GetProgressRequest>) -> Result<GetProgressResponse, Error> {
    let (permit, request) = admitted(request)?;
    let mut faults = Violations::default();
    let by = group_by(request.group_by, &mut faults);
    let rule = (!request.rule.is_empty()).then(|| fields::text("rule", &request.rule, 1, 64, &mut faults));
    let wanted = wire::progress::of_year(request.year, svc.ground.clock.today(), rule, &mut faults);
    let whole_city = by == GroupBy::Township && request.township.is_empty() && permit.caller().township.is_none();
    let township = if whole_city { None } else { permit.named(&request.township, &mut faults) };
    faults.check()?;

    let counts = if whole_city {
        let mut tx = svc.ground.db.city(&permit).await?;
        let counts = progress::count_city(&mut tx, &wanted).await?;
        tx.commit().await?;
        counts
    } else {
        let mut tx = svc.ground.db.township(&permit.at(township)?).await?;
        let counts = progress::count(&mut tx, by, &wanted).await?;
        tx.commit().await?;
        counts
    };
    Ok(GetProgressResponse { rows: counts.into_iter().map(row).collect() })
}

fn group_by(number: i32, faults: &mut Violations) -> GroupBy {
    match ProgressGroup::try_from(number) {
        Ok(ProgressGroup::Coordinator) => GroupBy::Coordinator,
        Ok(ProgressGroup::Village) => GroupBy::Village,
        Ok(ProgressGroup::Township) => GroupBy::Township,
        Ok(ProgressGroup::Unspecified) | Err(_) => {
            faults.add("group_by", fields::not_given_or_enumerated(number));
            GroupBy::Village
        }
    }
}

fn row(count: Count) -> ProgressRow {
    ProgressRow {
        key: count.key,
        rule: count.rule,
        owed: count.done + count.open + count.missed + count.waived,
        done: count.done,
        open: count.open,
        missed: count.missed,
        waived: count.waived,
        released: count.released,
        target: count.target,
    }
}

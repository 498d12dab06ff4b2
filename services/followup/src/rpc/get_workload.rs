//! Counts of duties by coordinator, village or rule.

use bangfu_kernel::{
    Error,
    error::Violations,
    fields::{enumerated, required},
};
use bangfu_platform::auth::admitted;
use bangfu_proto::followup::v1::{GetWorkloadRequest, GetWorkloadResponse, WorkloadGroup, WorkloadRow};
use tonic::Request;

use crate::{
    Followup,
    store::workload::{self, Count, GroupBy},
    wire,
};

pub(super) async fn handle(svc: &Followup, request: Request<GetWorkloadRequest>) -> Result<GetWorkloadResponse, Error> {
    let (permit, request) = admitted(request)?;
    let mut faults = Violations::default();
    let by = group_by(request.group_by, &mut faults);
    let township = permit.named(&request.township, &mut faults);
    let (from, to) = wire::due_range(request.due.as_ref(), &mut faults);
    faults.check()?;

    let mut tx = svc.ground.db.township(&permit.at(township)?).await?;
    let counts = workload::count(&mut tx, by, from, to).await?;
    tx.commit().await?;
    Ok(GetWorkloadResponse { rows: counts.into_iter().map(row).collect() })
}

fn group_by(number: i32, faults: &mut Violations) -> GroupBy {
    match WorkloadGroup::try_from(number) {
        Ok(WorkloadGroup::Coordinator) => GroupBy::Coordinator,
        Ok(WorkloadGroup::Village) => GroupBy::Village,
        Ok(WorkloadGroup::Rule) => GroupBy::Rule,
        Ok(WorkloadGroup::Unspecified) => {
            faults.add("group_by", required());
            GroupBy::Rule
        }
        Err(_) => {
            faults.add("group_by", enumerated());
            GroupBy::Rule
        }
    }
}

fn row(count: Count) -> WorkloadRow {
    WorkloadRow {
        key: count.key,
        open: count.open,
        overdue: count.overdue,
        done: count.done,
        missed: count.missed,
        released: count.released,
        waived: count.waived,
    }
}

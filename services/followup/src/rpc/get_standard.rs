//! A standard by its version, or the one in force on a day.

use bangfu_kernel::{
    Error,
    error::{Resource, Violations},
    fields::{self, rule},
};
use bangfu_platform::auth::admitted;
use bangfu_proto::followup::v1 as proto;
use tonic::Request;

use super::list_standards::all;
use crate::Followup;

pub(super) async fn handle(
    svc: &Followup,
    request: Request<proto::GetStandardRequest>,
) -> Result<proto::Standard, Error> {
    let (_permit, request) = admitted(request)?;
    let mut faults = Violations::default();
    let version = fields::text("version", &request.version, 0, 32, &mut faults);
    let on = fields::optional_date("on", request.on.as_ref(), &mut faults);
    if on.is_some() && !request.version.is_empty() {
        faults.add("on", rule("must be left out where the version is named", "已指定版本时不得填写"));
    }
    faults.check()?;
    let on = on.unwrap_or_else(|| svc.ground.clock.today());

    let mut standards = all(svc).await?;
    if version.is_empty() {
        standards.retain(|(first_day, _)| *first_day <= on);
    } else {
        standards.retain(|(_, standard)| standard.version == version);
    }
    standards.pop().map(|(_, standard)| standard).ok_or(Error::NotFound(Resource::Standard))
}

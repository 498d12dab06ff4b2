//! A change of somebody's entry on its way in: the fields that the mask names, by the rules of a registration.

use bangfu_kernel::{
    error::{Rule, Violations},
    fields,
};
use bangfu_proto::people::v1::UpdatePersonRequest;
use zeroize::Zeroizing;

use super::register::phone_rule;
use crate::roster::{judge::phone, normal};

/// What changes; `None` leaves a field as it is. Never printed.
#[derive(Default)]
pub(crate) struct Update {
    /// 姓名
    pub name: Option<Zeroizing<String>>,
    /// 联系电话; empty: none.
    pub phone: Option<Zeroizing<String>>,
    /// 住址; empty: none.
    pub address: Option<Zeroizing<String>>,
    /// 备注; empty: none.
    pub remark: Option<Zeroizing<String>>,
    /// 村(社区)
    pub village: Option<String>,
    /// 协理员
    pub coordinator: Option<String>,
    /// 文化程度
    pub education: Option<String>,
    /// 就业意愿
    pub job_wish: Option<String>,
    /// 培训意愿
    pub training_wish: Option<String>,
}

/// Takes a request apart.
pub(crate) fn decode(request: &UpdatePersonRequest, faults: &mut Violations) -> Update {
    let mut update = Update::default();
    if request.etag.is_empty() {
        faults.add("etag", fields::required());
    }
    let paths = request.update_mask.as_ref().map(|mask| mask.paths.as_slice()).unwrap_or_default();
    if paths.is_empty() {
        faults.add("update_mask", fields::required());
    }
    for path in paths {
        match path.as_str() {
            "name" => {
                let name = normal::compact(&request.name);
                update.name = Some(fields::any_text("name", &name, 1, 64, faults).into());
            }
            "phone" => update.phone = Some(number(&request.phone, faults)),
            "address" => update.address = Some(fields::any_text("address", &request.address, 0, 256, faults).into()),
            "remark" => update.remark = Some(fields::any_text("remark", &request.remark, 0, 512, faults).into()),
            "village" => update.village = Some(fields::text("village", &request.village, 0, 64, faults)),
            "coordinator" => {
                update.coordinator = Some(fields::text("coordinator", &request.coordinator, 0, 64, faults));
            }
            "education" => update.education = Some(fields::text("education", &request.education, 0, 64, faults)),
            "job_wish" => update.job_wish = Some(fields::text("job_wish", &request.job_wish, 0, 128, faults)),
            "training_wish" => {
                update.training_wish = Some(fields::text("training_wish", &request.training_wish, 0, 128, faults));
            }
            _ => {
                faults.add("update_mask", mask_rule());
            }
        }
    }
    update
}

fn mask_rule() -> Rule {
    fields::rule("must name fields of this request", "应为本请求中可修改的项目")
}

fn number(text: &str, faults: &mut Violations) -> Zeroizing<String> {
    let mut codes = Vec::new();
    let number = phone::of(text, &mut codes);
    if !codes.is_empty() {
        faults.add("phone", phone_rule());
    }
    number.unwrap_or_default().into()
}

//! `bangfu services …`: entering and reading service records from the terminal.

use bangfu_followup::model::service::{Service, service_of};
use bangfu_proto::followup::v1 as proto;

use super::{Client, day, problem::Problem, table::Table};

/// The service records of one person, latest first, page by page.
pub async fn of(client: &Client, person_id: &str, township: &str) -> Result<Vec<proto::ServiceRecord>, Problem> {
    let mut request = proto::ListServicesRequest {
        page_size: 500,
        person_id: person_id.to_owned(),
        township: township.to_owned(),
        ..Default::default()
    };
    let mut records = Vec::new();
    loop {
        let page = client.followup().list_services(request.clone()).await?.into_inner();
        records.extend(page.service_records);
        if page.next_page_token.is_empty() {
            return Ok(records);
        }
        request.page_token = page.next_page_token;
    }
}

/// Service records as a table.
pub fn table(records: &[proto::ServiceRecord]) -> Table {
    let mut table = Table::new([
        "日期 on",
        "服务项目 service",
        "结果 outcome",
        "完成 settled",
        "协理员 coordinator",
        "作废 voided",
        "service_record_id",
    ]);
    for record in records {
        table.row([
            day(record.on.as_ref()),
            service_of(record.service()).map_or("", Service::office_word).to_owned(),
            record.outcome.clone(),
            record.settled_duty_ids.len().to_string(),
            record.coordinator.clone(),
            record.void_reason.clone(),
            record.service_record_id.clone(),
        ]);
    }
    table
}

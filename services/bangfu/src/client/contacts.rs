//! `bangfu contacts …`: entering and reading contacts from the terminal.

use bangfu_proto::followup::v1 as proto;

use super::{Client, day, problem::Problem, table::Table};

/// The contacts of one person, latest first, page by page.
pub async fn of(client: &Client, person_id: &str, township: &str) -> Result<Vec<proto::Contact>, Problem> {
    let mut request = proto::ListContactsRequest {
        page_size: 500,
        person_id: person_id.to_owned(),
        township: township.to_owned(),
        ..Default::default()
    };
    let mut contacts = Vec::new();
    loop {
        let page = client.followup().list_contacts(request.clone()).await?.into_inner();
        contacts.extend(page.contacts);
        if page.next_page_token.is_empty() {
            return Ok(contacts);
        }
        request.page_token = page.next_page_token;
    }
}

/// Contacts as a table.
pub fn table(contacts: &[proto::Contact]) -> Table {
    let mut table = Table::new([
        "日期 on",
        "方式 channel",
        "结果 result",
        "完成 settled",
        "录入人 by",
        "作废 voided",
        "contact_id",
    ]);
    for contact in contacts {
        table.row([
            day(contact.on.as_ref()),
            channel_word(contact.channel()).to_owned(),
            result_word(contact.result()).to_owned(),
            contact.settled_duty_ids.len().to_string(),
            contact.entered_by.clone(),
            contact.void_reason.clone(),
            contact.contact_id.clone(),
        ]);
    }
    table
}

/// 电话 …: the office's word.
pub fn channel_word(channel: proto::Channel) -> &'static str {
    use proto::Channel as C;
    match channel {
        C::Unspecified => "",
        C::Phone => "电话",
        C::Wechat => "微信",
        C::HomeVisit => "上门",
        C::Counter => "窗口",
        C::Sms => "短信",
        C::DataMatch => "数据比对",
        C::Other => "其他",
    }
}

/// 联系到本人 …: the office's word.
pub fn result_word(result: proto::ContactResult) -> &'static str {
    use proto::ContactResult as R;
    match result {
        R::Unspecified => "",
        R::ReachedSelf => "联系到本人",
        R::ReachedFamily => "联系到家属",
        R::Refused => "拒绝服务",
        R::Moved => "已搬离",
        R::Deceased => "已去世",
        R::NoAnswer => "无人接听",
        R::WrongNumber => "号码错误",
        R::Away => "本人不在",
    }
}

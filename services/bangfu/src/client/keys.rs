//! `bangfu keys …`: changing townships' data keys from the terminal.

use std::{collections::BTreeSet, time::Duration};

use bangfu_proto::people::v1::{
    GetKeyRotationRequest, KeyRotation, KeyRotationState as State, ListTownshipsRequest, RotateKeyRequest,
};

use super::{Client, problem::Problem, request_id, table::Table};

/// How often it asks how far a change is.
const LOOK: Duration = Duration::from_millis(500);

/// The codes of all townships.
pub async fn townships(client: &Client) -> Result<Vec<String>, Problem> {
    let (mut codes, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListTownshipsRequest { page_size: 0, page_token };
        let page = client.people().list_townships(request).await?.into_inner();
        codes.extend(page.townships.into_iter().map(|township| township.code));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(codes);
        }
    }
}

/// Begins a change of the key in each of these townships and waits until all are done; `progress` hears of every step.
pub async fn rotate(
    client: &Client,
    townships: &[String],
    mut progress: impl FnMut(&KeyRotation),
) -> Result<Vec<KeyRotation>, Problem> {
    for township in townships {
        let request = RotateKeyRequest { request_id: request_id(), township: township.clone() };
        client.people().rotate_key(request).await?;
    }
    let mut done = Vec::new();
    let mut left: BTreeSet<&String> = townships.iter().collect();
    while !left.is_empty() {
        tokio::time::sleep(LOOK).await;
        for township in left.clone() {
            let rotation = get(client, township).await?;
            progress(&rotation);
            if rotation.state() == State::Done {
                left.remove(township);
                done.push(rotation);
            }
        }
    }
    Ok(done)
}

/// How far the change of a township's key is.
pub async fn get(client: &Client, township: &str) -> Result<KeyRotation, Problem> {
    let request = GetKeyRotationRequest { township: township.to_owned() };
    Ok(client.people().get_key_rotation(request).await?.into_inner())
}

/// Changes as a table.
pub fn table(rotations: &[KeyRotation]) -> Table {
    let mut table =
        Table::new(["区镇 township", "密钥 key", "状态 state", "已重新加密 sealed anew", "旧密钥下 under older keys"]);
    for rotation in rotations {
        table.row([
            rotation.township.clone(),
            rotation.key_number.to_string(),
            word(rotation.state()).to_owned(),
            rotation.resealed.to_string(),
            rotation.remaining.to_string(),
        ]);
    }
    table
}

/// A state in both languages.
pub fn word(state: State) -> &'static str {
    match state {
        State::Unspecified => "",
        State::Never => "从未轮换 never changed",
        State::Announced => "已公布 announced",
        State::Resealing => "重新加密中 sealing anew",
        State::Done => "已完成 done",
    }
}

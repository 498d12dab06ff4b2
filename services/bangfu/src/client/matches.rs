//! `bangfu match …`: data matching from the terminal.

use bangfu_proto::people::v1 as proto;
use futures::StreamExt as _;

use super::{Client, problem::Problem};

/// Rows of one message of a list.
const CHUNK: usize = 500;

/// Streams a list that is read already.
pub async fn send(
    client: &Client,
    start: proto::DataMatchStart,
    rows: Vec<proto::ListedRow>,
) -> Result<proto::DataMatch, Problem> {
    use proto::start_data_match_request::Part;

    let message = |part| proto::StartDataMatchRequest { part: Some(part) };
    let mut rows = rows.into_iter().peekable();
    let chunks = std::iter::from_fn(move || {
        rows.peek()?;
        Some(Part::Rows(proto::ListedRows { rows: rows.by_ref().take(CHUNK).collect() }))
    });
    let stream = futures::stream::iter(std::iter::once(Part::Start(start)).chain(chunks)).map(message);
    Ok(client.people().start_data_match(stream).await?.into_inner())
}

/// The rows of a match, page by page, `most` at most.
pub async fn rows(
    client: &Client,
    mut request: proto::ListDataMatchRowsRequest,
    most: usize,
) -> Result<Vec<proto::DataMatchRow>, Problem> {
    request.page_size = 500;
    let mut rows = Vec::new();
    loop {
        let page = client.people().list_data_match_rows(request.clone()).await?.into_inner();
        rows.extend(page.rows);
        if page.next_page_token.is_empty() || rows.len() >= most {
            rows.truncate(most);
            return Ok(rows);
        }
        request.page_token = page.next_page_token;
    }
}

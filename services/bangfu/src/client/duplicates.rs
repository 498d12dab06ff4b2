//! `bangfu duplicates …`: entries that may be one person, from the terminal.

use bangfu_proto::people::v1 as proto;

use super::{Client, day, problem::Problem, table::Table};

/// All pairs of a township that a filter admits, page by page.
pub async fn all(
    client: &Client,
    mut request: proto::ListDuplicatesRequest,
) -> Result<Vec<proto::DuplicatePair>, Problem> {
    request.page_size = 500;
    let mut pairs = Vec::new();
    loop {
        let page = client.people().list_duplicates(request.clone()).await?.into_inner();
        pairs.extend(page.pairs);
        if page.next_page_token.is_empty() {
            return Ok(pairs);
        }
        request.page_token = page.next_page_token;
    }
}

/// Pairs as a table: two lines each.
pub fn table(pairs: &[proto::DuplicatePair]) -> Table {
    let mut table =
        Table::new(["缘由 why", "姓名 name", "身份证号码 ID number", "村(社区) village", "person_id", "pair_id"]);
    for pair in pairs {
        let mut whys = Vec::new();
        if pair.number_mistyped {
            whys.push("号码相差一两位 number mistyped");
        }
        if pair.same_birth_and_village {
            whys.push("同名同生日同村 same birth and village");
        }
        let lines = [(&pair.first, whys.join(", "), pair.pair_id.as_str()), (&pair.second, String::new(), "")];
        for (person, why, pair_id) in lines {
            let person = person.clone().unwrap_or_default();
            table.row([
                why,
                person.name_masked,
                person.id_number_masked,
                person.village,
                person.person_id,
                pair_id.to_owned(),
            ]);
        }
    }
    table
}

/// Merges as a table.
pub fn merges(merges: &[proto::Merge]) -> Table {
    let mut table = Table::new([
        "合并日期 merged",
        "可撤销至 undo until",
        "撤销日期 undone",
        "保留 kept",
        "被合并 merged",
        "merge_id",
    ]);
    for merge in merges {
        table.row([
            day(merge.merged_on.as_ref()),
            day(merge.undo_until.as_ref()),
            day(merge.undone_on.as_ref()),
            merge.kept_person_id.clone(),
            merge.merged_person_id.clone(),
            merge.merge_id.clone(),
        ]);
    }
    table
}

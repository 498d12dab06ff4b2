//! The ledger's date (填报日期), which stands in the office lines around the table.

use chrono::NaiveDate;

use super::{date, normal};

/// What offices write before the date.
const LABELS: [&str; 4] = ["填报日期", "填报时间", "填表日期", "填表时间"];

/// The date in an office line, cells in order: label and date may share a cell or stand in neighbouring ones.
pub fn ledger_on<'a>(cells: impl Iterator<Item = &'a str>) -> Option<NaiveDate> {
    let line = cells.map(normal::compact).collect::<String>();
    LABELS.iter().find_map(|label| {
        let (_, behind) = line.split_once(label)?;
        let (date, _) = date::leading(behind.trim_start_matches(':'))?;
        Some(date)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_stands_behind_its_label_or_in_the_next_cell() {
        let fifth = "2026-01-05".parse().ok();
        for line in [
            vec!["填报单位：李堡镇人社服务中心\u{3000}\u{3000}填报日期：2026年1月5日"],
            vec!["填报单位：某镇", "", "填报日期:", "2026-01-05"],
            vec!["填 报 日 期 ： 2026.1.5  填报人：某"],
            vec!["填报时间：20260105"],
        ] {
            assert_eq!(ledger_on(line.iter().copied()), fifth, "{line:?}");
        }
        for line in [vec!["填报日期："], vec!["填报日期：年　月　日"], vec!["2026年1月5日"], vec![]] {
            assert_eq!(ledger_on(line.iter().copied()), None, "{line:?}");
        }
    }
}

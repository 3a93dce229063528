//! Rows as they should be beside rows as they are.

use anyhow::Result;
use domain::events::OrderCancelled;
use serde_json::Value;

use super::rebuild;
use super::recorded::{Databases, Story};
use super::row::{Row, Table};

/// What came of one order.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) number: String,
    pub(super) events: usize,
    pub(super) rows: usize,
    pub(super) differences: Vec<String>,
}

/// Rebuilds one order and compares it.
pub(super) async fn check(databases: &mut Databases, story: &Story) -> Result<Checked> {
    let (rows, mut differences) = match rebuild(story) {
        Ok(rows) => (rows, Vec::new()),
        Err(error) => (Vec::new(), vec![format!("its events cannot be read: {error:#}")]),
    };
    for row in &rows {
        let there = databases.row(row.table, row.key).await?;
        differences.extend(compare(row, there.as_ref()));
    }
    for table in Table::ALL {
        for key in databases.keys(table, story.order_id).await? {
            // A payment that could not be opened at the gateway is written down and never told of; its order is cancelled.
            let untold = table == Table::Payments && story.events.iter().any(|event| event.is::<OrderCancelled>());
            if !untold && !rows.iter().any(|row| row.table == table && row.key == key) {
                differences.push(format!("{}: there is a row {key} of which no event tells", table.name()));
            }
        }
    }
    Ok(Checked { number: story.number.clone(), events: story.events.len(), rows: rows.len(), differences })
}

fn compare(row: &Row, there: Option<&Value>) -> Vec<String> {
    let table = row.table.name();
    let Some(there) = there else {
        return vec![format!("{table}: the row {} is missing that the events tell of", row.key)];
    };
    row.columns
        .iter()
        .filter_map(|(column, expected)| {
            let found = there.get(*column).and_then(Value::as_str);
            (!expected.fits(found)).then(|| {
                let found = found.unwrap_or("nothing");
                format!("{table}.{column} of {}: the events say {expected}, the table says {found}", row.key)
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::row::Expect;
    use super::*;
    use serde_json::json;

    #[test]
    fn a_difference_names_table_column_row_and_both_values() {
        let row = Row::new(Table::Payments, uuid::Uuid::nil(), [("status", Expect::word("captured"))]);
        assert!(compare(&row, Some(&json!({"status": "captured", "amount": "1.00"}))).is_empty());
        let named = compare(&row, Some(&json!({"status": "pending"})));
        let said = "payments.status of 00000000-0000-0000-0000-000000000000: the events say captured, the table says pending";
        assert_eq!(named, [said]);
        assert_eq!(compare(&row, None).len(), 1);
    }
}

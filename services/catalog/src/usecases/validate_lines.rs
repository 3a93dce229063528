//! Whether wanted lines can be ordered from a vendor, and at what price and tax (rules 21 to 23).

use std::collections::HashMap;

use clients::catalog::{PricedLine, RefusedLine, ValidateIn, ValidatedLine, WantedLine};
use domain::{ItemType, Quantity};
use serde_json::json;
use uuid::Uuid;

use super::CatalogError;
use crate::App;
use crate::domain::offer::available;
use crate::domain::order_line::{Known, Offer, Terms, Wanted, kept_for, price, shown_price};
use crate::store::validation::{self, WantedRow};

/// Answers line by line, in the order asked. One query, however many lines.
pub(crate) async fn validate_lines(app: &App, wanted: &ValidateIn) -> Result<Vec<ValidatedLine>, CatalogError> {
    let labor: Vec<bool> = wanted.lines.iter().map(|line| line.item_type == ItemType::Labor).collect();
    let items: Vec<Uuid> = wanted.lines.iter().map(|line| line.item_id).collect();
    let mut conn = app.kit.pool.acquire().await?;
    let rows = validation::wanted(&mut conn, wanted.vendor_id, wanted.gst_scheme, wanted.on, &labor, &items).await?;
    let totals = beyond(totals(&wanted.lines), &totals(&wanted.held));
    Ok(wanted.lines.iter().zip(rows).map(|(line, row)| decide(line, row, &totals)).collect())
}

type Totals = HashMap<(ItemType, Uuid), Quantity>;

/// What all lines want of each thing together. More than a column holds is more than anybody has.
fn totals(lines: &[WantedLine]) -> Totals {
    let mut totals = Totals::new();
    for line in lines {
        let total = totals.entry((line.item_type, line.item_id)).or_default();
        *total = total.checked_add(kept_for(line.item_type, line.quantity)).unwrap_or(Quantity::from_thousandths(i64::MAX));
    }
    totals
}

/// What is wanted beyond what is held already.
fn beyond(mut wanted: Totals, held: &Totals) -> Totals {
    for (thing, held) in held {
        wanted.entry(*thing).and_modify(|total| *total = total.checked_sub(*held).unwrap_or_default());
    }
    wanted
}

fn decide(line: &WantedLine, row: WantedRow, totals: &Totals) -> ValidatedLine {
    let known = known(line.item_type, &row);
    let total = totals.get(&(line.item_type, line.item_id)).copied().unwrap_or(line.quantity);
    match price(Wanted { quantity: line.quantity, unit: line.unit }, &known, total) {
        Ok(priced) => ValidatedLine::Priced(PricedLine {
            inventory_id: priced.inventory_id,
            snapshot: snapshot(line, &row),
            name: row.name.unwrap_or_default(),
            description: row.description,
            unit: priced.unit,
            unit_price: priced.unit_price,
            tax_code: row.tax_code.unwrap_or_default(),
            gst_rate: priced.gst_rate,
        }),
        Err(refusal) => ValidatedLine::Refused(RefusedLine { code: refusal.code().to_owned(), message: refusal.to_string() }),
    }
}

fn known(item: ItemType, row: &WantedRow) -> Known {
    let terms = match item {
        ItemType::Material => {
            shown_price(row.vendor_price, row.base_price).zip(row.unit).map(|(unit_price, unit)| Terms::Material {
                unit,
                unit_price,
                minimum: row.minimum.unwrap_or_default(),
                available: available(row.stock.unwrap_or_default(), row.reserved.unwrap_or_default()),
            })
        }
        ItemType::Labor => Some(Terms::Labor {
            hourly: row.hourly,
            daily: row.daily,
            min_hours: row.min_hours.unwrap_or_default(),
            workers: row.workers.unwrap_or_default(),
        }),
    };
    let offer = row.inventory_id.zip(terms).map(|(inventory_id, terms)| Offer {
        inventory_id,
        is_available: row.is_available.unwrap_or_default(),
        terms,
    });
    Known { is_active: row.is_active, offer, gst_rate: row.gst_rate }
}

/// The item as it is now, for the order to keep.
fn snapshot(line: &WantedLine, row: &WantedRow) -> serde_json::Value {
    json!({
        "item_type": line.item_type,
        "item_id": line.item_id,
        "code": row.code,
        "name": row.name,
        "description": row.description,
        "category_id": row.category_id,
        "unit": row.unit,
        "tax_code": row.tax_code,
        "base_price": row.base_price,
        "vendor_price": row.vendor_price,
        "hourly_rate": row.hourly,
        "daily_rate": row.daily,
        "specifications": row.specifications,
        "currency": "INR",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_order_holds_already_is_not_wanted_a_second_time() {
        let item = Uuid::from_u128(1);
        let line = |quantity: &str| {
            vec![WantedLine { item_type: ItemType::Material, item_id: item, quantity: quantity.parse().unwrap(), unit: None }]
        };
        let left = |wanted: &str, held: &str| beyond(totals(&line(wanted)), &totals(&line(held)))[&(ItemType::Material, item)];
        assert_eq!(left("50", "20"), "30".parse().unwrap());
        assert_eq!(left("20", "50"), Quantity::default());
        assert_eq!(beyond(totals(&line("5")), &Totals::new())[&(ItemType::Material, item)], "5".parse().unwrap());
    }
}

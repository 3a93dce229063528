//! What is wanted, checked against everybody concerned and priced, outside of any transaction (rule 19).

use chrono::{Days, NaiveDate};
use clients::catalog::{PricedLine, ValidateIn, ValidatedLine, WantedLine};
use clients::integration::{Point, ServiceAreaIn, ServiceAreaOut};
use clients::user::AddressFacts;
use domain::events::{AddressSnapshot, VendorFacts};
use domain::{AddressId, BuyerId, GstScheme, Money, Slot, StateCode, VendorId, VendorStatus, business_time};

use super::{LineRefusal, Refusal};
use crate::App;
use crate::domain::NewLine;
use crate::domain::pricing::{self, DeliveryLine, LineToPrice, Price, Supply};

/// How far ahead a delivery may be asked for.
const FURTHEST_DAYS: u64 = 180;

/// What a buyer wants.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) buyer_id: BuyerId,
    pub(crate) vendor_id: VendorId,
    pub(crate) delivery_address_id: AddressId,
    pub(crate) delivery_date: Option<NaiveDate>,
    pub(crate) delivery_slot: Option<Slot>,
    pub(crate) lines: Vec<WantedLine>,
}

/// It, checked and priced.
#[derive(Debug)]
pub(crate) struct Checkout {
    pub(crate) vendor: VendorFacts,
    pub(crate) address: AddressFacts,
    pub(crate) area: ServiceAreaOut,
    pub(crate) lines: Vec<NewLine>,
    pub(crate) price: Price,
    pub(crate) delivery: DeliveryLine,
}

/// Checks and prices. Two rounds of questions, each asked at once.
pub(crate) async fn checkout(app: &App, wanted: &Wanted) -> Result<Checkout, Refusal> {
    let today = business_time::ist_date(app.kit.clock.now());
    check_date(wanted.delivery_date, today)?;
    let ask = &app.neighbours;
    let (address, vendor) = tokio::join!(ask.user.address(wanted.delivery_address_id), ask.vendor.vendor(wanted.vendor_id));
    let address = address?.filter(|found| found.buyer_id == wanted.buyer_id).ok_or(Refusal::AddressNotFound)?;
    let vendor = available(vendor?)?;
    let question = ValidateIn {
        vendor_id: wanted.vendor_id,
        gst_scheme: vendor.gst_scheme,
        on: today,
        lines: wanted.lines.clone(),
        held: vec![],
    };
    let area = service_area(wanted.vendor_id, &address.address);
    let (validated, area) = tokio::join!(ask.catalog.validate(&question), ask.integration.validate_service_area(&area));
    let area = area?;
    if !area.covered {
        return Err(Refusal::OutsideServiceArea { reason: area.reason, distance_metres: area.distance_metres });
    }
    let priced = accepted(validated?.lines, wanted.lines.len())?;
    let terms = Terms {
        scheme: vendor.gst_scheme,
        supplier_state: &vendor.state_code,
        place: &address.address.state_code,
        distance_metres: area.distance_metres,
        discount: Money::ZERO,
    };
    let Priced { lines, price, delivery } = price(app, &terms, &wanted.lines, priced)?;
    Ok(Checkout { vendor, address, area, lines, price, delivery })
}

fn check_date(date: Option<NaiveDate>, today: NaiveDate) -> Result<(), Refusal> {
    let furthest = today.checked_add_days(Days::new(FURTHEST_DAYS)).unwrap_or(today);
    match date {
        Some(date) if date < today || date > furthest => Err(Refusal::DeliveryDate),
        _ => Ok(()),
    }
}

pub(crate) fn available(vendor: Option<VendorFacts>) -> Result<VendorFacts, Refusal> {
    let vendor = vendor.ok_or(Refusal::VendorNotAvailable("there is no such vendor"))?;
    if vendor.status != VendorStatus::Active {
        return Err(Refusal::VendorNotAvailable("this vendor does not sell at the moment"));
    }
    if !vendor.is_accepting_orders {
        return Err(Refusal::VendorNotAvailable("this vendor's shop is closed at the moment"));
    }
    Ok(vendor)
}

fn service_area(vendor_id: VendorId, address: &AddressSnapshot) -> ServiceAreaIn {
    let point = address.latitude.zip(address.longitude).map(|(latitude, longitude)| Point { latitude, longitude });
    let words = [&address.address_line1, &address.city, &address.state];
    ServiceAreaIn {
        vendor_id,
        point,
        pincode: Some(address.pincode.clone()),
        address: Some(words.map(String::as_str).join(", ")),
    }
}

/// The lines as priced, or every one that is refused.
pub(crate) fn accepted(lines: Vec<ValidatedLine>, asked: usize) -> Result<Vec<PricedLine>, Refusal> {
    if lines.len() != asked {
        return Err(Refusal::Fault("catalog answered another number of lines than asked"));
    }
    let (mut priced, mut refused) = (Vec::with_capacity(asked), Vec::new());
    for (index, line) in lines.into_iter().enumerate() {
        match line {
            ValidatedLine::Priced(line) => priced.push(line),
            ValidatedLine::Refused(line) => {
                refused.push(LineRefusal { field: format!("items[{index}]"), code: line.code, message: line.message });
            }
        }
    }
    if refused.is_empty() {
        return Ok(priced);
    }
    if refused.iter().all(|line| line.code == "out_of_stock") {
        return Err(Refusal::OutOfStock(refused));
    }
    Err(Refusal::ItemsRefused(refused))
}

/// Under which terms lines are priced besides their own prices.
pub(crate) struct Terms<'a> {
    pub(crate) scheme: GstScheme,
    pub(crate) supplier_state: &'a StateCode,
    /// Goods are supplied where they are delivered, labour at the site: both are the address of the order.
    pub(crate) place: &'a StateCode,
    pub(crate) distance_metres: u32,
    pub(crate) discount: Money,
}

/// Lines with their price, and what they cost in all.
pub(crate) struct Priced {
    pub(crate) lines: Vec<NewLine>,
    pub(crate) price: Price,
    pub(crate) delivery: DeliveryLine,
}

/// Prices lines (rules 21 to 25).
pub(crate) fn price(app: &App, terms: &Terms<'_>, wanted: &[WantedLine], priced: Vec<PricedLine>) -> Result<Priced, Refusal> {
    let to_price: Vec<LineToPrice> = wanted
        .iter()
        .zip(&priced)
        .map(|(wanted, line)| LineToPrice { quantity: wanted.quantity, unit_price: line.unit_price, gst_rate: line.gst_rate })
        .collect();
    let delivery = DeliveryLine {
        charge: app.config.tariff().charge(terms.distance_metres, pricing::subtotal(&to_price)?)?,
        gst_rate: pricing::delivery_rate(terms.scheme, app.config.delivery_gst_rate),
    };
    let supply = Supply::between(terms.supplier_state, terms.place);
    let price = pricing::price(&to_price, delivery, terms.discount, supply)?;
    let lines = wanted
        .iter()
        .zip(priced)
        .zip(&price.lines)
        .map(|((wanted, line), price)| NewLine {
            item_type: wanted.item_type,
            item_id: wanted.item_id,
            inventory_id: line.inventory_id,
            item_name: line.name,
            item_description: line.description,
            quantity: wanted.quantity,
            unit: line.unit,
            unit_price: line.unit_price,
            total_price: price.total_price,
            discount: price.discount,
            taxable: price.taxable,
            tax_code: line.tax_code,
            gst_rate: line.gst_rate,
            tax: price.tax,
            snapshot: line.snapshot,
        })
        .collect();
    Ok(Priced { lines, price, delivery })
}

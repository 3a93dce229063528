//! Adds a delivery address.

use domain::{AddressId, BuyerId};

use super::locate_address::{look_up, promise};
use super::refusal::Refusal;
use crate::App;
use crate::domain::{Address, AddressText};
use crate::store;

/// More than a builder has sites; keeps a script from filling the table.
const MOST: usize = 100;

/// An address to add.
#[derive(Debug)]
pub(crate) struct NewAddress {
    pub(crate) text: AddressText,
    pub(crate) is_default: bool,
}

/// Adds an address. Without coordinates it is looked up on the map; when the map does not answer, the address is kept
/// and looked up later. The first one becomes the default one.
pub(crate) async fn add_address(app: &App, buyer: BuyerId, new: NewAddress) -> Result<Address, Refusal> {
    let mut text = new.text;
    let mut later = false;
    if text.point.is_none() {
        match look_up(app, &text).await {
            Ok(point) => text.point = point,
            Err(_) => later = true,
        }
    }
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await?;
    store::buyers::lock(&mut tx, buyer).await?.ok_or(Refusal::NotFound("buyer"))?;
    let others = store::addresses::of_buyer(&mut tx, buyer).await?;
    if others.len() >= MOST {
        return Err(Refusal::TooManyAddresses);
    }
    let is_default = new.is_default || others.is_empty();
    if is_default {
        store::addresses::clear_default(&mut tx, buyer).await?;
    }
    let id: AddressId = app.kit.ids.next();
    let address = Address { id, buyer_id: buyer, text, is_default, revision: 1, created_at: now, updated_at: now };
    store::addresses::insert(&mut tx, &address).await?;
    if later {
        promise(app, &mut tx, &address, now).await?;
    }
    tx.commit().await?;
    Ok(address)
}

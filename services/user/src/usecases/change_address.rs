//! Changes a delivery address.

use domain::{AddressId, BuyerId, Phone, Pincode, StateCode};

use super::locate_address::{look_up, promise};
use super::refusal::Refusal;
use crate::App;
use crate::domain::{Address, AddressText};
use crate::store;

/// What to change; what is `None` stays.
#[derive(Debug, Default)]
pub(crate) struct AddressChange {
    pub(crate) label: Option<Option<String>>,
    pub(crate) address_line1: Option<String>,
    pub(crate) address_line2: Option<Option<String>>,
    pub(crate) landmark: Option<Option<String>>,
    pub(crate) city: Option<String>,
    pub(crate) state: Option<(String, StateCode)>,
    pub(crate) pincode: Option<Pincode>,
    pub(crate) point: Option<(f64, f64)>,
    pub(crate) contact_name: Option<Option<String>>,
    pub(crate) contact_phone: Option<Option<Phone>>,
    pub(crate) is_default: Option<bool>,
}

impl AddressChange {
    fn of(&self, old: &AddressText) -> AddressText {
        let (state, state_code) = self.state.clone().unwrap_or_else(|| (old.state.clone(), old.state_code.clone()));
        let mut new = AddressText {
            label: self.label.clone().unwrap_or_else(|| old.label.clone()),
            address_line1: self.address_line1.clone().unwrap_or_else(|| old.address_line1.clone()),
            address_line2: self.address_line2.clone().unwrap_or_else(|| old.address_line2.clone()),
            landmark: self.landmark.clone().unwrap_or_else(|| old.landmark.clone()),
            city: self.city.clone().unwrap_or_else(|| old.city.clone()),
            state,
            state_code,
            pincode: self.pincode.clone().unwrap_or_else(|| old.pincode.clone()),
            point: old.point,
            contact_name: self.contact_name.clone().unwrap_or_else(|| old.contact_name.clone()),
            contact_phone: self.contact_phone.clone().unwrap_or_else(|| old.contact_phone.clone()),
        };
        // Coordinates of another place are worse than none.
        new.point = self.point.or(if new.same_place(old) { old.point } else { None });
        new
    }
}

/// Changes an address; a place that is another one is looked up on the map again. The default one stays it until
/// another one becomes it.
pub(crate) async fn change_address(app: &App, buyer: BuyerId, id: AddressId, change: &AddressChange) -> Result<Address, Refusal> {
    let old = {
        let mut conn = app.kit.pool.acquire().await?;
        store::addresses::find(&mut conn, buyer, id).await?.ok_or(Refusal::NotFound("address"))?
    };
    let mut text = change.of(&old.text);
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
    let current = store::addresses::find(&mut tx, buyer, id).await?.ok_or(Refusal::NotFound("address"))?;
    if current.revision != old.revision {
        return Err(Refusal::ChangedMeanwhile);
    }
    let is_default = match (current.is_default, change.is_default) {
        (true, Some(false)) => return Err(Refusal::DefaultNeeded),
        (false, Some(true)) => {
            store::addresses::clear_default(&mut tx, buyer).await?;
            true
        }
        (as_it_is, _) => as_it_is,
    };
    let address = Address { text, is_default, revision: current.revision + 1, updated_at: now, ..current };
    if !store::addresses::update(&mut tx, &address).await? {
        return Err(Refusal::ChangedMeanwhile);
    }
    if later {
        promise(app, &mut tx, &address, now).await?;
    }
    tx.commit().await?;
    Ok(address)
}

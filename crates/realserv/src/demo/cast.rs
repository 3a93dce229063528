//! Who plays, and what they hold in hand.

use anyhow::Result;
use chrono::{NaiveDate, TimeDelta};
use domain::{Clock as _, SystemClock, business_time};

use super::api::{Api, Person};
use super::figures::Paise;
use crate::fleet::Ports;
use crate::home::Home;

/// The stage: everybody, and the things they refer to.
pub(super) struct World {
    pub(super) home: Home,
    pub(super) ports: Ports,
    pub(super) api: Api,
    /// Super admin.
    pub(super) asha: Person,
    /// Operations.
    pub(super) omar: Person,
    /// Finance.
    pub(super) farah: Person,
    /// Finance as well: whoever pays is not who approved.
    pub(super) feroz: Person,
    /// Vendor.
    pub(super) venkat: Person,
    /// Buyer.
    pub(super) bhavana: Person,
    pub(super) vendor_id: String,
    pub(super) buyer_id: String,
    pub(super) address_id: String,
    pub(super) cement: Goods,
    pub(super) steel: Goods,
    /// First day of the second settlement period: the day after the first one's last.
    pub(super) second_period_from: NaiveDate,
}

/// Something in the catalogue at the vendor's price.
#[derive(Debug, Clone, Default)]
pub(super) struct Goods {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) price: Paise,
    /// 1800 for 18 %.
    pub(super) gst_basis_points: i64,
}

/// An order that has been played to its end.
#[derive(Debug, Clone)]
pub(super) struct Played {
    pub(super) id: String,
    pub(super) number: String,
    pub(super) total: Paise,
}

impl World {
    pub(super) fn new(home: &Home, ports: Ports) -> Result<Self> {
        let at = |port: u16| format!("http://127.0.0.1:{port}");
        Ok(Self {
            home: home.clone(),
            ports,
            api: Api::new(at(ports.gateway), at(ports.sandbox))?,
            asha: Person::new("Asha", "+919000000001"),
            omar: Person::new("Omar", "+919000000002"),
            farah: Person::new("Farah", "+919000000003"),
            feroz: Person::new("Feroz", "+919000000004"),
            venkat: Person::new("Venkat", "+919848012345"),
            bhavana: Person::new("Bhavana", "+919848054321"),
            vendor_id: String::new(),
            buyer_id: String::new(),
            address_id: String::new(),
            cement: Goods::default(),
            steel: Goods::default(),
            second_period_from: NaiveDate::default(),
        })
    }

    /// The Indian day by the fleet's clock.
    pub(super) fn today(&self) -> NaiveDate {
        let offset = context::FileClock::offset_in(&self.home.state.join("clock"));
        business_time::ist_date(SystemClock.now() + TimeDelta::seconds(offset))
    }

    /// Moves the fleet's clock; everybody's hour may be over, so everybody gets a fresh token.
    pub(super) async fn later(&mut self, step: &str) -> Result<()> {
        super::move_clock(&self.home, step).await?;
        let api = self.api.clone();
        for person in [&mut self.asha, &mut self.omar, &mut self.farah, &mut self.feroz, &mut self.venkat, &mut self.bhavana] {
            api.refresh(person).await?;
        }
        Ok(())
    }
}

//! The shared words of the marketplace: ids, money, quantities, identifiers, states and events.
//!
//! No IO and nothing async lives here. Every service speaks with these types, so a paise is never taken for a rupee
//! and a buyer's id never for a user's.

pub mod actor;
pub mod business_time;
pub mod clock;
mod delivery_tariff;
pub mod events;
pub mod formats;
pub mod ids;
mod money;
pub mod numbers;
mod quantity;
pub mod states;
mod text;
mod wording;

pub use actor::{Actor, ActorKind};
pub use clock::{Clock, IdGen, Randomness, SharedClock, SharedIds, SharedRandom, SystemClock, SystemIds};
pub use delivery_tariff::DeliveryTariff;
pub use formats::{Gstin, Ifsc, InvalidFormat, Pan, Phone, Pincode, StateCode};
pub use ids::*;
pub use money::{Money, MoneyError, Rate, halves, largest_remainder};
pub use numbers::{DisputeNumber, OrderNumber, SettlementNumber, TicketNumber};
pub use quantity::Quantity;
pub use states::*;
pub use wording::is_readable;

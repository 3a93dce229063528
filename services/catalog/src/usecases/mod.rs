//! One verb a file.

pub(crate) mod age_batches;
pub(crate) mod browse;
pub(crate) mod change_offer;
pub(crate) mod count_facets;
pub(crate) mod create_category;
pub(crate) mod end_reservation;
pub(crate) mod expire_reservations;
pub(crate) mod import_offers;
pub(crate) mod keep_reservation;
pub(crate) mod keep_vendor;
pub(crate) mod list_inventory;
pub(crate) mod offer_item;
pub(crate) mod reconcile_stock;
pub(crate) mod replace_reservation;
pub(crate) mod reserve_stock;
pub(crate) mod retire_labor;
pub(crate) mod retire_material;
pub(crate) mod save_labor;
pub(crate) mod save_material;
pub(crate) mod seed_catalog;
pub(crate) mod update_category;
pub(crate) mod validate_lines;

mod audit;
mod error;
mod holding;
mod said;

pub(crate) use error::{CatalogError, RowError, Short};

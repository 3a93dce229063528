//! What an order would cost, with the same checks and nothing kept.

use super::Refusal;
use super::checkout::{Checkout, Wanted, checkout};
use crate::App;

/// Quotes.
pub(crate) async fn quote_order(app: &App, wanted: &Wanted) -> Result<Checkout, Refusal> {
    checkout(app, wanted).await
}

//! The service's own settings; those every service has are in the kit.

use std::time::Duration;

use clap::ValueEnum;
use domain::{DeliveryTariff, Money, Rate};

/// Own settings.
#[derive(Debug, Clone, clap::Args)]
pub struct Config {
    /// Delivery charge up to the base distance (rule 24).
    #[arg(long, env = "DELIVERY_BASE_CHARGE", default_value = "150.00")]
    pub delivery_base_charge: Money,
    /// How far the base charge reaches, in metres.
    #[arg(long, env = "DELIVERY_BASE_METRES", default_value_t = 5_000)]
    pub delivery_base_metres: u32,
    /// Charge for each further kilometre that is started.
    #[arg(long, env = "DELIVERY_PER_KM_CHARGE", default_value = "20.00")]
    pub delivery_per_km_charge: Money,
    /// Delivery is free from this subtotal on.
    #[arg(long, env = "DELIVERY_FREE_FROM_SUBTOTAL", default_value = "25000.00")]
    pub delivery_free_from_subtotal: Money,
    /// SAC of the delivery charge (rule 25).
    #[arg(long, env = "DELIVERY_TAX_CODE", default_value = "9965")]
    pub delivery_tax_code: String,
    /// GST rate of the delivery charge, in percent; untaxed until an accountant says otherwise.
    #[arg(long, env = "DELIVERY_GST_RATE", default_value = "0.00")]
    pub delivery_gst_rate: Rate,
    /// Minutes that an online order waits for its payment (rule 15).
    #[arg(long, env = "ORDER_PAYMENT_TIMEOUT_MINUTES", default_value_t = 30)]
    pub order_payment_timeout_minutes: u32,
    /// Minutes after which a vendor is reminded to confirm (rule 16).
    #[arg(long, env = "ORDER_VENDOR_REMINDER_MINUTES", default_value_t = 60)]
    pub order_vendor_reminder_minutes: u32,
    /// Minutes after which an unconfirmed order is cancelled (rule 16).
    #[arg(long, env = "ORDER_VENDOR_TIMEOUT_MINUTES", default_value_t = 120)]
    pub order_vendor_timeout_minutes: u32,
    /// Days after which a reservation frees itself, should this service never come back to release or commit it.
    #[arg(long, env = "ORDER_RESERVATION_DAYS", default_value_t = 30)]
    pub order_reservation_days: u32,
    /// Seconds without news after which the placing of an order is taken over by the sweeper.
    #[arg(long, env = "ORDER_SAGA_LEASE_SECONDS", default_value_t = 20)]
    pub order_saga_lease_seconds: u32,
    /// Seconds after which the placing of an order is no longer tried but undone.
    #[arg(long, env = "ORDER_SAGA_DEADLINE_SECONDS", default_value_t = 45)]
    pub order_saga_deadline_seconds: u32,
    /// Milliseconds between two tries of one step while the buyer waits; doubled each time, three tries in all.
    #[arg(long, env = "ORDER_SAGA_RETRY_MILLIS", default_value_t = 200)]
    pub order_saga_retry_millis: u64,
    /// Orders being placed at once by one process; the next ones wait, first come, first served.
    #[arg(long, env = "ORDER_PLACEMENTS_AT_ONCE", default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub order_placements_at_once: u32,
    /// Milliseconds that a placement waits for its turn before it is sent away.
    #[arg(long, env = "ORDER_PLACEMENT_WAIT_MILLIS", default_value_t = 8_000)]
    pub order_placement_wait_millis: u64,
    /// Ends the process right after a step, for tests of crashes. Only where REALSERV_ENV is local or test.
    #[arg(long, env = "ORDER_CRASH_AFTER", value_enum)]
    pub order_crash_after: Option<CrashPoint>,
}

/// Where a test of crashes ends the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum CrashPoint {
    /// The order is written down.
    Placed,
    /// The stock is kept, and nobody has written that down.
    ReserveCalled,
    /// The stock is kept.
    Reserved,
    /// The payment is open, and nobody has written that down.
    PaymentOpened,
    /// The order is whole; the buyer has no answer.
    Done,
    /// The order is cancelled; its stock is not freed.
    Undoing,
    /// The stock is freed, and nobody has written that down.
    ReleaseCalled,
    /// An edit of the items is written down.
    EditBegun,
    /// Stock for before and after is kept, and nobody has written that down.
    EditReserveCalled,
    /// Stock for before and after is kept.
    EditReserved,
    /// The payment is replaced, and the order not changed.
    EditPaymentCalled,
    /// The order is changed; stock is kept for both.
    EditDone,
    /// The edit is given up.
    EditUndoing,
    /// The payment is what it was, and nobody has written that down.
    EditPaymentBack,
    /// The stock is what the order says, and nobody has written that down.
    EditSettled,
}

impl Config {
    /// What delivery costs.
    #[must_use]
    pub const fn tariff(&self) -> DeliveryTariff {
        DeliveryTariff {
            base_charge: self.delivery_base_charge,
            base_metres: self.delivery_base_metres,
            per_started_km: self.delivery_per_km_charge,
            free_from_subtotal: self.delivery_free_from_subtotal,
        }
    }

    /// The lease as Postgres takes it.
    #[must_use]
    pub fn lease_seconds(&self) -> f64 {
        f64::from(self.order_saga_lease_seconds)
    }

    /// The pause before a try of a step, counted from one.
    #[must_use]
    pub fn pause_before(&self, attempt: u32) -> Duration {
        Duration::from_millis(self.order_saga_retry_millis.saturating_mul(1 << attempt.min(6)) / 2)
    }
}

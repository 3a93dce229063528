//! One observation of a payment at the gateway, written down with all that follows from it.

use ::domain::events::{PaymentCaptured, PaymentFailed, PaymentQuarantined};
use ::domain::{Actor, Money, PaymentId, PaymentState, ServiceName};
use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::PgConnection;

use super::request_refund::{RefundCause, refund_in, refund_stray};
use super::{PaymentError, post_movement::post_movement};
use crate::App;
use crate::domain::ledger::Posting;
use crate::domain::movements;
use crate::domain::online::{CURRENCY, GatewayState, Meaning, Observation};
use crate::store::changes::{self, Captured};
use crate::store::payments::{self, LogLine, PaymentRow};
use crate::store::refunds::{DUPLICATE, QUARANTINED, RETIRED};
use crate::store::retired;
use crate::store::strays::{self, Stray};

/// Who saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// The buyer's app, after Checkout.
    Verify,
    /// The gateway told us.
    Webhook,
    /// We asked.
    Sweeper,
}

impl Source {
    /// As the log keeps it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::Webhook => "webhook",
            Self::Sweeper => "sweeper",
        }
    }
}

/// What was seen, with what only the books want to know.
#[derive(Debug, Clone)]
pub(crate) struct Sighting {
    pub observation: Observation,
    /// The gateway's order that it pays, as far as it is known.
    pub gateway_order: Option<String>,
    pub payment_type: &'static str,
    pub fee: Option<Money>,
    pub signature: Option<String>,
    pub source: Source,
}

/// What came of a sighting.
#[derive(Debug)]
pub(crate) struct Taken {
    /// The payment after it.
    pub payment: PaymentRow,
    pub meaning: Meaning,
    /// Whether it pays an order of the gateway's that was replaced, as it stood when the payment was locked.
    pub retired: bool,
}

/// Feeds the one machine and writes down what it says. The same thing again changes nothing. Whether the gateway's order
/// was replaced is looked up under the payment's lock: who saw it asked before, and an edit may have come in between.
pub(crate) async fn record_observation(
    app: &App,
    actor: &Actor,
    id: PaymentId,
    sighting: &mut Sighting,
) -> Result<Taken, PaymentError> {
    let now = app.kit.clock.now();
    let mut tx = app.kit.pool.begin().await.map_err(PaymentError::from)?;
    let payment = payments::lock(&mut tx, id).await?.ok_or(PaymentError::NotFound)?;
    if let (false, Some(order)) = (sighting.observation.retired, &sighting.gateway_order) {
        sighting.observation.retired = retired::is_retired(&mut tx, &payment, order).await?;
    }
    let (sighting, retired) = (&*sighting, sighting.observation.retired);
    let (_, meaning) = payment.standing().apply(&sighting.observation);
    let recorder = Recorder { app, actor, payment: &payment, sighting, now };
    let written = match &meaning {
        Meaning::Nothing => recorder.fee(&mut tx).await?,
        Meaning::Failed { reason } => recorder.failed(&mut tx, reason).await?,
        Meaning::Authorized => recorder.authorized(&mut tx).await?,
        Meaning::Captured { late } => recorder.captured(&mut tx, *late).await?,
        Meaning::Duplicate => recorder.duplicate(&mut tx).await?,
        Meaning::Retired => recorder.retired(&mut tx).await?,
        Meaning::Quarantined { reason } => recorder.quarantined(&mut tx, reason).await?,
    };
    if !written {
        return Ok(Taken { payment, meaning, retired });
    }
    let payment = payments::find(&mut tx, id).await?.ok_or(PaymentError::NotFound)?;
    tx.commit().await?;
    Ok(Taken { payment, meaning, retired })
}

struct Recorder<'a> {
    app: &'a App,
    actor: &'a Actor,
    payment: &'a PaymentRow,
    sighting: &'a Sighting,
    now: DateTime<Utc>,
}

impl Recorder<'_> {
    async fn failed(&self, conn: &mut PgConnection, reason: &str) -> Result<bool, PaymentError> {
        self.step(conn, PaymentState::Failed, Some(reason)).await?;
        self.log(conn, "failure", PaymentState::Failed.as_str()).await?;
        let failed = PaymentFailed { payment: self.payment.facts(), reason: reason.to_owned() };
        pg_kit::outbox::append(conn, self.now, &*self.app.kit.ids, self.actor, &failed).await?;
        Ok(true)
    }

    async fn authorized(&self, conn: &mut PgConnection) -> Result<bool, PaymentError> {
        self.step(conn, PaymentState::Authorized, None).await?;
        self.log(conn, "authorization", PaymentState::Authorized.as_str()).await?;
        Ok(true)
    }

    async fn step(&self, conn: &mut PgConnection, to: PaymentState, reason: Option<&str>) -> Result<(), PaymentError> {
        let moved = changes::advance(conn, self.payment.id, (self.payment.status, to), reason, self.now).await?;
        if moved { Ok(()) } else { Err(PaymentError::Broken("a locked payment changed its state")) }
    }

    async fn captured(&self, conn: &mut PgConnection, late: bool) -> Result<bool, PaymentError> {
        let (payment, seen) = (self.payment, &self.sighting.observation);
        let captured = Captured {
            gateway_payment: &seen.gateway_payment,
            payment_type: self.sighting.payment_type,
            signature: self.sighting.signature.as_deref(),
        };
        if !changes::capture(conn, payment.id, payment.status, captured, self.now).await? {
            return Err(PaymentError::Broken("a locked payment changed its state"));
        }
        self.log(conn, "capture", PaymentState::Captured.as_str()).await?;
        let posting = movements::capture(payment.id, &payment.order_number, payment.vendor_id, payment.amount);
        post_movement(self.app, conn, &posting, self.now).await?;
        self.fee_of(conn).await?;
        let event =
            PaymentCaptured { payment: payment.facts(), gateway_payment_id: seen.gateway_payment.clone(), captured_at: self.now };
        pg_kit::outbox::append(conn, self.now, &*self.app.kit.ids, self.actor, &event).await?;
        if late {
            let payment = payments::find(conn, payment.id).await?.ok_or(PaymentError::NotFound)?;
            let ours = Actor::system(ServiceName::Payment);
            refund_in(self.app, conn, &ours, &payment, RefundCause::late_capture(payment.id), self.now).await?;
        }
        Ok(true)
    }

    /// The second payment of an order is the buyer's money: it goes back by itself.
    async fn duplicate(&self, conn: &mut PgConnection) -> Result<bool, PaymentError> {
        let (payment, seen) = (self.payment, &self.sighting.observation);
        let posting = movements::duplicate_capture(&seen.gateway_payment, &payment.order_number, seen.amount);
        self.give_back(conn, ("duplicate", DUPLICATE, "the order had been paid"), &posting).await
    }

    /// The order waits for another amount by now: what came for the old one is the buyer's.
    async fn retired(&self, conn: &mut PgConnection) -> Result<bool, PaymentError> {
        let (payment, seen) = (self.payment, &self.sighting.observation);
        let posting = movements::retired_capture(&seen.gateway_payment, &payment.order_number, seen.amount);
        self.give_back(conn, ("retired", RETIRED, "the order was edited before this was paid"), &posting).await
    }

    async fn give_back(
        &self,
        conn: &mut PgConnection,
        (kind, reason, why): (&'static str, &'static str, &str),
        posting: &Posting,
    ) -> Result<bool, PaymentError> {
        let (payment, seen) = (self.payment, &self.sighting.observation);
        if self.give_held_back(conn, kind).await? {
            return Ok(true);
        }
        let held = strays::unhold(conn, &seen.gateway_payment, kind, (seen.amount, why)).await?;
        if !held && !self.put_aside(conn, kind, why).await? {
            return Ok(false);
        }
        if held {
            strays::unmark(conn, payment.id, self.now).await?;
        }
        self.log(conn, kind, payment.status.as_str()).await?;
        post_movement(self.app, conn, posting, self.now).await?;
        self.stray_fee(conn).await?;
        refund_stray(self.app, conn, payment, (reason, &seen.gateway_payment), seen.amount, self.now).await?;
        metrics::counter!("payments_given_back_total", "kind" => kind).increment(1);
        tracing::warn!(payment_id = %payment.id, gateway_payment = %seen.gateway_payment, kind, "money goes back by itself");
        Ok(true)
    }

    /// Money that was held, and is in the books as held, needs nobody's decision any more: it goes back from there.
    async fn give_held_back(&self, conn: &mut PgConnection, kind: &'static str) -> Result<bool, PaymentError> {
        let (payment, theirs) = (self.payment, self.sighting.observation.gateway_payment.as_str());
        let Some(amount) = strays::resolve_alone(conn, theirs, self.now).await? else { return Ok(false) };
        self.log(conn, kind, payment.status.as_str()).await?;
        let posting = movements::quarantine_refunded(theirs, &payment.order_number, amount);
        post_movement(self.app, conn, &posting, self.now).await?;
        refund_stray(self.app, conn, payment, (QUARANTINED, theirs), amount, self.now).await?;
        strays::unmark(conn, payment.id, self.now).await?;
        metrics::counter!("payments_given_back_total", "kind" => kind).increment(1);
        tracing::warn!(payment_id = %payment.id, gateway_payment = theirs, kind, "held money goes back by itself");
        Ok(true)
    }

    async fn stray_fee(&self, conn: &mut PgConnection) -> Result<(), PaymentError> {
        if let Some(fee) = self.sighting.fee.filter(|fee| !fee.is_negative()) {
            let posting = movements::gateway_fee(&self.sighting.observation.gateway_payment, &self.payment.order_number, fee);
            post_movement(self.app, conn, &posting, self.now).await?;
        }
        Ok(())
    }

    async fn quarantined(&self, conn: &mut PgConnection, reason: &str) -> Result<bool, PaymentError> {
        let (payment, seen) = (self.payment, &self.sighting.observation);
        let new = self.put_aside(conn, "quarantined", reason).await?;
        let taken = self.hold(conn).await?;
        if !new {
            return Ok(taken);
        }
        payments::quarantine(conn, payment.id, reason, self.now).await?;
        self.log(conn, "quarantine", payment.status.as_str()).await?;
        let event = PaymentQuarantined {
            payment: payment.facts(),
            gateway_amount_paise: seen.amount.paise(),
            gateway_currency: seen.currency.clone(),
        };
        pg_kit::outbox::append(conn, self.now, &*self.app.kit.ids, self.actor, &event).await?;
        metrics::counter!("payments_quarantined_total").increment(1);
        tracing::error!(payment_id = %payment.id, gateway_payment = %seen.gateway_payment, reason, "payment quarantined");
        Ok(true)
    }

    /// Writes held money into the books once the gateway has taken it. What came in another currency is no paise.
    async fn hold(&self, conn: &mut PgConnection) -> Result<bool, PaymentError> {
        let seen = &self.sighting.observation;
        let ours = seen.state == GatewayState::Captured && seen.currency == CURRENCY;
        if !ours || !strays::taken(conn, &seen.gateway_payment, self.now).await? {
            return Ok(false);
        }
        let posting = movements::quarantined(&seen.gateway_payment, &self.payment.order_number, seen.amount);
        post_movement(self.app, conn, &posting, self.now).await?;
        self.stray_fee(conn).await?;
        Ok(true)
    }

    async fn put_aside(&self, conn: &mut PgConnection, kind: &str, reason: &str) -> Result<bool, PaymentError> {
        let seen = &self.sighting.observation;
        let stray = Stray { gateway_payment: &seen.gateway_payment, kind, amount: seen.amount, currency: &seen.currency, reason };
        Ok(strays::put_aside(conn, self.payment.id, stray, self.now).await?)
    }

    /// The fee is known from the capture on, and some sightings lack it.
    async fn fee(&self, conn: &mut PgConnection) -> Result<bool, PaymentError> {
        let same = self.payment.razorpay_payment_id.as_deref() == Some(self.sighting.observation.gateway_payment.as_str());
        if same && self.payment.gateway_fee.is_none() { self.fee_of(conn).await } else { Ok(false) }
    }

    async fn fee_of(&self, conn: &mut PgConnection) -> Result<bool, PaymentError> {
        let Some(fee) = self.sighting.fee.filter(|fee| !fee.is_negative()) else { return Ok(false) };
        if !changes::keep_fee(conn, self.payment.id, fee).await? {
            return Ok(false);
        }
        let posting = movements::gateway_fee(&self.sighting.observation.gateway_payment, &self.payment.order_number, fee);
        post_movement(self.app, conn, &posting, self.now).await?;
        Ok(true)
    }

    async fn log(&self, conn: &mut PgConnection, kind: &str, status: &str) -> Result<(), PaymentError> {
        let seen = &self.sighting.observation;
        // Only what the books need: the gateway's entity holds the payer's address, number and bank.
        let response = json!({
            "amount_paise": seen.amount.paise(),
            "currency": seen.currency,
            "method": self.sighting.payment_type,
            "fee_paise": self.sighting.fee.map(Money::paise),
            "reason": seen.reason,
        });
        let line = LogLine {
            id: self.app.kit.ids.uuid(),
            payment_id: self.payment.id,
            kind,
            // The column is in rupees; another currency's amount is in the response.
            amount: if seen.currency == CURRENCY { seen.amount } else { Money::ZERO },
            status,
            source: self.sighting.source.as_str(),
            gateway_id: Some(&seen.gateway_payment),
            response: Some(&response),
        };
        Ok(payments::log(conn, line, self.now).await?)
    }
}

//! One verb, one file: outside facts first, then one transaction that `domain` decides over.

mod audit;
pub(crate) mod cancel_payment;
pub(crate) mod carry_out_refund;
pub(crate) mod collect_cod;
mod error;
pub(crate) mod invoice_pdf;
pub(crate) mod issue_credit_note;
pub(crate) mod issue_invoice;
pub(crate) mod open_cod;
pub(crate) mod open_online;
mod open_payment;
pub(crate) mod own_proof;
pub(crate) mod post_movement;
pub(crate) mod process_webhook;
pub(crate) mod read_invoices;
pub(crate) mod read_ledger;
pub(crate) mod read_payments;
pub(crate) mod receive_webhook;
pub(crate) mod reconcile;
pub(crate) mod record_observation;
pub(crate) mod replace_payment;
pub(crate) mod request_refund;
pub(crate) mod resolve_dispute;
pub(crate) mod resolve_quarantine;
pub(crate) mod send_link;
pub(crate) mod sweep;
pub(crate) mod take_in;
pub(crate) mod verify_payment;
pub(crate) mod verify_proof;

pub(crate) use error::PaymentError;

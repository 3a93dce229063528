//! Every movement of money that RealServ knows, as a posting.

use ::domain::events::SettlementFacts;
use ::domain::{Money, OrderNumber, PaymentId, PaymentMethod, RefundId, VendorId};

use super::ledger::{Account, Posting};

/// Online money came in.
#[must_use]
pub fn capture(payment: PaymentId, order: &OrderNumber, vendor: VendorId, amount: Money) -> Posting {
    Posting::new("capture", payment, format!("{order} paid online")).transfer(
        Account::GatewayClearing,
        Account::VendorPayable(vendor),
        amount,
    )
}

/// The gateway kept its fee.
#[must_use]
pub fn gateway_fee(gateway_payment: &str, order: &OrderNumber, fee: Money) -> Posting {
    Posting::new("gateway_fee", gateway_payment, format!("gateway fee of {order}")).transfer(
        Account::GatewayFees,
        Account::GatewayClearing,
        fee,
    )
}

/// An order was paid a second time: the money is the buyer's, not the vendor's.
#[must_use]
pub fn duplicate_capture(gateway_payment: &str, order: &OrderNumber, amount: Money) -> Posting {
    Posting::new("duplicate_capture", gateway_payment, format!("{order} paid a second time")).transfer(
        Account::GatewayClearing,
        Account::Refunds,
        amount,
    )
}

/// Money came in on an order of the gateway's that was replaced: it is the buyer's.
#[must_use]
pub fn retired_capture(gateway_payment: &str, order: &OrderNumber, amount: Money) -> Posting {
    Posting::new("retired_capture", gateway_payment, format!("{order} paid by an amount that was replaced")).transfer(
        Account::GatewayClearing,
        Account::Refunds,
        amount,
    )
}

/// Money came in that is not what the order waits for: it is held until finance decides (rule 28).
#[must_use]
pub fn quarantined(gateway_payment: &str, order: &OrderNumber, amount: Money) -> Posting {
    Posting::new("quarantined", gateway_payment, format!("{order} paid by another amount")).transfer(
        Account::GatewayClearing,
        Account::Quarantine,
        amount,
    )
}

/// Finance takes held money for the order: what is due is free to be captured for it, what is over goes back.
#[must_use]
pub fn quarantine_released(gateway_payment: &str, order: &OrderNumber, (due, over): (Money, Money)) -> Posting {
    Posting::new("quarantine_released", gateway_payment, format!("held money of {order} taken for it"))
        .transfer(Account::Quarantine, Account::GatewayClearing, due)
        .transfer(Account::Quarantine, Account::Refunds, over)
}

/// Finance gives held money back.
#[must_use]
pub fn quarantine_refunded(gateway_payment: &str, order: &OrderNumber, amount: Money) -> Posting {
    Posting::new("quarantine_refunded", gateway_payment, format!("held money of {order} goes back")).transfer(
        Account::Quarantine,
        Account::Refunds,
        amount,
    )
}

/// A vendor took in cash.
#[must_use]
pub fn cod_collected(payment: PaymentId, order: &OrderNumber, vendor: VendorId, amount: Money) -> Posting {
    Posting::new("cod_collected", payment, format!("{order} paid in cash")).transfer(
        Account::CashWithVendor(vendor),
        Account::VendorPayable(vendor),
        amount,
    )
}

/// Money is to go back.
#[must_use]
pub fn refund_requested(refund: RefundId, order: &OrderNumber, vendor: VendorId, amount: Money) -> Posting {
    Posting::new("refund_requested", refund, format!("refund of {order} asked for")).transfer(
        Account::VendorPayable(vendor),
        Account::Refunds,
        amount,
    )
}

/// Money went back.
#[must_use]
pub fn refund_processed(refund: RefundId, order: &OrderNumber, method: PaymentMethod, amount: Money) -> Posting {
    let from = match method {
        PaymentMethod::Online => Account::GatewayClearing,
        PaymentMethod::Cod => Account::Bank,
    };
    Posting::new("refund_processed", refund, format!("refund of {order} done")).transfer(Account::Refunds, from, amount)
}

/// Money could not go back: it is owed to the vendor again until finance decides.
#[must_use]
pub fn refund_failed(refund: RefundId, order: &OrderNumber, vendor: VendorId, amount: Money) -> Posting {
    Posting::new("refund_failed", refund, format!("refund of {order} failed")).transfer(
        Account::Refunds,
        Account::VendorPayable(vendor),
        amount,
    )
}

/// A settlement was approved: commission and deductions are taken, cash is netted.
#[must_use]
pub fn settlement_approved(settlement: &SettlementFacts) -> Posting {
    let payable = Account::VendorPayable(settlement.vendor_id);
    let number = &settlement.settlement_number;
    let posting = Posting::new("settlement_approved", settlement.settlement_id, format!("{number} approved"))
        .transfer(payable, Account::PlatformCommission, settlement.commission_amount)
        .transfer(payable, Account::CashWithVendor(settlement.vendor_id), settlement.cod_to_remit)
        .transfer(Account::PlatformCommission, payable, settlement.commission_returned);
    settlement.deductions.iter().fold(posting, |posting, deduction| {
        let to = if deduction.kind == "tds" { Account::TdsPayable } else { Account::GstPayable };
        posting.transfer(payable, to, deduction.amount)
    })
}

/// A settlement was paid out. A negative one closes without a payment: nothing moves.
#[must_use]
pub fn settlement_paid(settlement: &SettlementFacts) -> Posting {
    let amount = if settlement.payout_amount.is_negative() { Money::ZERO } else { settlement.payout_amount };
    Posting::new("settlement_paid", settlement.settlement_id, format!("{} paid out", settlement.settlement_number)).transfer(
        Account::VendorPayable(settlement.vendor_id),
        Account::Bank,
        amount,
    )
}

#[cfg(test)]
mod tests {
    use ::domain::events::SettlementDeduction;
    use ::domain::{SettlementId, SettlementNumber};
    use chrono::NaiveDate;
    use uuid::Uuid;

    use super::*;

    fn settlement() -> SettlementFacts {
        let money = Money::from_rupees;
        SettlementFacts {
            settlement_id: SettlementId::new(Uuid::nil()),
            settlement_number: SettlementNumber::from_sequence(1),
            vendor_id: VendorId::new(Uuid::nil()),
            period_start: NaiveDate::from_ymd_opt(2026, 11, 1).unwrap(),
            period_end: NaiveDate::from_ymd_opt(2026, 11, 15).unwrap(),
            order_ids: Vec::new(),
            gross_revenue: money(15_000),
            commission_amount: money(1_500),
            net_amount: money(13_500),
            cod_to_remit: money(5_000),
            adjustments: Money::ZERO,
            commission_returned: Money::ZERO,
            carried_over: Money::ZERO,
            deductions: vec![SettlementDeduction { kind: "tds".into(), amount: Money::ZERO }],
            payout_amount: money(8_500),
        }
    }

    fn balance(postings: &[Posting], account: Account) -> i64 {
        postings.iter().flat_map(|posting| &posting.lines).filter(|(a, _)| *a == account).map(|(_, paise)| paise).sum()
    }

    /// Rule 33's example.
    #[test]
    fn a_settled_and_paid_vendor_is_owed_nothing_and_holds_no_cash() {
        let settlement = settlement();
        let (vendor, order) = (settlement.vendor_id, OrderNumber::from_sequence(1));
        let payment = PaymentId::new(Uuid::nil());
        let postings = [
            capture(payment, &order, vendor, Money::from_rupees(10_000)),
            cod_collected(payment, &order, vendor, Money::from_rupees(5_000)),
            settlement_approved(&settlement),
            settlement_paid(&settlement),
        ];
        for posting in &postings {
            posting.check().unwrap();
        }
        assert_eq!(balance(&postings, Account::VendorPayable(vendor)), 0);
        assert_eq!(balance(&postings, Account::CashWithVendor(vendor)), 0);
        assert_eq!(balance(&postings, Account::PlatformCommission), -150_000);
        assert_eq!(balance(&postings, Account::Bank), -850_000);
    }

    #[test]
    fn a_negative_payout_moves_nothing() {
        let settlement = SettlementFacts { payout_amount: Money::from_rupees(-3), ..settlement() };
        assert!(settlement_paid(&settlement).lines.is_empty());
    }

    #[test]
    fn lines_that_do_not_add_up_are_refused() {
        let posting = Posting::new("test", 1, "half of it").line(Account::Bank, 5);
        assert!(posting.check().is_err());
    }
}

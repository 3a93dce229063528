//! The ledger's words: accounts and balanced postings (rule 30).

use std::fmt;

use ::domain::{Money, VendorId};

/// One account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Account {
    /// What the gateway holds for us.
    GatewayClearing,
    /// What the gateway keeps for itself, its tax included.
    GatewayFees,
    /// Cash that a vendor took in and has not handed over.
    CashWithVendor(VendorId),
    /// What we owe a vendor.
    VendorPayable(VendorId),
    /// What we earn.
    PlatformCommission,
    /// Goods and services tax withheld or charged.
    GstPayable,
    /// Income tax withheld.
    TdsPayable,
    /// Money on its way back to buyers.
    Refunds,
    /// Money that came in and is not what any order waits for, until finance decides (rule 28).
    Quarantine,
    /// Our own bank account.
    Bank,
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::GatewayClearing => f.write_str("gateway_clearing"),
            Self::GatewayFees => f.write_str("gateway_fees"),
            Self::CashWithVendor(vendor) => write!(f, "cash_with_vendor:{vendor}"),
            Self::VendorPayable(vendor) => write!(f, "vendor_payable:{vendor}"),
            Self::PlatformCommission => f.write_str("platform_commission"),
            Self::GstPayable => f.write_str("gst_payable"),
            Self::TdsPayable => f.write_str("tds_payable"),
            Self::Refunds => f.write_str("refunds"),
            Self::Quarantine => f.write_str("quarantine"),
            Self::Bank => f.write_str("bank"),
        }
    }
}

/// One movement of money, to be written down once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    /// What moved: the same movement has the same key.
    pub business_key: String,
    /// What kind of movement.
    pub kind: &'static str,
    /// In words.
    pub description: String,
    /// Accounts with signed paise: debits above zero, credits below.
    pub lines: Vec<(Account, i64)>,
}

/// The lines do not add up to zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the lines add up to {0} paise instead of zero")]
pub struct Imbalance(pub i128);

impl Posting {
    /// A movement without lines as yet.
    #[must_use]
    pub fn new(kind: &'static str, id: impl fmt::Display, description: impl Into<String>) -> Self {
        Self { business_key: format!("{kind}:{id}"), kind, description: description.into(), lines: Vec::new() }
    }

    /// From the credited account to the debited one. Nothing is no line; below zero it is the other way round.
    #[must_use]
    pub fn transfer(self, debit: Account, credit: Account, amount: Money) -> Self {
        self.line(debit, amount.paise()).line(credit, -amount.paise())
    }

    /// One line.
    #[must_use]
    pub fn line(mut self, account: Account, paise: i64) -> Self {
        if paise != 0 {
            self.lines.push((account, paise));
        }
        self
    }

    /// Whether it adds up.
    ///
    /// # Errors
    /// [`Imbalance`].
    pub fn check(&self) -> Result<(), Imbalance> {
        let total: i128 = self.lines.iter().map(|(_, paise)| i128::from(*paise)).sum();
        if total == 0 { Ok(()) } else { Err(Imbalance(total)) }
    }
}

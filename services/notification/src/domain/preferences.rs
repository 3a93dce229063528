//! What people want to hear, and how.

use domain::NotificationChannel;
use serde::{Deserialize, Serialize};

use super::message::Category;

/// One person's choices; the defaults hold for whoever made none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "these are switches")]
pub struct Preferences {
    /// Any e-mail.
    pub email_enabled: bool,
    /// E-mails about orders.
    pub email_order_updates: bool,
    /// E-mails about money.
    pub email_payment_updates: bool,
    /// Advertising by e-mail.
    pub email_promotions: bool,
    /// Any WhatsApp message.
    pub whatsapp_enabled: bool,
    /// WhatsApp messages about orders.
    pub whatsapp_order_updates: bool,
    /// WhatsApp messages about money.
    pub whatsapp_payment_updates: bool,
    /// Advertising by WhatsApp.
    pub whatsapp_promotions: bool,
    /// Any SMS.
    pub sms_enabled: bool,
    /// SMS about orders.
    pub sms_order_updates: bool,
    /// SMS about money.
    pub sms_payment_updates: bool,
    /// Advertising by SMS.
    pub sms_promotions: bool,
    /// Any push notification.
    pub push_enabled: bool,
    /// Push about orders.
    pub push_order_updates: bool,
    /// Push about money.
    pub push_payment_updates: bool,
    /// Advertising by push.
    pub push_promotions: bool,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            email_enabled: true,
            email_order_updates: true,
            email_payment_updates: true,
            email_promotions: false,
            whatsapp_enabled: true,
            whatsapp_order_updates: true,
            whatsapp_payment_updates: true,
            whatsapp_promotions: false,
            sms_enabled: false,
            sms_order_updates: false,
            sms_payment_updates: false,
            sms_promotions: false,
            push_enabled: true,
            push_order_updates: true,
            push_payment_updates: true,
            push_promotions: false,
        }
    }
}

impl Preferences {
    /// Whether such a message may go this way. Codes always may (rule 39), and the inbox in the app disturbs nobody.
    #[must_use]
    pub const fn allow(&self, channel: NotificationChannel, category: Category) -> bool {
        if matches!(category, Category::Security) {
            return true;
        }
        let (enabled, order, payment, promotion) = match channel {
            NotificationChannel::InApp => return true,
            NotificationChannel::Email => {
                (self.email_enabled, self.email_order_updates, self.email_payment_updates, self.email_promotions)
            }
            NotificationChannel::Whatsapp => {
                (self.whatsapp_enabled, self.whatsapp_order_updates, self.whatsapp_payment_updates, self.whatsapp_promotions)
            }
            NotificationChannel::Sms => (self.sms_enabled, self.sms_order_updates, self.sms_payment_updates, self.sms_promotions),
            NotificationChannel::Push => {
                (self.push_enabled, self.push_order_updates, self.push_payment_updates, self.push_promotions)
            }
        };
        enabled
            && match category {
                Category::Order => order,
                Category::Payment => payment,
                Category::Promotion => promotion,
                Category::Account | Category::Security => true,
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use NotificationChannel::{Email, InApp, Push, Sms, Whatsapp};

    #[test]
    fn codes_go_out_whatever_was_switched_off() {
        let nothing = Preferences { whatsapp_enabled: false, sms_enabled: false, ..Preferences::default() };
        assert!(nothing.allow(Whatsapp, Category::Security) && nothing.allow(Sms, Category::Security));
        assert!(!nothing.allow(Whatsapp, Category::Order) && !nothing.allow(Sms, Category::Account));
        assert!(nothing.allow(InApp, Category::Order));
    }

    #[test]
    fn advertising_is_off_until_asked_for_and_sms_is_off_by_default() {
        let defaults = Preferences::default();
        for channel in [Email, Whatsapp, Sms, Push] {
            assert!(!defaults.allow(channel, Category::Promotion));
            assert_eq!(defaults.allow(channel, Category::Order), channel != Sms);
        }
        let payments_off = Preferences { push_payment_updates: false, ..defaults };
        assert!(!payments_off.allow(Push, Category::Payment) && payments_off.allow(Push, Category::Order));
    }
}

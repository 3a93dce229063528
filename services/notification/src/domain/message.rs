//! A message: what kind it is and where it stands.

use domain::NotificationChannel;

/// A closed set of words as tables and JSON have them.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident => $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$vmeta])* $variant),+ }

        impl $name {
            /// The word.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// Reads the word.
            #[must_use]
            pub fn read(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

words! {
    /// What a message is about: this is what preferences and quiet hours go by.
    Category {
        /// Codes and access: always sent.
        Security => "security",
        /// What happens to an order.
        Order => "order",
        /// Money.
        Payment => "payment",
        /// Papers, stock, welcome.
        Account => "account",
        /// Advertising: only if asked for, and never at night.
        Promotion => "promotion",
    }
}

words! {
    /// Where a message stands. Declared in the order in which it moves.
    MessageStatus {
        /// Waits to be sent, or to be tried again.
        Pending => "pending",
        /// Being handed over. Found again in this state, nobody knows whether it went out.
        Sending => "sending",
        /// The provider took it.
        Sent => "sent",
        /// It arrived.
        Delivered => "delivered",
        /// It was read.
        Read => "read",
        /// It will not arrive.
        Failed => "failed",
    }
}

impl MessageStatus {
    /// Whether a provider's word moves a message from here to `next`: forward only, and nothing follows a failure.
    /// What has arrived has not failed.
    #[must_use]
    pub fn moves_to(self, next: Self) -> bool {
        match (self, next) {
            (Self::Failed, _) => false,
            (Self::Delivered | Self::Read, Self::Failed) => false,
            (_, Self::Failed) => true,
            (from, to) => to > from,
        }
    }
}

/// The channels tried, in this order, after one has failed for good (rule 40).
pub const FALLBACKS: [NotificationChannel; 3] = [NotificationChannel::Sms, NotificationChannel::Push, NotificationChannel::Email];

/// What makes two messages the same one (rule 39).
#[must_use]
pub fn dedupe_key(cause: &str, recipient: domain::UserId, channel: NotificationChannel, template: &str) -> String {
    format!("{cause}/{recipient}/{channel}/{template}")
}

#[cfg(test)]
mod tests {
    use super::MessageStatus::*;

    #[test]
    fn a_status_only_moves_forward_and_nothing_follows_a_failure() {
        assert!(Sent.moves_to(Delivered) && Sent.moves_to(Read) && Delivered.moves_to(Read) && Sent.moves_to(Failed));
        assert!(!Read.moves_to(Delivered) && !Delivered.moves_to(Sent) && !Sent.moves_to(Sent));
        assert!(!Failed.moves_to(Delivered) && !Read.moves_to(Failed) && !Delivered.moves_to(Failed));
    }
}

//! What can be wanted.

macro_rules! intents {
    ($($(#[$meta:meta])* $name:ident => $text:literal, acts: $acts:literal, order: $order:literal;)+) => {
        /// What can be wanted of the bot.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(crate) enum Intent { $($(#[$meta])* $name),+ }

        impl Intent {
            /// Its word, as stored and in button ids.
            pub(crate) const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }

            /// The intent of a word.
            pub(crate) fn read(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$name),)+ _ => None }
            }

            /// Whether it changes state or money.
            pub(crate) const fn acts(self) -> bool {
                match self { $(Self::$name => $acts),+ }
            }

            /// Whether it is about one order.
            pub(crate) const fn takes_order(self) -> bool {
                match self { $(Self::$name => $order),+ }
            }
        }
    };
}

intents! {
    /// Hello.
    Greeting => "greeting", acts: false, order: false;
    /// Thanks.
    Thanks => "thanks", acts: false, order: false;
    /// What can I say?
    Help => "help", acts: false, order: false;
    /// Where does an order stand?
    OrderStatus => "order_status", acts: false, order: true;
    /// What is there to do?
    OpenOrders => "open_orders", acts: false, order: false;
    /// I take this order.
    Confirm => "confirm", acts: true, order: true;
    /// I do not take this order.
    Reject => "reject", acts: true, order: true;
    /// I am getting it ready.
    Preparing => "preparing", acts: true, order: true;
    /// It is on its way.
    OutForDelivery => "out_for_delivery", acts: true, order: true;
    /// The buyer's six digits.
    Code => "code", acts: true, order: true;
    /// The buyer did not get the code.
    ResendCode => "resend_code", acts: true, order: true;
    /// It was handed over.
    Delivered => "delivered", acts: true, order: true;
    /// The cash is in my hands.
    CodCollected => "cod_collected", acts: true, order: true;
    /// I take orders.
    Available => "available", acts: true, order: false;
    /// I take no orders.
    NotAvailable => "not_available", acts: true, order: false;
    /// How much did I earn?
    Earnings => "earnings", acts: false, order: false;
    /// What do I have, and at which price?
    Stock => "stock", acts: false, order: false;
    /// In another language.
    Language => "language", acts: false, order: false;
    /// Leave what we were doing.
    Cancel => "cancel", acts: false, order: false;
    /// This picture is a proof.
    Photo => "photo", acts: true, order: true;
}

//! The closed sets of words that more than one service speaks.

use crate::text::text_enum;

text_enum! {
    /// The seven services.
    pub enum ServiceName {
        /// Identity, profiles, addresses, audit.
        User => "user",
        /// Orders, tickets, disputes.
        Order => "order",
        /// Money in, money back, the ledger.
        Payment => "payment",
        /// Materials, labour, offers, stock.
        Catalog => "catalog",
        /// Vendors, deliveries, settlements.
        VendorManagement => "vendor-management",
        /// Messages to people.
        Notification => "notification",
        /// WhatsApp, media, location.
        Integration => "integration",
    }
}

text_enum! {
    /// Through which channel somebody acts.
    pub enum Channel {
        /// A browser.
        Web => "web",
        /// The mobile app.
        Mobile => "mobile",
        /// The WhatsApp bot.
        Whatsapp => "whatsapp",
        /// RealServ by itself.
        System => "system",
    }
}

text_enum! {
    /// What a user is.
    pub enum UserType {
        /// Builds a home and orders.
        Buyer => "buyer",
        /// Supplies and delivers.
        Vendor => "vendor",
        /// Staff.
        Admin => "admin",
    }
}

text_enum! {
    /// Whether a user may use RealServ.
    pub enum UserStatus {
        /// Yes.
        Active => "active",
        /// Not now.
        Suspended => "suspended",
        /// Never again; personal fields are erased.
        Deleted => "deleted",
    }
}

text_enum! {
    /// What a member of staff may do.
    pub enum AdminRole {
        /// Everything.
        SuperAdmin => "super_admin",
        /// Catalogue, vendors, orders, deliveries.
        Operations => "operations",
        /// Tickets, disputes, reading.
        Support => "support",
        /// Payments, refunds, settlements.
        Finance => "finance",
    }
}

text_enum! {
    /// Units of quantity (rule 6).
    pub enum Unit {
        /// Kilogram.
        Kg => "kg",
        /// Metric tonne.
        Tonne => "tonne",
        /// Bag, of cement for instance.
        Bag => "bag",
        /// Cubic metre.
        CubicMeter => "cubic_meter",
        /// Cubic foot.
        CubicFeet => "cubic_feet",
        /// Square metre.
        SquareMeter => "square_meter",
        /// Piece.
        Piece => "piece",
        /// Litre.
        Litre => "litre",
        /// Hour of labour.
        Hour => "hour",
        /// Day of labour.
        Day => "day",
    }
}

text_enum! {
    /// What an order line or an offer is of.
    pub enum ItemType {
        /// Goods.
        Material => "material",
        /// Work by the hour or day.
        Labor => "labor",
    }
}

text_enum! {
    /// What an order consists of; derived from its lines (rule 14).
    pub enum OrderType {
        /// All materials.
        Material => "material",
        /// All labour.
        Labor => "labor",
        /// Both.
        Mixed => "mixed",
    }
}

text_enum! {
    /// Where an order stands (rule 12).
    pub enum OrderStatus {
        /// Placed; online orders wait for the money.
        Pending => "pending",
        /// Online and paid; waits for the vendor.
        Paid => "paid",
        /// The vendor has said yes.
        Confirmed => "confirmed",
        /// The vendor is making it ready.
        Preparing => "preparing",
        /// On its way.
        InTransit => "in_transit",
        /// Handed over.
        Delivered => "delivered",
        /// Handed over and the money is in.
        Completed => "completed",
        /// Ended without delivery.
        Cancelled => "cancelled",
    }
}

text_enum! {
    /// What an order knows of its payment (rule 13).
    pub enum PaymentStatus {
        /// No money yet.
        Pending => "pending",
        /// Captured, or collected in cash.
        Paid => "paid",
        /// An attempt failed; a late capture may still come.
        Failed => "failed",
        /// Part of the money went back.
        PartiallyRefunded => "partially_refunded",
        /// All of it went back.
        Refunded => "refunded",
    }
}

text_enum! {
    /// Where a payment stands (rule 27).
    pub enum PaymentState {
        /// Opened.
        Pending => "pending",
        /// The bank has reserved it.
        Authorized => "authorized",
        /// Online money is ours.
        Captured => "captured",
        /// Cash is in the vendor's hands.
        Collected => "collected",
        /// The attempt failed.
        Failed => "failed",
        /// Part went back.
        PartiallyRefunded => "partially_refunded",
        /// All went back.
        Refunded => "refunded",
    }
}

text_enum! {
    /// How a buyer pays.
    pub enum PaymentMethod {
        /// Through the gateway, before delivery.
        Online => "online",
        /// Cash on delivery.
        Cod => "cod",
    }
}

text_enum! {
    /// Where a refund stands.
    pub enum RefundStatus {
        /// Asked for, not yet confirmed by the gateway.
        Pending => "pending",
        /// Done.
        Processed => "processed",
        /// Refused for good; finance is told.
        Failed => "failed",
    }
}

text_enum! {
    /// Where a delivery stands (rule 36).
    pub enum DeliveryStatus {
        /// Made when the order was confirmed.
        Pending => "pending",
        /// Somebody will bring it.
        Assigned => "assigned",
        /// On its way.
        InTransit => "in_transit",
        /// Handed over, proven.
        Delivered => "delivered",
        /// Not handed over; may be assigned again.
        Failed => "failed",
    }
}

text_enum! {
    /// Where a vendor stands.
    pub enum VendorStatus {
        /// Signed up; papers not approved.
        Pending => "pending",
        /// May sell.
        Active => "active",
        /// May not sell now.
        Suspended => "suspended",
        /// May never sell again.
        Blocked => "blocked",
    }
}

text_enum! {
    /// Where a vendor's papers stand.
    pub enum KycStatus {
        /// Nothing handed in yet.
        Pending => "pending",
        /// Handed in, waiting for a look.
        Submitted => "submitted",
        /// In order.
        Approved => "approved",
        /// Something is wrong; may be handed in again.
        Rejected => "rejected",
    }
}

text_enum! {
    /// How a supplier stands towards GST (rule 23).
    pub enum GstScheme {
        /// Registered, charges tax.
        Regular => "regular",
        /// Composition levy: charges no tax.
        Composition => "composition",
        /// Not registered: charges no tax.
        Unregistered => "unregistered",
    }
}

text_enum! {
    /// How a person is reached.
    pub enum NotificationChannel {
        /// E-mail.
        Email => "email",
        /// WhatsApp.
        Whatsapp => "whatsapp",
        /// SMS.
        Sms => "sms",
        /// Push to the app.
        Push => "push",
        /// The inbox inside the app.
        InApp => "in_app",
    }
}

text_enum! {
    /// When of the day something is to be delivered.
    pub enum Slot {
        /// 8 to 12.
        Morning => "morning",
        /// 12 to 16.
        Afternoon => "afternoon",
        /// 16 to 20.
        Evening => "evening",
    }
}

impl PaymentState {
    /// Whether the money has come in, whatever went back since.
    #[must_use]
    pub const fn money_came_in(self) -> bool {
        matches!(self, Self::Captured | Self::Collected | Self::PartiallyRefunded | Self::Refunded)
    }
}

//! Identifiers as distinct types over UUID v7 (rule 1): a `BuyerId` never passes for a `UserId`.

use uuid::Uuid;

/// What every identifier can do; [`crate::IdGen`] makes them through it.
pub trait Id: Copy {
    /// Wraps a raw UUID.
    fn from_uuid(uuid: Uuid) -> Self;
    /// The raw UUID.
    fn as_uuid(&self) -> Uuid;
}

macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, sqlx::Type, utoipa::ToSchema)]
        #[serde(transparent)]
        #[sqlx(transparent)]
        #[schema(value_type = Uuid, format = Uuid)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a raw UUID.
            #[must_use]
            pub const fn new(uuid: Uuid) -> Self { Self(uuid) }
            /// The raw UUID.
            #[must_use]
            pub const fn as_uuid(&self) -> Uuid { self.0 }
        }
        impl Id for $name {
            fn from_uuid(uuid: Uuid) -> Self { Self(uuid) }
            fn as_uuid(&self) -> Uuid { self.0 }
        }
        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self { Self(uuid) }
        }
        impl From<$name> for Uuid {
            fn from(id: $name) -> Self { id.0 }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { self.0.fmt(f) }
        }
        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> { text.parse().map(Self) }
        }
    )+};
}

ids! {
    /// `users.id` of the user service.
    UserId,
    /// `buyer_profiles.id` of the user service; not a [`UserId`].
    BuyerId,
    /// `vendors.id` of vendor-management; not a [`UserId`].
    VendorId,
    /// `delivery_addresses.id` of the user service.
    AddressId,
    /// `orders.id` of the order service.
    OrderId,
    /// `order_items.id` of the order service.
    OrderItemId,
    /// `payments.id` of the payment service.
    PaymentId,
    /// `payment_refunds.id` of the payment service.
    RefundId,
    /// `categories.id` of the catalog service.
    CategoryId,
    /// `materials.id` of the catalog service.
    MaterialId,
    /// `labor_categories.id` of the catalog service.
    LaborId,
    /// `vendor_inventory.id` or `vendor_labor_availability.id` of the catalog service.
    InventoryId,
    /// `deliveries.id` of vendor-management.
    DeliveryId,
    /// `settlements.id` of vendor-management.
    SettlementId,
    /// `media_files.id` of the integration service.
    MediaId,
    /// `notifications.id` of the notification service.
    NotificationId,
    /// `support_tickets.id` of the order service.
    TicketId,
    /// `disputes.id` of the order service.
    DisputeId,
    /// One event on the bus; the key that consumers dedupe on.
    EventId,
    /// One piece of work followed through every service it touches.
    CorrelationId,
}

//! The closed sets of words that only this service stores and speaks.

/// A closed set of words: an enum, its text, and how it is read from the database.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident => $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$vmeta])* #[serde(rename = $text)] $variant),+ }

        impl $name {
            /// As stored and spoken.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.as_str()) }
        }
        // By hand: the derive does not see the words through a macro.
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .enum_values(Some([$($text),+]))
                    .into()
            }
        }
        impl utoipa::ToSchema for $name {}
        impl sqlx::Type<sqlx::Postgres> for $name {
            fn type_info() -> sqlx::postgres::PgTypeInfo {
                <str as sqlx::Type<sqlx::Postgres>>::type_info()
            }
            fn compatible(ty: &sqlx::postgres::PgTypeInfo) -> bool {
                <str as sqlx::Type<sqlx::Postgres>>::compatible(ty)
            }
        }
        impl sqlx::Decode<'_, sqlx::Postgres> for $name {
            fn decode(value: sqlx::postgres::PgValueRef<'_>) -> Result<Self, sqlx::error::BoxDynError> {
                match <&str as sqlx::Decode<'_, sqlx::Postgres>>::decode(value)? {
                    $($text => Ok(Self::$variant),)+
                    other => Err(format!(concat!("no ", stringify!($name), ": {}"), other).into()),
                }
            }
        }
    };
}

words! {
    /// What a ticket is about.
    TicketCategory {
        /// The order itself.
        OrderIssue => "order_issue",
        /// Money.
        PaymentIssue => "payment_issue",
        /// The way to the site.
        DeliveryIssue => "delivery_issue",
        /// What was delivered.
        QualityIssue => "quality_issue",
        /// Anything else.
        Other => "other",
    }
}

words! {
    /// How urgent a ticket is.
    TicketPriority {
        /// When there is time.
        Low => "low",
        /// As usual.
        Medium => "medium",
        /// Soon.
        High => "high",
        /// Now; only staff says so.
        Urgent => "urgent",
    }
}

words! {
    /// Where a ticket stands.
    TicketStatus {
        /// Nobody has answered.
        Open => "open",
        /// Support works on it.
        InProgress => "in_progress",
        /// Support waits for whoever opened it; the clock stands still.
        WaitingCustomer => "waiting_customer",
        /// Solved, unless whoever opened it says otherwise.
        Resolved => "resolved",
        /// Over.
        Closed => "closed",
    }
}

words! {
    /// What a dispute is about.
    DisputeType {
        /// Not good enough.
        Quality => "quality",
        /// Not as much.
        Quantity => "quantity",
        /// The way to the site.
        Delivery => "delivery",
        /// Money.
        Payment => "payment",
        /// Anything else.
        Other => "other",
    }
}

words! {
    /// Where a dispute stands.
    DisputeStatus {
        /// Raised.
        Open => "open",
        /// Somebody looks into it.
        UnderReview => "under_review",
        /// Decided.
        Resolved => "resolved",
        /// Decided and put away.
        Closed => "closed",
    }
}

words! {
    /// How a dispute is decided.
    DisputeResolution {
        /// All that was not given back yet goes back.
        RefundFull => "refund_full",
        /// Some of it goes back.
        RefundPartial => "refund_partial",
        /// Nothing follows.
        Rejected => "rejected",
        /// The vendor delivers again.
        Replacement => "replacement",
    }
}

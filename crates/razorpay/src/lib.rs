//! Razorpay: orders, payments, refunds, webhooks.

//! SMS through Twilio or MSG91.

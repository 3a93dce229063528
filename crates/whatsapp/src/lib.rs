//! WhatsApp Cloud API: messages, media, webhooks.

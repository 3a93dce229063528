//! Firebase Authentication: Identity Toolkit, custom claims, custom tokens.

//! The local runner: Postgres, AWS stand-in, sandbox, gateway, seven services, demo.

//! `wardian serve` as its clients and its operator see it, with the guests `wardian-test-handler` and
//! `wardian-test-handler-wasi2`.
//!
//! Set `WARDIAN_GUESTS` to the folder of built guests; `cargo xtask test` does that.

#![cfg(unix)]
#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "also what tests share may end them")]

#[path = "serve/clients.rs"]
mod clients;
#[path = "serve/configuration.rs"]
mod configuration;
#[path = "serve/handlers.rs"]
mod handlers;
#[path = "serve/operator.rs"]
mod operator;
#[path = "serve/server.rs"]
mod server;
#[path = "serve/start.rs"]
mod start;
#[path = "serve/tenants.rs"]
mod tenants;

//! What holds of every model and of any bytes.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

#[path = "properties/build.rs"]
mod build;
#[path = "properties/damage.rs"]
mod damage;
#[path = "properties/depth.rs"]
mod depth;
#[path = "properties/growth.rs"]
mod growth;
#[path = "properties/lookup.rs"]
mod lookup;
#[path = "properties/plain.rs"]
mod plain;
#[path = "properties/shares.rs"]
mod shares;

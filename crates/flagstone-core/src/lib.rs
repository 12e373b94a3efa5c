//! c
#![no_std]
mod units;
pub use units::{UnixMillis, Weight};

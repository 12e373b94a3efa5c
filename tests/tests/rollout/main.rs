//! Rollouts on the real runtimes. They wait most of their time, so that they are one program, which waits once.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod fastly;
mod stages;

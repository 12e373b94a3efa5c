//! What the tests of the whole share.

pub mod cli;
pub mod hosts;
pub mod http;
pub mod oracle;
pub mod published;
pub mod random;

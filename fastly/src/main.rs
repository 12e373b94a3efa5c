//! fastly
fn main() {}

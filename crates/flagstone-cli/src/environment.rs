//! The environment: where credentials come in, so that they are in no argument and no history of a shell.

/// A variable that is set and not empty.
#[expect(
    clippy::disallowed_methods,
    reason = "this is where the environment comes in; everything else gets it as an argument"
)]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

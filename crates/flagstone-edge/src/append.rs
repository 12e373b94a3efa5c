//! Text that grows.

/// Adds text. `String::push_str` is written out in each place that calls it. On Cloudflare each start of an isolate compiles all that code, and
/// a request runs over most of it once, in caches that hold other things: there it is one function.
pub(crate) trait Append {
    /// Adds text at the end.
    fn append(&mut self, text: &str);
}

impl Append for String {
    #[cfg_attr(target_os = "unknown", inline(never))]
    fn append(&mut self, text: &str) {
        self.push_str(text);
    }
}

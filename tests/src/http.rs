//! HTTP cases: what goes in, what an origin sees of it, what comes out. The same for every host.
//!
//! A file of cases is TOML. Its `config` is a `flagstone.toml`, which each host holds under revision 7 unless a case
//! says otherwise:
//!
//! ```toml
//! config = '''
//! [flags.new-checkout]
//! variants = { control = false, treatment = true }
//! default = "control"
//! '''
//!
//! [[case]]
//! name = "what the case shows"
//! request = { method = "GET", path = "/pricing?a=b", headers = { cookie = "uid=u-117" }, body = "" }
//! location = { country = "DE" }                  # what the platform knows of the visitor's place
//! origin = { status = 200, headers = { vary = "accept" }, body = "<h1>Plans</h1>" } # or { unreachable = true }
//! store = { kills = { new-checkout = "control" } } # see `Store`
//! held = true                                    # the host held revision 7 before the store became so
//! differs.viceroy = "why this host does something else"
//! expect.origin = "stable"                       # the name of the origin that gets the request
//! expect.request = { path = "/pricing?a=b", headers = { feature-flags = [] }, body = "" }
//! expect.response = { status = 200, headers = { vary = "accept, cookie" }, body = "<h1>Plans</h1>" }
//! ```
//!
//! `REVISION` in a request's header is the revision that the host has.
//!
//! All of it may be left out but name and path; then the request goes to `stable` as it is, and the response comes back
//! as it is. A header is a value, or a list of the values of its lines, `[]` if it must be absent; a value that begins
//! with `~` is a regular expression. [`Value`] has forms for long values and for bytes that are no text.
//!
//! Beside what a case expects, all hosts must do the same, to the byte: see [`compare()`].

mod case;
mod compare;
mod memory;
mod run;

pub use case::{Case, File, Store, Value};
pub use compare::{Outcome, check, compare};
pub use memory::Memory;
pub use run::{Runner, Start};

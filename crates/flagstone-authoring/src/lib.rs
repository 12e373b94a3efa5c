//! From `flagstone.toml` with CEL conditions to a model of feature flags.
//!
//! [`read()`] takes the text of the file and gives the model, or everything that is wrong with it as [`Finding`]s, each
//! with its place in the text; [`render()`] shows a finding with the lines concerned, [`to_json`] writes it for programs.
//! The format is described in `docs/authoring.md`, for editors by [`schema()`].
//!
//! ```
//! let text = r#"
//! [flags.banner]
//! variants = { off = "", summer = "Summer sale" }
//! default = "off"
//!
//! [[flags.banner.rules]]
//! name = "germany"
//! when = 'geo.country in ["DE", "AT"]'
//! rollout = { summer = 12.5 }
//! "#;
//! let outcome = flagstone_authoring::read(text, None, &flagstone_authoring::no_files);
//! let model = outcome.model.expect("no errors");
//! assert_eq!(model.flags[0].rules[0].name, "germany");
//! ```

mod bucketing;
mod cel;
mod code;
mod describe;
mod document;
mod expression;
mod finding;
mod grammar;
mod lower;
mod names;
mod path;
mod places;
mod read;
mod render;
mod schema;
mod suggest;
mod write;

pub use code::{CODES, Code};
pub use describe::descriptions;
pub use finding::{Finding, Label, Severity, line_column};
pub use path::flag_path;
pub use places::Places;
pub use read::{Outcome, ReadFile, no_files, read};
pub use render::{render, to_json};
pub use schema::schema;
pub use write::{LeftOut, Part, Remarks, Written, write};

//! Changes to headers.

use flagstone_edge::Edit;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::console_error;
use worker::web_sys::Headers;

#[wasm_bindgen(raw_module = "../headers.mjs")]
extern "C" {
    /// Removes each header whose name begins with `prefix`.
    #[wasm_bindgen(js_name = removePrefix)]
    fn remove_prefix(headers: &Headers, prefix: &str);
}

/// Makes the changes in their order. One that the platform refuses is left out; the others are made.
pub fn apply(headers: &Headers, edits: &[Edit]) {
    for edit in edits {
        let result = match edit {
            Edit::RemovePrefix(prefix) => {
                remove_prefix(headers, prefix);
                Ok(())
            }
            Edit::Remove(name) => headers.delete(name),
            Edit::Set(name, value) => headers.set(name, value),
            Edit::Append(name, value) => headers.append(name, value),
        };
        if let Err(error) = result {
            console_error!("flagstone: header refused: {edit:?}: {error:?}");
        }
    }
}

//! Unleash's engine in wasm: state and context cross the border as JSON.

use unleash_yggdrasil::{EngineState, UpdateMessage};
use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
#[derive(Default)]
pub struct Engine(EngineState);

#[wasm_bindgen]
impl Engine {
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    #[wasm_bindgen(js_name = takeState)]
    pub fn take_state(&self, json: &str) -> Result<(), JsError> {
        self.0
            .take_state(UpdateMessage::FullResponse(serde_json::from_str(json)?));
        Ok(())
    }

    #[wasm_bindgen(js_name = isEnabled)]
    pub fn is_enabled(&self, name: &str, context: &str) -> Result<bool, JsError> {
        Ok(self
            .0
            .is_enabled(name, &serde_json::from_str(context)?, &None))
    }
}

//! The canvas in the browser: [`core`] decides without a browser, `web` draws and listens.
#![recursion_limit = "512"]

pub mod core;
#[cfg(target_arch = "wasm32")]
pub mod web;

/// Starts the page; called once its code is loaded.
#[cfg(target_arch = "wasm32")]
#[wasm_bindgen::prelude::wasm_bindgen(start)]
pub fn start() {
    web::start();
}

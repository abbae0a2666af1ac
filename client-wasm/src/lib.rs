//! The canvas in the browser.

//! The socket of a page's connection.

use wasm_bindgen::closure::Closure;

/// An open socket. Dropping it closes it without a word.
pub struct Socket {
    pub ws: web_sys::WebSocket,
    pub _open: Closure<dyn FnMut()>,
    pub _message: Closure<dyn FnMut(web_sys::MessageEvent)>,
    pub _close: Closure<dyn FnMut(web_sys::CloseEvent)>,
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.ws.set_onopen(None);
        self.ws.set_onmessage(None);
        self.ws.set_onclose(None);
        // A socket that is closed already is what is wanted.
        let _closed = self.ws.close();
    }
}

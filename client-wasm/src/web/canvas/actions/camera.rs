//! Where one looks from: fitting, zooming, bringing into view.

use crate::core::geometry::{Camera, Point, Rect};
use crate::web::canvas::store::page::Page;
use leptos::prelude::*;

/// The part of the screen that panels leave free.
pub fn free_screen(page: Page) -> Rect {
    let (w, h) = page.screen.get_untracked();
    if w < 720.0 {
        return Rect::new(16.0, 72.0, (w - 32.0).max(40.0), (h - 150.0).max(40.0));
    }
    Rect::new(84.0, 76.0, (w - 84.0 - 324.0).max(80.0), (h - 76.0 - 72.0).max(80.0))
}

/// The part of the canvas that panels leave free.
pub fn free_view(page: Page) -> Rect {
    let (camera, free) = (page.camera.get_untracked(), free_screen(page));
    let corner = camera.to_canvas(Point::new(free.x, free.y));
    Rect::new(corner.x, corner.y, free.w / camera.zoom, free.h / camera.zoom)
}

/// Pans just as far as it takes to show all of `rect`, or its top left corner where it is larger than the screen.
pub fn bring_into_view(page: Page, rect: Rect) {
    let camera = page.camera.get_untracked();
    let (free, corner) = (free_screen(page), camera.to_screen(Point::new(rect.x, rect.y)));
    let (w, h) = (rect.w * camera.zoom, rect.h * camera.zoom);
    let dx = (free.right() - corner.x - w).min(0.0).max(free.x - corner.x);
    let dy = (free.bottom() - corner.y - h).min(0.0).max(free.y - corner.y);
    if dx != 0.0 || dy != 0.0 {
        page.set_camera(camera.panned(dx, dy));
    }
}

/// Shows all of `rect`.
pub fn fit(page: Page, rect: Rect, most: f64) {
    page.following.set(None);
    page.set_camera(Camera::fitting(rect, free_screen(page), most));
}

/// Shows everything.
pub fn fit_all(page: Page) {
    let bounds = page.core().borrow().index.bounds();
    if let Some(rect) = bounds {
        fit(page, rect, 1.0);
    }
}

/// Shows what is selected.
pub fn fit_selection(page: Page) {
    let rect = {
        let core = page.core();
        let core = core.borrow();
        Rect::around(core.editor.selection.iter().filter_map(|id| core.index.get(id)))
    };
    match rect {
        Some(rect) => fit(page, rect.grown(40.0), 1.5),
        None => fit_all(page),
    }
}

/// When the document arrives for the first time it is shown whole.
pub fn first_fit(page: Page) {
    let core = page.core();
    if std::mem::replace(&mut core.borrow_mut().fitted, true) {
        return;
    }
    let bounds = core.borrow().index.bounds();
    if let Some(rect) = bounds {
        let camera = Camera::fitting(rect, free_screen(page), 1.0);
        // Wholly unreadable is worse than not whole.
        let camera = if camera.zoom < 0.35 {
            let free = free_screen(page);
            Camera { x: free.x - rect.x * 0.5, y: free.y - rect.y * 0.5, zoom: 0.5 }
        } else {
            camera
        };
        page.set_camera(camera);
    }
    core.borrow_mut().view_due = true;
    page.frame();
}

/// Zooms in steps, at the middle of the screen.
pub fn zoom_by(page: Page, factor: f64) {
    let (w, h) = page.screen.get_untracked();
    let camera = page.camera.get_untracked();
    page.following.set(None);
    page.set_camera(camera.zoomed(Point::new(w / 2.0, h / 2.0), camera.zoom * factor));
}

/// Zooms to a size, at the middle of the screen.
pub fn zoom_to(page: Page, zoom: f64) {
    zoom_by(page, zoom / page.camera.get_untracked().zoom);
}

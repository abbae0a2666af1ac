//! Bars, menus and dialogs around the canvas.

pub mod action_bar;
pub mod ask;
pub mod bars;
pub mod context_menu;
pub mod damage;
pub mod empty;
pub mod format_bar;
pub mod help;
pub mod no_access;
pub mod preview;
pub mod roles;
pub mod share;
pub mod spotlight;
pub mod strays;

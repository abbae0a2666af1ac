//! Parts of any page: icons, menus, dialogs, notices, the theme.

pub mod dialog;
pub mod form;
pub mod icons;
pub mod menu;
pub mod session;
pub mod theme;
pub mod toast;

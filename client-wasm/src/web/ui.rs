//! Parts of any page: icons, menus, dialogs, notices, notifications, times, the theme.

pub mod dialog;
pub mod form;
pub mod icons;
pub mod menu;
pub mod notices;
pub mod session;
pub mod theme;
pub mod toast;
pub mod when;
pub mod workspace_choice;

//! The domain of Gesso.

//! Ids in rows: text columns. Only here does text of the database become an id.

use gesso_protocol::ids::{AssetId, CanvasId, NodeId, RunId, WorkspaceId};

use super::script::Arg;

/// A column that holds an id, before it is one.
#[derive(sqlx::Type)]
#[sqlx(transparent)]
pub(super) struct IdText(String);

/// Rows that begin with an id.
pub(super) fn named<I: From<IdText>, T>(rows: Vec<(IdText, T)>) -> Vec<(I, T)> {
    rows.into_iter().map(|(id, rest)| (id.into(), rest)).collect()
}

/// A column that holds an id or nothing.
#[derive(sqlx::Type)]
#[sqlx(transparent)]
pub(super) struct MaybeIdText(Option<String>);

macro_rules! from_rows {
    ($($id:ident),*) => {
        $(
            impl From<IdText> for $id {
                fn from(IdText(text): IdText) -> Self {
                    Self::new(text)
                }
            }

            impl From<MaybeIdText> for Option<$id> {
                fn from(MaybeIdText(text): MaybeIdText) -> Self {
                    text.map($id::new)
                }
            }

            impl From<&$id> for Arg {
                fn from(id: &$id) -> Self {
                    Self::Text(Some(id.text()))
                }
            }

            impl From<Option<&$id>> for Arg {
                fn from(id: Option<&$id>) -> Self {
                    Self::Text(id.map($id::text))
                }
            }
        )*
    };
}

from_rows!(AssetId, CanvasId, NodeId, RunId, WorkspaceId);

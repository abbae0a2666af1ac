//! An edit, as somebody asks for it.

use crate::schema::Connection;
use crate::values::AssetRef;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// One edit.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// A new node; `fields` are any node keys.
    AddNode {
        /// Id; made up where there is none.
        id: Option<String>,
        /// Kind.
        kind: String,
        /// Other keys of it.
        fields: Fields,
    },
    /// Changes keys of a node.
    Set {
        /// The node.
        node: String,
        /// The keys; null removes one.
        fields: Fields,
    },
    /// Removes a node and its edges.
    RemoveNode {
        /// The node.
        node: String,
    },
    /// Connects an output to an input.
    Connect(Connection),
    /// Removes an edge.
    Disconnect {
        /// The edge.
        key: String,
    },
    /// Changes name or description.
    SetMeta {
        /// The new name.
        name: Option<String>,
        /// The new description.
        description: Option<String>,
    },
}

impl Edit {
    /// True if it chooses what an item shows and passes on.
    #[must_use]
    pub fn chooses(&self) -> bool {
        match self {
            Self::AddNode { fields, .. } | Self::Set { fields, .. } => {
                fields.output.values().any(Option::is_some)
            }
            Self::RemoveNode { .. }
            | Self::Connect(_)
            | Self::Disconnect { .. }
            | Self::SetMeta { .. } => false,
        }
    }
}

/// Keys of a node as a client wrote them, checked for form.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fields {
    /// Plain keys: `pos`, `size`, `z`, `parent`, `title`, `color`, `locked`, `fixed`.
    pub plain: Map<String, Value>,
    /// Settings to merge; null removes one.
    pub settings: Map<String, Value>,
    /// The whole text.
    pub text: Option<String>,
    /// The whole negative prompt.
    pub negative: Option<String>,
    /// All entries of a list.
    pub items: Option<Vec<FieldItem>>,
    /// Asset of an upload or media node; `Some(None)` removes it.
    pub asset: Option<Option<FieldAsset>>,
    /// Choices by item key; `None` takes one back.
    pub output: BTreeMap<String, Option<FieldChoice>>,
    /// Favourites to add (true) or remove.
    pub stars: BTreeMap<String, bool>,
}

/// An asset as a client names it: whole, or by its id alone.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldAsset {
    /// By its id, to be filled in.
    Id(String),
    /// With all its facts.
    Whole(AssetRef),
}

/// Choice of the result that an item shows and passes on, as a client writes it.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldChoice {
    /// Result in the place of the newest; `None`: nothing.
    pub chosen: Option<FieldChosen>,
    /// It counts while this is the item's newest generation.
    pub after: Option<String>,
}

/// The `use` of a [`FieldChoice`].
#[derive(Clone, Debug, PartialEq)]
pub enum FieldChosen {
    /// A generation.
    Generation(String),
    /// A file in the place of one.
    Asset(FieldAsset),
}

/// An entry of a list as a client writes it.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldItem {
    /// Id; made up where there is none.
    pub id: Option<String>,
    /// A text, or an asset.
    pub content: Result<String, FieldAsset>,
}

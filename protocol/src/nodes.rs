//! The node kinds: typed ports and what each kind holds (R-GRAPH-1). One file a kind, listed once, in
//! `node_kinds!`, in the order of menus.

use serde::Serialize;

use crate::values::DataType;

/// The family a kind belongs to, for menus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// Brings content in.
    Bring,
    /// Makes something new.
    Generate,
    /// Changes or combines what arrives.
    Transform,
    /// Organises; generates nothing.
    Organise,
}

/// Type of the content that a port carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortType {
    /// Always this type.
    Fixed(DataType),
    /// The type of the asset the node holds; unknown while it is empty.
    OfAsset,
    /// The type of the list's first item; unknown while it is empty.
    OfItems,
    /// The type of the evaluator's first connection; unknown while it has none.
    OfCandidates,
}

/// Requirement of a run on an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// May stay empty.
    Optional,
    /// An edge with something on it.
    Required,
    /// An edge with something on it, or the node's own text.
    OrOwnText,
    /// At least one of the node's inputs that say so (or its own text, where that stands for one).
    OneOf,
}

/// An input port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortSpec {
    /// Name in edges.
    pub name: &'static str,
    /// Type of the content it takes.
    pub ty: PortType,
    /// Requirement of a run.
    pub need: Need,
    /// True if it takes several connections.
    pub many: bool,
}

/// An output port; it feeds any number of connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputSpec {
    /// Name in edges.
    pub name: &'static str,
    /// Type of the content it gives.
    pub ty: PortType,
}

/// What a run of a kind makes, as far as it is known before: prices behind it depend on that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Makes {
    /// Nobody can tell, or it does not run.
    Unknown,
    /// A file without a length.
    File,
    /// A file as long as its setting `duration` says.
    Lasting,
    /// A file as long as the longest input.
    AsLongAsInputs,
    /// A sound as long as it takes to speak the text.
    Spoken,
}

/// Everything that is known of a kind without a document.
#[derive(Clone, Copy, Debug)]
pub struct NodeSpec {
    /// The kind.
    pub kind: NodeKind,
    /// Name in documents.
    pub id: &'static str,
    /// Name for people, and the title of a node that has none.
    pub title: &'static str,
    /// One sentence of what it does.
    pub description: &'static str,
    /// The family by which the API groups it.
    pub family: Family,
    /// Inputs, top to bottom.
    pub inputs: &'static [PortSpec],
    /// Outputs, top to bottom; the first is the main one. One of a fixed type is named after it, or ends in `_frame`.
    pub outputs: &'static [OutputSpec],
    /// The input that the node's own text stands for. Words reach a model through this input alone, joined with the node's
    /// own text, trimmed; a kind that takes text has it, with [`Self::has_text`].
    pub own_text: Option<&'static str>,
    /// True if it gives what it holds without running.
    pub source: bool,
    /// True if it holds a formatted or prompt text (`text`).
    pub has_text: bool,
    /// Words in that text while it is empty: what to write.
    pub text_hint: &'static str,
    /// True if it holds a negative prompt (`negative`).
    pub has_negative: bool,
    /// True if it holds list items (`items`).
    pub has_items: bool,
    /// True if `count` (number of generations) applies: another try may be another result.
    pub counted: bool,
    /// What a run of it makes.
    pub makes: Makes,
}

impl NodeSpec {
    /// The input named `name`.
    pub fn input(&self, name: &str) -> Option<&'static PortSpec> {
        self.inputs.iter().find(|port| port.name == name)
    }

    /// The output named `name`.
    pub fn output(&self, name: &str) -> Option<&'static OutputSpec> {
        self.outputs.iter().find(|port| port.name == name)
    }

    /// True if content of type `ty` may stand where its results are shown and flow. What is not known may.
    pub fn may_show(&self, ty: Option<DataType>) -> bool {
        let may = |port: &OutputSpec| match (port.ty, ty) {
            (PortType::Fixed(made), Some(ty)) => made == ty,
            _ => true,
        };
        self.outputs.iter().any(may)
    }

    /// True if a run can have a step of it: neither a source nor a mere organiser.
    pub fn runs(&self) -> bool {
        !self.source && !self.outputs.is_empty()
    }
}

macro_rules! node_kinds {
    ($($module:ident => $kind:ident,)*) => {
        $(pub mod $module;)*

        /// A kind of node.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum NodeKind { $(
            #[doc = concat!("`", stringify!($module), "`")]
            $kind,
        )* }

        /// Every kind, in the order of the catalogue.
        pub const SPECS: &[&NodeSpec] = &[$(&$module::SPEC,)*];

        impl NodeKind {
            /// Returns its specification.
            pub fn spec(self) -> &'static NodeSpec {
                match self { $(Self::$kind => &$module::SPEC,)* }
            }
        }
    };
}

node_kinds! {
    text => Text,
    upload => Upload,
    media => Media,
    list => List,
    image_generator => ImageGenerator,
    video_generator => VideoGenerator,
    assistant => Assistant,
    image_upscaler => ImageUpscaler,
    svg_generator => SvgGenerator,
    camera_angles => CameraAngles,
    voiceover => Voiceover,
    sound_effects => SoundEffects,
    music_generator => MusicGenerator,
    video_audio_mix => VideoAudioMix,
    lip_sync => LipSync,
    model3d_generator => Model3dGenerator,
    evaluator => Evaluator,
    sticky_note => StickyNote,
    sticker => Sticker,
    group => Group,
}

/// Returns the specification of the kind named `id`; `None` for a kind of a later version or a made-up one.
pub fn spec(id: &str) -> Option<&'static NodeSpec> {
    SPECS.iter().copied().find(|spec| spec.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_is_sound() {
        for spec in SPECS {
            assert!(crate::ids::is_id(spec.id));
            assert!(std::ptr::eq(spec.kind.spec(), *spec) || spec.kind.spec().id == spec.id);
            assert!(!spec.source || spec.inputs.is_empty(), "{} is no source", spec.id);
            assert_eq!(spec.has_text, !spec.text_hint.is_empty(), "{}", spec.id);
            assert!(spec.runs() || spec.makes == Makes::Unknown, "{}", spec.id);
            for port in spec.inputs.iter().filter(|port| port.ty == PortType::Fixed(DataType::Text))
            {
                let is_read = spec.own_text == Some(port.name);
                assert!(
                    is_read,
                    "{}: the words that come by {} reach no model",
                    spec.id, port.name
                );
            }
            if let Some(port) = spec.own_text {
                let port = spec.input(port).expect("own text stands for an input");
                assert_eq!(port.ty, PortType::Fixed(DataType::Text));
                assert!(spec.has_text && matches!(port.need, Need::OrOwnText | Need::OneOf));
            }
            for output in spec.outputs {
                if let PortType::Fixed(ty) = output.ty {
                    assert!(output.name == ty.id() || output.name.ends_with("_frame"));
                }
            }
        }
        assert!(spec("nonsense").is_none());
    }
}

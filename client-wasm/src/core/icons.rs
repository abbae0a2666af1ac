//! Which icon stands for what.

use gesso_protocol::nodes::{self, NodeKind};

/// The name of the icon of a node kind in the sprite; of a kind that this version does not know, a question mark.
pub fn of_kind(kind: &str) -> &'static str {
    nodes::spec(kind).map_or("help", |spec| name(spec.kind))
}

fn name(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::Text => "text",
        NodeKind::Upload => "upload",
        NodeKind::Media => "media",
        NodeKind::List => "list",
        NodeKind::ImageGenerator => "image",
        NodeKind::VideoGenerator => "video",
        NodeKind::Assistant => "assistant",
        NodeKind::ImageUpscaler => "upscale",
        NodeKind::SvgGenerator => "svg",
        NodeKind::CameraAngles => "camera",
        NodeKind::Voiceover => "voice",
        NodeKind::SoundEffects => "fx",
        NodeKind::MusicGenerator => "music",
        NodeKind::VideoAudioMix => "mix",
        NodeKind::LipSync => "lips",
        NodeKind::Model3dGenerator => "model3d",
        NodeKind::Evaluator => "evaluator",
        NodeKind::StickyNote => "note",
        NodeKind::Sticker => "sticker",
        NodeKind::Group => "group",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_kind_has_an_icon_of_its_own_in_the_sprite() {
        let sprite = include_str!("../web/ui/sprite.svg");
        let mut names = BTreeSet::new();
        for spec in nodes::SPECS {
            let name = of_kind(spec.id);
            assert!(sprite.contains(&format!("id=\"i-{name}\"")), "{}: no i-{name}", spec.id);
            assert!(names.insert(name), "{}: {name} is another kind's", spec.id);
        }
        assert!(sprite.contains("id=\"i-help\""));
        assert_eq!(of_kind("a kind of a later version"), "help");
    }
}

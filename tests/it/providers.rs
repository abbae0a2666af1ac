//! Every provider there is conforms to what the run engine relies on.

use std::collections::BTreeMap;
use std::sync::Arc;

use gesso_media::{Programs, ToolRunner};
use gesso_protocol::catalog::{Catalog, Model};
use gesso_protocol::invocation::Invocation;
use gesso_server::providers::Provider;
use gesso_server::providers::studio::Studio;
use serde_json::{Value, json};
use tests::{Sample, World, conforms};

/// A sample of a model, with a prompt of two words.
fn sample(model: &Model, settings: &Value, count: u32) -> Sample {
    let settings: BTreeMap<String, Value> = serde_json::from_value(settings.clone()).unwrap();
    let invocation = Invocation {
        kind: model.kind.clone(),
        model: model.id.clone(),
        version: model.version.clone(),
        params: model.resolve(&settings).unwrap(),
        own_text: "a lighthouse".to_owned(),
        negative: String::new(),
        inputs: BTreeMap::new(),
    };
    Sample { model: model.clone(), invocation, files: Vec::new(), count }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_studio_conforms() {
    let folder = tempfile::tempdir().unwrap();
    let tools = ToolRunner::new(Programs::find(), folder.path()).unwrap();
    let studio: Arc<dyn Provider> = Arc::new(Studio::new(tools));
    let catalog = Catalog::read(gesso_studio::models::CATALOG).unwrap();
    let cases = [
        ("image_generator", json!({"resolution": "0.5K", "aspect_ratio": "1:1"}), 2),
        ("svg_generator", json!({}), 1),
        ("sound_effects", json!({"duration": 1}), 1),
        ("assistant", json!({}), 1),
    ];
    for (kind, settings, count) in cases {
        let model = catalog
            .models_of(kind)
            .find(|model| model.provider == "studio" && studio.missing(model).is_empty())
            .unwrap();
        conforms(Arc::clone(&studio), &sample(model, &settings, count)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_of_the_other_tests_conforms() {
    let world = World::default();
    let catalog = Catalog::read(&[tests::CATALOG]).unwrap();
    let mut doors = 0;
    for provider in world.providers() {
        let of_door = |model: &&Model| model.provider == provider.id();
        for model in catalog.models().iter().filter(of_door) {
            conforms(Arc::clone(&provider), &sample(model, &json!({}), 1)).await;
            doors += 1;
        }
    }
    assert!(doors >= 3, "{doors}");
}

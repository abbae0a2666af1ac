//! Differences between generations: the settings that made them, side by side.

use gesso_protocol::api::GenerationBody;
use gesso_protocol::pricing::value_key;
use serde_json::Value;

use super::words::sentence;

/// One thing that is not the same in all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Name for people.
    pub name: String,
    /// Value in each; "—" where it has none.
    pub values: Vec<String>,
}

fn shown(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "—".to_owned(),
        Some(value) => value_key(value),
    }
}

/// The differences, the model first, then prompt, seed and settings by name.
pub fn differences(all: &[GenerationBody]) -> Vec<Difference> {
    let text = |text: &str| if text.is_empty() { "—".to_owned() } else { text.to_owned() };
    let model = |g: &GenerationBody| format!("{} {}", g.model, g.version).trim().to_owned();
    let seed =
        |g: &GenerationBody| g.generation.seed.map_or_else(|| "—".to_owned(), |s| s.to_string());
    let mut rows = vec![
        ("Model".to_owned(), all.iter().map(model).collect::<Vec<_>>()),
        ("Prompt".to_owned(), all.iter().map(|g| text(&g.prompt)).collect()),
        ("Negative prompt".to_owned(), all.iter().map(|g| text(&g.negative)).collect()),
        ("Seed".to_owned(), all.iter().map(seed).collect()),
    ];
    let keys: std::collections::BTreeSet<&String> = all
        .iter()
        .filter_map(|g| g.settings.as_object())
        .flat_map(serde_json::Map::keys)
        .filter(|key| !matches!(key.as_str(), "seed" | "model"))
        .collect();
    for key in keys {
        let values = all.iter().map(|g| shown(g.settings.get(key))).collect();
        rows.push((sentence(&key.replace('_', " ")), values));
    }
    rows.push(("Cost".to_owned(), all.iter().map(|g| g.generation.cost.to_string()).collect()));
    rows.into_iter()
        .filter(|(_, values)| values.windows(2).any(|pair| pair[0] != pair[1]))
        .map(|(name, values)| Difference { name, values })
        .collect()
}

/// The node's own text when a generation was made: the prompt without the texts that came in first.
pub fn own_text(made: &GenerationBody) -> String {
    let arrived = made.inputs.get("prompt").and_then(Value::as_array);
    let mut own = made.prompt.as_str();
    for text in arrived.into_iter().flatten() {
        let text = text.get("text").and_then(Value::as_str).or_else(|| text.as_str());
        let text = text.unwrap_or_default().trim();
        if let Some(rest) = own.trim_start().strip_prefix(text).filter(|_| !text.is_empty()) {
            own = rest;
        }
    }
    own.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use gesso_protocol::schema::Generation;
    use serde_json::json;

    use super::*;

    fn made(prompt: &str, seed: u64, settings: Value, inputs: Value) -> GenerationBody {
        GenerationBody {
            generation: Generation { seed: Some(seed), ..Generation::default() },
            model: "studio/painter".to_owned(),
            version: "1".to_owned(),
            settings,
            prompt: prompt.to_owned(),
            negative: String::new(),
            inputs,
        }
    }

    #[test]
    fn only_what_differs_is_told() {
        let a = made("a fox", 1, json!({"aspect_ratio": "16:9", "count": 1}), json!({}));
        let b = made("a fox", 2, json!({"aspect_ratio": "1:1", "count": 1}), json!({}));
        let told = differences(&[a.clone(), b]);
        let names: Vec<&str> = told.iter().map(|d| d.name.as_str()).collect();
        assert_eq!(names, ["Seed", "Aspect ratio"]);
        assert_eq!(told[1].values, ["16:9", "1:1"]);
        assert!(differences(&[a.clone(), a]).is_empty());
    }

    #[test]
    fn what_came_in_first_is_not_the_nodes_own_text() {
        let inputs = json!({"prompt": [{"text": "a fox"}, {"text": "in the snow"}]});
        let both = made("a fox\n\nin the snow\n\nat dusk", 1, json!({}), inputs);
        assert_eq!(own_text(&both), "at dusk");
        assert_eq!(own_text(&made("at dusk", 1, json!({}), json!({}))), "at dusk");
    }
}

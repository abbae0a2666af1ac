//! The model catalogue: models are data, in TOML, checked when it is loaded (R-GRAPH-45, R-GRAPH-46).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::nodes::{self, NodeSpec};
use crate::pricing::{Milli, Price};

/// The order in which settings are shown; what is not named here comes after, by name.
const SHOWN_FIRST: [&str; 12] = [
    "mode",
    "aspect_ratio",
    "resolution",
    "duration",
    "scale",
    "engine",
    "voice",
    "language",
    "speed",
    "angles",
    "instructions",
    "seed",
];

/// The JSON type of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum ParamType {
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// Yes or no.
    Boolean,
}

/// A parameter of a model: a subset of JSON Schema.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Param {
    /// Type of its values.
    #[serde(rename = "type")]
    pub ty: ParamType,
    /// The label.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// One sentence of help.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The only values allowed, if not empty.
    #[serde(rename = "enum", default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Value>,
    /// Smallest number allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum: Option<f64>,
    /// Largest number allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum: Option<f64>,
    /// The step of its slider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<f64>,
    /// The value of a node that does not set it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// Unit of its numbers, as it stands behind them ("s"); empty where that goes without saying.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// Words shown instead of a 0 that stands for something else ("Auto").
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub zero: String,
}

impl Param {
    /// `value` as this parameter takes it, or a sentence that says why it does not.
    ///
    /// # Errors
    /// A sentence without the parameter's name, such as `must be one of 2, 4`.
    pub fn accept(&self, value: &Value) -> Result<Value, String> {
        let value = crate::values::canonical(value);
        let (fits, wanted) = match self.ty {
            ParamType::String => (value.is_string(), "a text"),
            ParamType::Integer => (value.is_i64(), "a whole number"),
            ParamType::Number => (value.is_number(), "a number"),
            ParamType::Boolean => (value.is_boolean(), "true or false"),
        };
        if !fits {
            return Err(format!("must be {wanted}"));
        }
        if !self.values.is_empty()
            && !self.values.iter().any(|v| crate::values::canonical(v) == value)
        {
            let allowed: Vec<String> = self.values.iter().map(crate::pricing::value_key).collect();
            return Err(format!("must be one of {}", allowed.join(", ")));
        }
        if let Some(number) = value.as_f64() {
            if let Some(minimum) = self.minimum.filter(|m| number < *m) {
                return Err(format!("must be at least {minimum}"));
            }
            if let Some(maximum) = self.maximum.filter(|m| number > *m) {
                return Err(format!("must be at most {maximum}"));
            }
        }
        Ok(value)
    }
}

/// A model of the catalogue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Name in documents; unique.
    pub id: String,
    /// Changes when the same settings would give another result; part of every fingerprint.
    pub version: String,
    /// Who computes it.
    pub provider: String,
    /// The node kind it serves.
    pub kind: String,
    /// Name for people.
    pub name: String,
    /// Who made it.
    #[serde(default)]
    pub company: String,
    /// Description of its work, honest about the method.
    #[serde(default)]
    pub description: String,
    /// Words to find it by.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Parameters by name.
    #[serde(default)]
    pub params: BTreeMap<String, Param>,
    /// The most reference pictures it takes.
    #[serde(default)]
    pub max_references: u32,
    /// Credentials or programs it cannot run without.
    #[serde(default)]
    pub needs: Vec<String>,
    /// The longest that one character of a text is spoken at the setting `speed` 1, in seconds: what a quote counts with
    /// where the sound has yet to be made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds_per_character: Option<Milli>,
    /// Price.
    pub price: Price,
}

impl Model {
    /// Parameters in the order in which they are shown.
    pub fn params_in_order(&self) -> Vec<(&str, &Param)> {
        let rank = |name: &str| {
            SHOWN_FIRST.iter().position(|known| *known == name).unwrap_or(SHOWN_FIRST.len())
        };
        let mut params: Vec<_> = self.params.iter().map(|(k, p)| (k.as_str(), p)).collect();
        params.sort_by_key(|(name, _)| rank(name));
        params
    }

    /// The node's settings as this model takes them: defaults filled in, unknown keys left out.
    ///
    /// # Errors
    /// One sentence for each setting that does not fit.
    pub fn resolve(
        &self,
        settings: &BTreeMap<String, Value>,
    ) -> Result<BTreeMap<String, Value>, Vec<String>> {
        let mut resolved = BTreeMap::new();
        let mut wrong = Vec::new();
        for (name, param) in &self.params {
            let given = settings.get(name).filter(|value| !value.is_null());
            match given.or(param.default.as_ref()).map(|value| param.accept(value)) {
                Some(Ok(value)) => {
                    resolved.insert(name.clone(), value);
                }
                Some(Err(why)) => {
                    let title = if param.title.is_empty() { name } else { &param.title };
                    wrong.push(format!("{title} {why}."));
                }
                None => {}
            }
        }
        if wrong.is_empty() { Ok(resolved) } else { Err(wrong) }
    }
}

/// Why a catalogue cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// The file is no TOML of the expected shape.
    #[error("the catalogue cannot be read: {0}")]
    Syntax(String),
    /// A model contradicts itself or the node kinds.
    #[error("model `{model}`: {why}")]
    Model {
        /// The model's id.
        model: String,
        /// The contradiction.
        why: String,
    },
}

/// A price plan that a workspace can be on: it multiplies every price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PricePlan {
    /// Name in `--price-plan`.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Factor of every price.
    pub multiplier: Milli,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    models: Vec<Model>,
    #[serde(default)]
    plans: Vec<PricePlan>,
}

/// All models, in the order in which they were declared, and the price plan of the workspace.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalog {
    models: Vec<Model>,
    plans: Vec<PricePlan>,
    plan: Option<PricePlan>,
}

impl Catalog {
    /// Of these TOML texts.
    ///
    /// # Errors
    /// As [`Self::add_toml`].
    pub fn read(texts: &[&str]) -> Result<Self, CatalogError> {
        let mut catalog = Self::default();
        for text in texts {
            catalog.add_toml(text)?;
        }
        Ok(catalog)
    }

    /// True if there is no model in it, as before a server has told of its models.
    pub fn is_empty(&self) -> bool {
        self.models.is_empty()
    }

    /// Adds the models of a TOML text.
    ///
    /// # Errors
    /// Nothing is added when the text is no catalogue or a model in it is unsound.
    pub fn add_toml(&mut self, text: &str) -> Result<(), CatalogError> {
        let file: File =
            toml::from_str(text).map_err(|error| CatalogError::Syntax(error.to_string()))?;
        let mut models = self.models.clone();
        for model in file.models {
            check(&model, &models)?;
            models.push(model);
        }
        self.models = models;
        for plan in file.plans {
            self.plans.retain(|other| other.id != plan.id);
            self.plans.push(plan);
        }
        Ok(())
    }

    /// From models that were checked before, such as those a server sent, and the price plan it named.
    pub fn from_models(models: Vec<Model>, plan: Option<PricePlan>) -> Self {
        Self { models, plans: Vec::new(), plan }
    }

    /// Puts the workspace on a price plan of the catalogue.
    ///
    /// # Errors
    /// A sentence with the plans there are, where there is none of that id.
    pub fn choose_plan(&mut self, id: &str) -> Result<(), String> {
        let known = self.plans.iter().find(|plan| plan.id == id).cloned();
        let Some(plan) = known else {
            let ids: Vec<&str> = self.plans.iter().map(|plan| plan.id.as_str()).collect();
            return Err(match ids.as_slice() {
                [] => {
                    format!("There is no price plan “{id}”: the catalogue has none. Add [[plans]].")
                }
                ids => format!("There is no price plan “{id}”. There are: {}.", ids.join(", ")),
            });
        };
        self.plan = Some(plan);
        Ok(())
    }

    /// The price plan of the workspace, if it is on one.
    pub fn plan(&self) -> Option<&PricePlan> {
        self.plan.as_ref()
    }

    /// Returns the factor of every price: that of the price plan, else 1.
    pub fn factor(&self) -> Milli {
        self.plan.as_ref().map_or(Milli::ONE, |plan| plan.multiplier)
    }

    /// All models.
    pub fn models(&self) -> &[Model] {
        &self.models
    }

    /// The model named `id`.
    pub fn model(&self, id: &str) -> Option<&Model> {
        self.models.iter().find(|model| model.id == id)
    }

    /// The models of a kind.
    pub fn models_of<'a>(&'a self, kind: &str) -> impl Iterator<Item = &'a Model> + use<'a> {
        let kind = kind.to_owned();
        self.models.iter().filter(move |model| model.kind == kind)
    }
}

fn check(model: &Model, earlier: &[Model]) -> Result<(), CatalogError> {
    let fail = |why: String| Err(CatalogError::Model { model: model.id.clone(), why });
    if !crate::ids::is_id(&model.id) {
        return fail("its id must be 1 to 64 of a-z, 0-9, _ and -".to_owned());
    }
    if earlier.iter().any(|other| other.id == model.id) {
        return fail("there are two of that id".to_owned());
    }
    let Some(spec) = nodes::spec(&model.kind).filter(|spec: &&NodeSpec| spec.runs()) else {
        return fail(format!("`{}` is no node kind that runs", model.kind));
    };
    if model.price.base.0 < 0 {
        return fail(format!("a {} cannot cost less than nothing", spec.title));
    }
    for (name, param) in &model.params {
        for value in param.default.iter().chain(&param.values) {
            if let Err(why) = param.accept(value) {
                return fail(format!("parameter `{name}`: {value} {why}"));
            }
        }
    }
    for param in model.price.multipliers.keys() {
        if !model.params.contains_key(param) {
            return fail(format!("its price names `{param}`, which is no parameter"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_catalogue_goes_through_json() {
        let catalog = crate::fixture::catalog();
        assert_eq!(catalog.models_of("image_generator").count(), 1);
        let json = serde_json::to_value(catalog.models()).unwrap();
        let models = serde_json::from_value(json).unwrap();
        assert_eq!(Catalog::from_models(models, None), catalog);
    }

    #[test]
    fn settings_are_checked_and_filled_in() {
        let catalog = crate::fixture::catalog();
        let model = catalog.model("studio-upscaler").unwrap();
        let settings = |value: Value| -> BTreeMap<String, Value> {
            value.as_object().unwrap().clone().into_iter().collect()
        };
        let resolved = model.resolve(&settings(json!({"scale": 4.0, "other": 1}))).unwrap();
        let filled = json!({
            "mode": "precision", "scale": 4, "engine": "lanczos", "creativity": 0.5, "sharpen": 0.35,
            "denoise": 0,
        });
        assert_eq!(json!(resolved), filled);
        let wrong = model.resolve(&settings(json!({"scale": 3, "sharpen": 2}))).unwrap_err();
        assert_eq!(wrong, ["Scale must be one of 2, 4, 8.", "Sharpen must be at most 1."]);
    }

    #[test]
    fn unsound_models_are_refused() {
        let model = |change: &str| {
            format!(
                "[[models]]\nid = \"m\"\nversion = \"1\"\nprovider = \"p\"\nname = \"M\"\n{change}\n\
                 [models.price]\nunit = \"generation\"\nbase = 1\n"
            )
        };
        for (toml, says) in [
            (model("kind = \"text\""), "no node kind that runs"),
            (model("kind = \"upscale\""), "no node kind that runs"),
            (model("kind = \"voiceover\"\ncolour = 1"), "cannot be read"),
            (
                model(
                    "kind = \"voiceover\"\nparams.speed = { type = \"number\", default = \"x\" }",
                ),
                "must be a number",
            ),
        ] {
            let error = Catalog::default().add_toml(&toml).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}

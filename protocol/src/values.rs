//! Values that travel through ports and live in the document: data types, assets, plain JSON.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use yrs::{Any, Number};

/// The type of what a port carries; types must match exactly (R-GRAPH-9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum DataType {
    /// A raster picture.
    Image,
    /// Plain text.
    Text,
    /// A video.
    Video,
    /// A sound.
    Audio,
    /// A vector graphic.
    Svg,
    /// A 3D model.
    Model3d,
}

impl DataType {
    /// All of them, in the order of the catalogue.
    pub const ALL: [Self; 6] =
        [Self::Image, Self::Text, Self::Video, Self::Audio, Self::Svg, Self::Model3d];

    /// The name in documents, ports and URLs.
    pub fn id(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Text => "text",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Svg => "svg",
            Self::Model3d => "model3d",
        }
    }

    /// The name in sentences.
    pub fn label(self) -> &'static str {
        match self {
            Self::Image => "Image",
            Self::Text => "Text",
            Self::Video => "Video",
            Self::Audio => "Audio",
            Self::Svg => "SVG",
            Self::Model3d => "3D model",
        }
    }

    /// With its article, for sentences such as "Video does not fit an image input".
    pub fn article_label(self) -> &'static str {
        match self {
            Self::Image => "an image",
            Self::Text => "a text",
            Self::Video => "a video",
            Self::Audio => "an audio",
            Self::Svg => "an SVG",
            Self::Model3d => "a 3D model",
        }
    }

    /// The type named `id`, if there is one.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ty| ty.id() == id)
    }
}

/// A reference to stored bytes as it stands in the document, copied from the asset's `/meta`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AssetRef {
    /// BLAKE3 of the content, in hex.
    pub id: String,
    /// The data type; `None` where a foreign writer left it out or made one up.
    #[serde(rename = "type", default, deserialize_with = "lenient_type")]
    pub ty: Option<DataType>,
    /// The media type of the bytes.
    #[serde(default)]
    pub mime: String,
    /// Width in pixels, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Height in pixels, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// Duration in seconds, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<f64>,
    /// The name people gave it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
}

fn lenient_type<'de, D: serde::Deserializer<'de>>(de: D) -> Result<Option<DataType>, D::Error> {
    let value = Value::deserialize(de)?;
    Ok(value.as_str().and_then(DataType::from_id))
}

impl AssetRef {
    /// Reads one from a JSON value; `None` when it has no usable id.
    pub fn from_value(value: &Value) -> Option<Self> {
        let object = value.as_object()?;
        let id = object.get("id")?.as_str()?;
        if !crate::ids::is_id(id) {
            return None;
        }
        let text = |key: &str| {
            object.get(key).and_then(Value::as_str).map(str::to_owned).unwrap_or_default()
        };
        let px =
            |key: &str| object.get(key).and_then(Value::as_f64).filter(|v| *v >= 0.0 && *v < 1e9);
        Some(Self {
            id: id.to_owned(),
            ty: object.get("type").and_then(Value::as_str).and_then(DataType::from_id),
            mime: text("mime"),
            width: px("width").map(|v| v as u32),
            height: px("height").map(|v| v as u32),
            duration: px("duration"),
            name: text("name"),
        })
    }

    /// As a JSON value for the document.
    pub fn to_value(&self) -> Value {
        serde_json::to_value(self).unwrap_or(Value::Null)
    }
}

/// The usual ending of the name of a file of a media type, without the dot.
#[must_use]
pub fn file_ending(mime: &str) -> &'static str {
    match mime {
        "image/png" => "png",
        "image/jpeg" => "jpg",
        "image/webp" => "webp",
        "image/gif" => "gif",
        "image/bmp" => "bmp",
        "image/avif" => "avif",
        "image/svg+xml" => "svg",
        "video/mp4" => "mp4",
        "video/quicktime" => "mov",
        "video/webm" => "webm",
        "video/x-matroska" => "mkv",
        "audio/mpeg" => "mp3",
        "audio/wav" => "wav",
        "audio/ogg" => "ogg",
        "audio/flac" => "flac",
        "audio/aac" => "aac",
        "audio/mp4" => "m4a",
        "audio/webm" => "weba",
        "model/gltf-binary" => "glb",
        "text/plain" => "txt",
        _ => "bin",
    }
}

/// A yrs value as plain JSON. Whole floats become integers, so that `2` and `2.0` are one value;
/// what JSON cannot hold (undefined, NaN, bytes) becomes null.
pub fn any_to_json(any: &Any) -> Value {
    match any {
        Any::Null | Any::Undefined | Any::Buffer(_) => Value::Null,
        Any::Bool(b) => Value::Bool(*b),
        Any::Number(Number::Int(i)) => Value::from(*i),
        Any::Number(n) => n.as_f64().map_or(Value::Null, float_to_json),
        Any::String(s) => Value::String(s.to_string()),
        Any::Array(items) => Value::Array(items.iter().map(any_to_json).collect()),
        Any::Map(map) => {
            Value::Object(map.iter().map(|(k, v)| (k.clone(), any_to_json(v))).collect())
        }
    }
}

/// The largest whole number that a double holds exactly.
const SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;

fn float_to_json(float: f64) -> Value {
    if float.fract() == 0.0 && float.abs() <= SAFE_INTEGER {
        Value::from(float as i64)
    } else {
        serde_json::Number::from_f64(float).map_or(Value::Null, Value::Number)
    }
}

/// Plain JSON as a yrs value.
pub fn json_to_any(value: &Value) -> Any {
    match value {
        Value::Null => Any::Null,
        Value::Bool(b) => Any::Bool(*b),
        Value::Number(n) => match n.as_i64().filter(|i| (*i as f64).abs() <= SAFE_INTEGER) {
            Some(i) => Any::Number(Number::Int(i)),
            None => Any::from(n.as_f64().unwrap_or_default()),
        },
        Value::String(s) => Any::String(Arc::from(s.as_str())),
        Value::Array(items) => Any::Array(items.iter().map(json_to_any).collect()),
        Value::Object(map) => {
            Any::Map(Arc::new(map.iter().map(|(k, v)| (k.clone(), json_to_any(v))).collect()))
        }
    }
}

/// Returns the depth of arrays and objects in a value: 0 for a string, 1 for `[]`, 2 for `[[]]`.
pub fn depth(value: &Value) -> usize {
    let mut deepest = 0;
    let mut open = vec![(value, 0)];
    while let Some((value, above)) = open.pop() {
        match value {
            Value::Array(items) => {
                deepest = deepest.max(above + 1);
                open.extend(items.iter().map(|inner| (inner, above + 1)));
            }
            Value::Object(map) => {
                deepest = deepest.max(above + 1);
                open.extend(map.values().map(|inner| (inner, above + 1)));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    deepest
}

/// JSON with whole floats folded to integers and line ends to line feeds, for comparing and hashing.
pub fn canonical(value: &Value) -> Value {
    match value {
        Value::Number(n) => {
            n.as_f64().filter(|_| !n.is_i64()).map_or_else(|| value.clone(), float_to_json)
        }
        Value::Array(items) => Value::Array(items.iter().map(canonical).collect()),
        Value::Object(map) => {
            Value::Object(map.iter().map(|(k, v)| (k.clone(), canonical(v))).collect())
        }
        Value::String(text) => Value::String(crate::schema::lines(text).into_owned()),
        Value::Null | Value::Bool(_) => value.clone(),
    }
}

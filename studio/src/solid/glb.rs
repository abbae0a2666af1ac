//! Writes meshes as a GLB (glTF 2.0, Khronos).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::mesh::{Mesh, bounds};
use gesso_media::WorkError;

/// Material of a surface.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Material {
    /// Linear red, green, blue, and opacity.
    pub(super) color: [f32; 4],
    /// 0 (no metal) or 1.
    pub(super) metal: f32,
    /// 0 (a mirror) to 1.
    pub(super) rough: f32,
    /// Linear light it sends out.
    pub(super) glow: [f32; 3],
    /// Which of the images lies on it.
    pub(super) image: Option<usize>,
}

impl Material {
    pub(super) fn plain(color: [f32; 3]) -> Self {
        let [r, g, b] = color;
        Self { color: [r, g, b, 1.0], metal: 0.0, rough: 0.55, glow: [0.0; 3], image: None }
    }
}

/// A mesh of one material.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub(super) name: String,
    pub(super) mesh: Mesh,
    pub(super) material: Material,
}

const ARRAY: u32 = 34_962;
const INDICES: u32 = 34_963;

#[derive(Default)]
struct Writer {
    bin: Vec<u8>,
    views: Vec<Value>,
    accessors: Vec<Value>,
}

impl Writer {
    /// Adds bytes, aligned for every kind of number, and answers the index of their view.
    fn view(&mut self, bytes: &[u8], target: Option<u32>) -> usize {
        let mut view =
            json!({ "buffer": 0, "byteOffset": self.bin.len(), "byteLength": bytes.len() });
        if let Some(target) = target {
            view["target"] = json!(target);
        }
        self.bin.extend_from_slice(bytes);
        self.bin.resize(self.bin.len().next_multiple_of(4), 0);
        self.views.push(view);
        self.views.len() - 1
    }

    fn floats<const N: usize>(&mut self, items: &[[f32; N]], shape: &str) -> usize {
        let bytes: Vec<u8> = items.iter().flatten().flat_map(|v| v.to_le_bytes()).collect();
        let view = self.view(&bytes, Some(ARRAY));
        self.accessors.push(json!({
            "bufferView": view, "componentType": 5126, "count": items.len(), "type": shape,
        }));
        self.accessors.len() - 1
    }

    fn primitive(&mut self, mesh: &Mesh, material: usize) -> Value {
        let position = self.floats(&mesh.points, "VEC3");
        if let Some((low, high)) = bounds(&mesh.points) {
            self.accessors[position]["min"] = json!(low);
            self.accessors[position]["max"] = json!(high);
        }
        let normal = self.floats(&mesh.normals, "VEC3");
        let uv = self.floats(&mesh.uvs, "VEC2");
        let indices = mesh.triangles.iter().flatten();
        let short = mesh.points.len() < 65_535;
        let bytes: Vec<u8> = if short {
            indices.flat_map(|i| (*i as u16).to_le_bytes()).collect()
        } else {
            indices.flat_map(|i| i.to_le_bytes()).collect()
        };
        let view = self.view(&bytes, Some(INDICES));
        self.accessors.push(json!({
            "bufferView": view, "componentType": if short { 5123 } else { 5125 },
            "count": mesh.triangles.len() * 3, "type": "SCALAR",
        }));
        json!({
            "attributes": { "POSITION": position, "NORMAL": normal, "TEXCOORD_0": uv },
            "indices": self.accessors.len() - 1, "material": material, "mode": 4,
        })
    }
}

fn material(material: &Material) -> Value {
    let mut pbr = json!({
        "baseColorFactor": material.color,
        "metallicFactor": material.metal,
        "roughnessFactor": material.rough,
    });
    if let Some(image) = material.image {
        pbr["baseColorTexture"] = json!({ "index": image });
    }
    let mut out = json!({ "pbrMetallicRoughness": pbr });
    if material.color[3] < 1.0 {
        out["alphaMode"] = json!("BLEND");
        out["doubleSided"] = json!(true);
    }
    if material.glow.iter().any(|v| *v > 0.0) {
        out["emissiveFactor"] = json!(material.glow.map(|v| v.clamp(0.0, 1.0)));
    }
    out
}

/// The bytes of a GLB: a node for each name, with a primitive for each material; `images` are PNG or JPEG with their
/// media type.
///
/// # Errors
/// When it would be larger than the format allows.
pub(super) fn write(
    pieces: &[Piece],
    images: &[(&'static str, Vec<u8>)],
) -> Result<Vec<u8>, WorkError> {
    let mut writer = Writer::default();
    let (mut materials, mut meshes, mut nodes) = (Vec::<&Material>::new(), Vec::new(), Vec::new());
    let names: BTreeSet<&str> = pieces.iter().map(|p| p.name.as_str()).collect();
    for name in names {
        let mut joined: Vec<(usize, Mesh)> = Vec::new();
        for piece in pieces.iter().filter(|p| p.name == name && !p.mesh.triangles.is_empty()) {
            let found = materials.iter().position(|m| **m == piece.material);
            let index = found.unwrap_or_else(|| {
                materials.push(&piece.material);
                materials.len() - 1
            });
            match joined.iter_mut().find(|(material, _)| *material == index) {
                Some((_, mesh)) => mesh.append(&piece.mesh),
                None => joined.push((index, piece.mesh.clone())),
            }
        }
        let primitives: Vec<Value> =
            joined.iter().map(|(material, mesh)| writer.primitive(mesh, *material)).collect();
        if !primitives.is_empty() {
            meshes.push(json!({ "name": name, "primitives": primitives }));
            nodes.push(json!({ "name": name, "mesh": meshes.len() - 1 }));
        }
    }
    let mut files = Vec::new();
    for (mime, bytes) in images {
        let view = writer.view(bytes, None);
        files.push(json!({ "bufferView": view, "mimeType": mime }));
    }
    let Writer { bin, views, accessors } = writer;
    let mut root = json!({
        "asset": { "version": "2.0", "generator": "Gesso Studio" },
        "scene": 0,
        "scenes": [{ "nodes": (0..nodes.len()).collect::<Vec<_>>() }],
        "nodes": nodes,
        "meshes": meshes,
        "materials": materials.into_iter().map(material).collect::<Vec<_>>(),
        "accessors": accessors,
        "bufferViews": views,
        "buffers": [{ "byteLength": bin.len() }],
    });
    if !files.is_empty() {
        let textures: Vec<Value> =
            (0..files.len()).map(|i| json!({ "source": i, "sampler": 0 })).collect();
        root["images"] = json!(files);
        root["textures"] = json!(textures);
        root["samplers"] =
            json!([{ "magFilter": 9729, "minFilter": 9987, "wrapS": 33071, "wrapT": 33071 }]);
    }
    container(&root, &bin)
}

/// A description and its binary part as one file (glTF 2.0, §4.4).
pub(super) fn container(root: &Value, bin: &[u8]) -> Result<Vec<u8>, WorkError> {
    let mut text = serde_json::to_vec(root).map_err(|e| WorkError::Internal(e.to_string()))?;
    text.resize(text.len().next_multiple_of(4), b' ');
    let length = 12 + 8 + text.len() + 8 + bin.len();
    let word = |n: usize| {
        let word = u32::try_from(n).map(u32::to_le_bytes);
        word.map_err(|_too_large| {
            WorkError::Refused("This model is too large for a GLB.".to_owned())
        })
    };
    let mut out = Vec::with_capacity(length);
    out.extend_from_slice(b"glTF");
    out.extend_from_slice(&2_u32.to_le_bytes());
    out.extend_from_slice(&word(length)?);
    out.extend_from_slice(&word(text.len())?);
    out.extend_from_slice(b"JSON");
    out.extend_from_slice(&text);
    out.extend_from_slice(&word(bin.len())?);
    out.extend_from_slice(b"BIN\0");
    out.extend_from_slice(bin);
    Ok(out)
}

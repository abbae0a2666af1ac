//! Reads a GLB of unknown origin. The typed JSON is the `gltf` crate's; its readers of binary data are not used, because
//! they trust offsets and counts. Here each is checked, and what a mesh may cost is bounded.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gltf::json;
use json::Index;
use json::accessor::{ComponentType, GenericComponentType, Type};
use json::material::AlphaMode;
use json::mesh::{Mode, Semantic};
use json::validation::Checked;

use super::mesh::{Mesh, Pose, V3, finite, unit};
use gesso_media::{self, DecodeLimits};
use gesso_media::{RgbaImage, WorkError};

/// Largest GLB that is drawn, in bytes.
const BYTES_MAX: usize = 256 * 1024 * 1024;
/// Longest JSON part, in bytes.
const JSON_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Most triangles and points, each placement counted.
const ITEMS_MAX: usize = 3_000_000;
/// Most nodes.
const NODES_MAX: usize = 100_000;
/// Most textures, and most of their pixels together.
const TEXTURES_MAX: usize = 64;
const TEXTURE_PIXELS_MAX: u64 = 48_000_000;
/// A texture is kept no larger than this for a small picture.
const TEXTURE_KEPT_PX: u32 = 1024;

/// Material of a surface.
#[derive(Clone, Debug)]
pub(super) struct Look {
    /// Linear red, green, blue, and opacity.
    pub(super) color: [f32; 4],
    pub(super) metal: f32,
    pub(super) rough: f32,
    /// Linear light it sends out.
    pub(super) glow: V3,
    /// Index into [`Read::textures`].
    pub(super) texture: Option<usize>,
    /// Opacity below which a pixel is not there.
    pub(super) cutoff: f32,
    pub(super) clear: bool,
}

impl Default for Look {
    fn default() -> Self {
        Self {
            color: [1.0; 4],
            metal: 1.0,
            rough: 1.0,
            glow: [0.0; 3],
            texture: None,
            cutoff: 0.0,
            clear: false,
        }
    }
}

/// A placed mesh.
pub(super) struct Part {
    pub(super) mesh: Mesh,
    /// Linear colours of the points, or none.
    pub(super) colors: Vec<[f32; 4]>,
    /// Index into [`Read::looks`].
    pub(super) look: usize,
}

/// A whole scene.
pub(super) struct Read {
    pub(super) parts: Vec<Part>,
    /// One each material, then that of surfaces without any.
    pub(super) looks: Vec<Look>,
    pub(super) textures: Vec<Option<RgbaImage>>,
}

pub(super) fn damaged(why: &str) -> WorkError {
    WorkError::Refused(format!(
        "This 3D model cannot be shown: {why}. Export it again as a GLB (glTF 2.0)."
    ))
}

fn large() -> WorkError {
    WorkError::Refused(
        "This 3D model is too large to be shown (the limit is 256 MB and 3 million triangles). \
         Simplify it and export it again."
            .to_owned(),
    )
}

/// The two chunks of a GLB.
pub(super) fn chunks(glb: &[u8]) -> Result<(&[u8], &[u8]), WorkError> {
    if glb.len() > BYTES_MAX {
        return Err(large());
    }
    let word = |at: usize| {
        let bytes = glb.get(at..at + 4)?;
        Some(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize)
    };
    if !glb.starts_with(b"glTF") {
        return Err(damaged("it is no GLB file"));
    }
    if word(4) != Some(2) {
        return Err(damaged("it is not glTF version 2"));
    }
    let (mut json, mut bin) = (None, &glb[..0]);
    let mut at = 12_usize;
    while let (Some(length), Some(kind)) = (word(at), word(at + 4)) {
        let end = at.saturating_add(8).saturating_add(length);
        let body = glb.get(at + 8..end).ok_or_else(|| damaged("its end is missing"))?;
        match kind {
            0x4e4f_534a if json.is_none() => json = Some(body),
            0x004e_4942 if bin.is_empty() => bin = body,
            _ => {}
        }
        at = end;
    }
    let json = json.ok_or_else(|| damaged("its description is missing"))?;
    if json.len() > JSON_BYTES_MAX { Err(large()) } else { Ok((json, bin)) }
}

struct Source<'a> {
    root: json::Root,
    /// The bytes of each buffer; none of those that lie elsewhere.
    buffers: Vec<Cow<'a, [u8]>>,
}

/// The bytes of a `data:` link in base64 (RFC 2397); `None` for any other link: nothing is fetched for an upload.
fn inlined(link: &str) -> Option<Vec<u8>> {
    let (head, data) = link.strip_prefix("data:")?.split_once(',')?;
    head.ends_with(";base64").then(|| STANDARD.decode(data).ok())?
}

/// The first buffer without a link is the file's own binary part (glTF 2.0, §4.4.3.3).
fn buffers<'a>(root: &json::Root, bin: &'a [u8]) -> Vec<Cow<'a, [u8]>> {
    let bytes = |(index, buffer): (usize, &json::Buffer)| match &buffer.uri {
        Some(link) => Cow::Owned(inlined(link).unwrap_or_default()),
        None if index == 0 => Cow::Borrowed(bin),
        None => Cow::default(),
    };
    root.buffers.iter().enumerate().map(bytes).collect()
}

/// The numbers of an accessor, as they are stored.
struct Numbers<'a> {
    bytes: &'a [u8],
    count: usize,
    stride: usize,
    kind: ComponentType,
    components: usize,
    normalized: bool,
}

impl Numbers<'_> {
    fn number(&self, item: usize, component: usize) -> Option<f64> {
        let size = size_of_component(self.kind);
        let at = item * self.stride + component * size;
        let b = self.bytes.get(at..at + size)?;
        let scaled = |value: f64, most: f64| {
            if self.normalized { (value / most).max(-1.0) } else { value }
        };
        Some(match self.kind {
            ComponentType::I8 => scaled(f64::from(b[0] as i8), 127.0),
            ComponentType::U8 => scaled(f64::from(b[0]), 255.0),
            ComponentType::I16 => scaled(f64::from(i16::from_le_bytes([b[0], b[1]])), 32_767.0),
            ComponentType::U16 => scaled(f64::from(u16::from_le_bytes([b[0], b[1]])), 65_535.0),
            ComponentType::U32 => f64::from(u32::from_le_bytes([b[0], b[1], b[2], b[3]])),
            ComponentType::F32 => f64::from(f32::from_le_bytes([b[0], b[1], b[2], b[3]])),
        })
    }

    /// Each item as `N` numbers, the missing ones as `rest`.
    fn items<const N: usize>(&self, rest: f32) -> Vec<[f32; N]> {
        let item = |i: usize| {
            let mut out = [rest; N];
            for (c, value) in out.iter_mut().enumerate().take(self.components) {
                *value = self.number(i, c).map_or(rest, |v| v as f32);
            }
            out
        };
        (0..self.count).map(item).collect()
    }
}

fn size_of_component(kind: ComponentType) -> usize {
    match kind {
        ComponentType::I8 | ComponentType::U8 => 1,
        ComponentType::I16 | ComponentType::U16 => 2,
        ComponentType::U32 | ComponentType::F32 => 4,
    }
}

impl Source<'_> {
    fn view(&self, index: Index<json::buffer::View>) -> Option<(&[u8], Option<usize>)> {
        let view = self.root.buffer_views.get(index.value())?;
        let buffer = self.buffers.get(view.buffer.value())?;
        let start = usize::try_from(view.byte_offset.map_or(0, |o| o.0)).ok()?;
        let end = start.checked_add(usize::try_from(view.byte_length.0).ok()?)?;
        Some((buffer.get(start..end)?, view.byte_stride.map(|s| s.0)))
    }

    fn numbers(&self, index: Index<json::Accessor>) -> Result<Numbers<'_>, WorkError> {
        let broken = || damaged("its geometry points outside the file");
        let accessor = self.root.accessors.get(index.value()).ok_or_else(broken)?;
        let (Checked::Valid(GenericComponentType(kind)), Checked::Valid(shape)) =
            (accessor.component_type, accessor.type_)
        else {
            return Err(broken());
        };
        let components = match shape {
            Type::Scalar => 1,
            Type::Vec2 => 2,
            Type::Vec3 => 3,
            Type::Vec4 => 4,
            Type::Mat2 | Type::Mat3 | Type::Mat4 => return Err(broken()),
        };
        let count = usize::try_from(accessor.count.0).map_err(|_error| large())?;
        if count > ITEMS_MAX * 3 {
            return Err(large());
        }
        let view = accessor.buffer_view.ok_or_else(|| {
            damaged("its geometry is compressed or sparse, which is not understood here")
        })?;
        let (bytes, stride) = self.view(view).ok_or_else(broken)?;
        let offset =
            usize::try_from(accessor.byte_offset.map_or(0, |o| o.0)).map_err(|_error| broken())?;
        let bytes = bytes.get(offset..).ok_or_else(broken)?;
        let item = components * size_of_component(kind);
        let stride = stride.filter(|s| *s > 0).unwrap_or(item);
        let needed = count
            .saturating_sub(1)
            .checked_mul(stride)
            .and_then(|n| n.checked_add(if count == 0 { 0 } else { item }));
        if needed.is_none_or(|needed| needed > bytes.len()) {
            return Err(broken());
        }
        Ok(Numbers { bytes, count, stride, kind, components, normalized: accessor.normalized })
    }

    fn attribute(
        &self,
        primitive: &json::mesh::Primitive,
        semantic: Semantic,
        count: usize,
    ) -> Option<Numbers<'_>> {
        let index = primitive.attributes.get(&Checked::Valid(semantic))?;
        self.numbers(*index).ok().filter(|numbers| numbers.count == count)
    }

    /// A primitive as it is in the file; `None` where it has no surface.
    fn primitive(
        &self,
        primitive: &json::mesh::Primitive,
        budget: &mut usize,
    ) -> Result<Option<Part>, WorkError> {
        let Checked::Valid(mode) = primitive.mode else { return Ok(None) };
        let Some(index) = primitive.attributes.get(&Checked::Valid(Semantic::Positions)) else {
            return Ok(None);
        };
        let positions = self.numbers(*index)?;
        let indices = primitive.indices.map(|index| self.numbers(index)).transpose()?;
        let corners = indices.as_ref().map_or(positions.count, |numbers| numbers.count);
        let cost = positions.count.max(corners);
        *budget = budget.checked_sub(cost).ok_or_else(large)?;
        let points: Vec<V3> = positions.items(0.0);
        let corner = |i: usize| -> Option<u32> {
            let index = match &indices {
                Some(numbers) => numbers.number(i, 0)? as usize,
                None => i,
            };
            points.get(index).is_some_and(|p| finite(*p)).then_some(index as u32)
        };
        let triangle = |[a, b, c]: [usize; 3]| Some([corner(a)?, corner(b)?, corner(c)?]);
        let triangles: Vec<[u32; 3]> = match mode {
            Mode::Triangles => {
                (0..corners / 3).filter_map(|i| triangle([3 * i, 3 * i + 1, 3 * i + 2])).collect()
            }
            Mode::TriangleStrip => (2..corners)
                .filter_map(|i| {
                    triangle(if i % 2 == 0 { [i - 2, i - 1, i] } else { [i - 1, i - 2, i] })
                })
                .collect(),
            Mode::TriangleFan => (2..corners).filter_map(|i| triangle([0, i - 1, i])).collect(),
            Mode::Points | Mode::Lines | Mode::LineLoop | Mode::LineStrip => return Ok(None),
        };
        let mut mesh = Mesh { points, triangles, ..Mesh::default() };
        // Without normals each triangle is drawn flat.
        if let Some(numbers) = self.attribute(primitive, Semantic::Normals, positions.count) {
            mesh.normals = numbers.items(0.0).into_iter().map(unit).collect();
        }
        let material = primitive.material.and_then(|m| self.root.materials.get(m.value()));
        let info = material.and_then(|m| m.pbr_metallic_roughness.base_color_texture.as_ref());
        let set = Semantic::TexCoords(info.map_or(0, |info| info.tex_coord));
        if let Some(numbers) = self.attribute(primitive, set, positions.count) {
            mesh.uvs = numbers.items(0.0);
        }
        let colors = self.attribute(primitive, Semantic::Colors(0), positions.count);
        let colors = colors.map(|numbers| numbers.items(1.0)).unwrap_or_default();
        let look = primitive.material.map_or(usize::MAX, |m| m.value());
        Ok(Some(Part { mesh, colors, look: look.min(self.root.materials.len()) }))
    }

    fn look(material: &json::Material) -> Look {
        let pbr = &material.pbr_metallic_roughness;
        let kept = |v: f32, most: f32| if v.is_finite() { v.clamp(0.0, most) } else { 0.0 };
        let mode = match material.alpha_mode {
            Checked::Valid(mode) => mode,
            Checked::Invalid => AlphaMode::Opaque,
        };
        let cutoff = material.alpha_cutoff.map_or(0.5, |c| c.0);
        Look {
            color: pbr.base_color_factor.0.map(|v| kept(v, 1.0)),
            metal: kept(pbr.metallic_factor.0, 1.0),
            rough: kept(pbr.roughness_factor.0, 1.0),
            glow: material.emissive_factor.0.map(|v| kept(v, 4.0)),
            texture: pbr.base_color_texture.as_ref().map(|info| info.index.value()),
            cutoff: if mode == AlphaMode::Mask { kept(cutoff, 1.0) } else { 0.0 },
            clear: mode == AlphaMode::Blend,
        }
    }

    /// A texture, small; `None` where it cannot be opened.
    fn texture(&self, index: usize, pixels: &mut u64) -> Option<RgbaImage> {
        let image = self.root.images.get(self.root.textures.get(index)?.source.value())?;
        let bytes = match (image.buffer_view, &image.uri) {
            (Some(view), _) => Cow::Borrowed(self.view(view)?.0),
            (None, link) => Cow::Owned(inlined(link.as_deref()?)?),
        };
        let limits = DecodeLimits { side_max_px: 8192, pixels_max: *pixels };
        let picture = gesso_media::decode(&bytes, limits).ok()?;
        *pixels -= u64::from(picture.width()) * u64::from(picture.height());
        let side = picture.width().max(picture.height());
        if side <= TEXTURE_KEPT_PX {
            return Some(picture);
        }
        let small = |v: u32| (v * TEXTURE_KEPT_PX / side).max(1);
        let (w, h) = (small(picture.width()), small(picture.height()));
        Some(image::imageops::thumbnail(&picture, w, h))
    }

    fn pose(node: &json::Node) -> Pose {
        let mut pose = Pose::HERE;
        if let Some(m) = node.matrix {
            pose.columns = [[m[0], m[1], m[2]], [m[4], m[5], m[6]], [m[8], m[9], m[10]]];
            pose.shift = [m[12], m[13], m[14]];
            return pose;
        }
        if let Some(scale) = node.scale {
            pose = Pose::scale(scale);
        }
        if let Some(turn) = node.rotation {
            let [x, y, z, w] = turn.0;
            let columns = [
                [1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y + z * w), 2.0 * (x * z - y * w)],
                [2.0 * (x * y - z * w), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z + x * w)],
                [2.0 * (x * z + y * w), 2.0 * (y * z - x * w), 1.0 - 2.0 * (x * x + y * y)],
            ];
            pose = pose.then(&Pose { columns, shift: [0.0; 3] });
        }
        pose.then(&Pose::at(node.translation.unwrap_or([0.0; 3])))
    }

    /// Every mesh where it stands. Children wait in a list, not on the stack, and each node is placed once, so neither
    /// depth nor circles harm.
    fn parts(&self) -> Result<Vec<Part>, WorkError> {
        let root = &self.root;
        if root.nodes.len() > NODES_MAX {
            return Err(large());
        }
        let scene = root.scene.map_or(0, |s| s.value());
        let tops: Vec<usize> = match root.scenes.get(scene) {
            Some(scene) => scene.nodes.iter().map(|n| n.value()).collect(),
            None => (0..root.nodes.len()).collect(),
        };
        let mut waiting: Vec<(usize, Pose)> =
            tops.into_iter().map(|node| (node, Pose::HERE)).collect();
        let (mut seen, mut budget) = (vec![false; root.nodes.len()], ITEMS_MAX);
        let mut parts = Vec::new();
        while let Some((index, above)) = waiting.pop() {
            let Some(node) = root.nodes.get(index).filter(|_| !seen[index]) else { continue };
            seen[index] = true;
            let pose = Self::pose(node).then(&above);
            for child in node.children.iter().flatten() {
                waiting.push((child.value(), pose));
            }
            let mesh = node.mesh.and_then(|mesh| root.meshes.get(mesh.value()));
            for primitive in mesh.iter().flat_map(|mesh| &mesh.primitives) {
                // A file may name the same empty primitive very often.
                budget = budget.checked_sub(1).ok_or_else(large)?;
                if let Some(mut part) = self.primitive(primitive, &mut budget)? {
                    part.mesh = part.mesh.posed(&pose);
                    let points = &part.mesh.points;
                    let whole = |t: &[u32; 3]| t.iter().all(|i| finite(points[*i as usize]));
                    part.mesh.triangles.retain(whole);
                    parts.push(part);
                }
            }
        }
        Ok(parts)
    }
}

/// Reads a whole GLB.
pub(super) fn read(glb: &[u8]) -> Result<Read, WorkError> {
    let (json, bin) = chunks(glb)?;
    let root =
        json::Root::from_slice(json).map_err(|_error| damaged("its description is damaged"))?;
    let buffers = buffers(&root, bin);
    let source = Source { root, buffers };
    let parts = source.parts()?;
    if parts.iter().all(|part| part.mesh.triangles.is_empty()) {
        return Err(damaged("it holds no surfaces"));
    }
    let mut looks: Vec<Look> = source.root.materials.iter().map(Source::look).collect();
    looks.push(Look { metal: 0.0, rough: 0.8, ..Look::default() });
    let count = source.root.textures.len().min(TEXTURES_MAX);
    let (mut textures, mut pixels) = (vec![None; count], TEXTURE_PIXELS_MAX);
    for part in &parts {
        let Some(index) = looks[part.look].texture.filter(|i| *i < count) else { continue };
        if textures[index].is_none() {
            textures[index] = source.texture(index, &mut pixels);
            // What cannot be opened is not tried again for each part.
            if textures[index].is_none() {
                looks[part.look].texture = None;
            }
        }
    }
    Ok(Read { parts, looks, textures })
}

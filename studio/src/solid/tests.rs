use crate::solid::kinds::THINGS;
use std::collections::BTreeMap;

use proptest::prelude::*;

use super::glb::{Material, Piece};
use super::mesh::{Mesh, Pose, cross, dot, sub};
use super::*;

fn bodies() -> Vec<(&'static str, Mesh)> {
    vec![
        ("block", shapes::block([1.0, 0.6, 0.8])),
        ("ball", shapes::ball(0.5)),
        ("drum", shapes::drum(0.5, 0.4, 1.0)),
        ("cone", shapes::cone(0.5, 1.0)),
        ("ring", shapes::ring(0.4, 0.12)),
        ("tube", shapes::tube(&[[0.0, 0.0, 0.0], [0.3, 0.4, 0.0], [0.3, 1.0, 0.2]], 0.1)),
        ("prism", shapes::prism(&[(-0.5, -0.5), (0.5, -0.5), (0.0, 0.5)], 0.0, 0.4)),
        ("pyramid", shapes::pyramid(1.0, 1.0)),
        ("gem", shapes::gem(0.6)),
    ]
}

/// True if every edge is shared by two triangles that run along it in opposite directions, points at the same place
/// being one.
pub(super) fn closed(mesh: &Mesh) -> bool {
    let key = |i: u32| mesh.points[i as usize].map(|v| (v * 20_000.0).round() as i64);
    let mut edges: BTreeMap<_, i32> = BTreeMap::new();
    for t in &mesh.triangles {
        for k in 0..3 {
            let (a, b) = (key(t[k]), key(t[(k + 1) % 3]));
            if a < b {
                *edges.entry((a, b)).or_default() += 1;
            } else if b < a {
                *edges.entry((b, a)).or_default() -= 1;
            }
        }
    }
    edges.values().all(|n| *n == 0)
}

/// Six times the volume inside: positive where the triangles look outwards.
fn volume(mesh: &Mesh) -> f32 {
    let six = |t: &[u32; 3]| {
        let [a, b, c] = t.map(|i| mesh.points[i as usize]);
        dot(a, cross(b, c))
    };
    mesh.triangles.iter().map(six).sum()
}

fn sample() -> Vec<u8> {
    let mut pieces = Vec::new();
    for (i, (name, mesh)) in bodies().into_iter().enumerate() {
        let mut material = Material::plain([0.7, 0.1 * i as f32, 0.2]);
        material.metal = (i % 2) as f32;
        material.rough = 0.3;
        let mesh = mesh.posed(&Pose::at([(i % 3) as f32 * 1.4, 0.0, (i / 3) as f32 * -1.4]));
        pieces.push(Piece { name: name.to_owned(), mesh, material });
    }
    pieces[0].material.image = Some(0);
    let picture = RgbaImage::from_fn(32, 32, |x, y| {
        image::Rgba(if (x / 4 + y / 4) % 2 == 0 { [250, 240, 90, 255] } else { [20, 40, 90, 255] })
    });
    let png = gesso_media::encode_png(&picture).unwrap();
    glb::write(&pieces, &[("image/png", png)]).unwrap()
}

#[test]
fn bodies_are_closed_and_look_outwards() {
    for (name, mesh) in bodies() {
        assert!(closed(&mesh), "{name} has holes");
        assert!(volume(&mesh) > 0.01, "{name} is inside out");
        for t in &mesh.triangles {
            let [a, b, c] = t.map(|i| mesh.points[i as usize]);
            let face = cross(sub(b, a), sub(c, a));
            let n = mesh.normals[t[0] as usize];
            assert!(dot(face, n) > -1e-6, "{name}: a normal looks inwards");
            assert!((dot(n, n) - 1.0).abs() < 1e-4, "{name}: a normal is not of length 1");
        }
    }
}

#[test]
fn a_mirrored_body_still_looks_outwards() {
    let mesh = shapes::pyramid(1.0, 1.0).posed(&Pose::scale([-1.0, 1.0, 1.0]));
    assert!(volume(&mesh) > 0.1);
    assert!(mesh.normals[0][1] > 0.0);
}

#[test]
fn a_preview_shows_the_model_in_its_colours() {
    let ball = Piece {
        name: "ball".to_owned(),
        mesh: shapes::ball(0.5),
        material: Material::plain([0.8, 0.02, 0.02]),
    };
    let picture = preview(&glb::write(&[ball], &[]).unwrap(), 96).unwrap();
    assert_eq!(picture.dimensions(), (96, 96));
    let middle = picture.get_pixel(48, 48);
    assert!(middle[0] > 120 && middle[1] < 90 && middle[2] < 90, "{middle:?}");
    let corner = picture.get_pixel(2, 2);
    assert!(corner[0].abs_diff(corner[1]) < 8, "the ground is neutral: {corner:?}");
    // The key light comes from the upper left.
    assert!(picture.get_pixel(38, 34)[0] > picture.get_pixel(62, 64)[0] + 20);
}

#[test]
fn previews_are_the_same_each_time() {
    assert_eq!(preview(&sample(), 64).unwrap(), preview(&sample(), 64).unwrap());
}

#[test]
fn what_is_no_model_is_refused_with_a_sentence() {
    let whole = sample();
    let mut late = whole.clone();
    late.truncate(whole.len() / 2);
    let mut old = whole.clone();
    old[4] = 1;
    for bytes in [&b""[..], b"glTF", b"hello", &late, &old, &whole[..20]] {
        let error = preview(bytes, 64).unwrap_err().to_string();
        assert!(error.ends_with('.') && error.contains("3D model"), "{error}");
    }
}

/// A GLB of this description over these bytes.
fn by_hand(json: &str, bin: &[u8]) -> Vec<u8> {
    let mut json = json.as_bytes().to_vec();
    json.resize(json.len().next_multiple_of(4), b' ');
    let mut out = b"glTF\x02\0\0\0\0\0\0\0".to_vec();
    out.extend((json.len() as u32).to_le_bytes());
    out.extend(b"JSON");
    out.extend(json);
    out.extend((bin.len() as u32).to_le_bytes());
    out.extend(b"BIN\0");
    out.extend(bin);
    out
}

fn triangle(nodes: &str, accessor: &str, points: &[f32]) -> Vec<u8> {
    let bin: Vec<u8> = points.iter().flat_map(|v| v.to_le_bytes()).collect();
    let json = format!(
        r#"{{"asset":{{"version":"2.0"}},"nodes":{nodes},"meshes":[{{"primitives":[{{"attributes":{{"POSITION":0}}}}]}}],
        "accessors":[{accessor}],"bufferViews":[{{"buffer":0,"byteLength":{n}}}],"buffers":[{{"byteLength":{n}}}]}}"#,
        n = bin.len()
    );
    by_hand(&json, &bin)
}

const NINE: [f32; 9] = [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0];
const ACCESSOR: &str =
    r#"{"bufferView":0,"componentType":5126,"count":3,"type":"VEC3","min":[0,0,0],"max":[1,1,0]}"#;

#[test]
fn a_bare_triangle_without_normals_is_drawn() {
    let picture = preview(&triangle(r#"[{"mesh":0}]"#, ACCESSOR, &NINE), 64).unwrap();
    assert_ne!(picture.get_pixel(28, 36), picture.get_pixel(2, 2));
}

#[test]
fn circles_depth_and_counts_of_a_hostile_file_do_no_harm() {
    let circle = triangle(r#"[{"mesh":0,"children":[1]},{"children":[0,1]}]"#, ACCESSOR, &NINE);
    preview(&circle, 32).unwrap();
    let deep: Vec<String> = (0..50_000).map(|i| format!(r#"{{"children":[{}]}}"#, i + 1)).collect();
    let deep = format!(r#"[{},{{"mesh":0}}]"#, deep.join(","));
    preview(&triangle(&deep, ACCESSOR, &NINE), 32).unwrap();
    for accessor in [
        ACCESSOR.replace("\"count\":3", "\"count\":4000000000"),
        ACCESSOR.replace("\"count\":3", "\"count\":4"),
        ACCESSOR.replace("\"count\":3", "\"count\":3,\"byteOffset\":18446744073709551615"),
        ACCESSOR.replace("\"bufferView\":0", "\"bufferView\":7"),
        ACCESSOR.replace("5126", "1"),
    ] {
        assert!(preview(&triangle(r#"[{"mesh":0}]"#, &accessor, &NINE), 32).is_err(), "{accessor}");
    }
    let mut nan = NINE;
    nan[4] = f32::NAN;
    assert!(preview(&triangle(r#"[{"mesh":0}]"#, ACCESSOR, &nan), 32).is_err());
    let point = [1.0; 9];
    assert!(preview(&triangle(r#"[{"mesh":0}]"#, ACCESSOR, &point), 32).is_err());
    let huge = NINE.map(|v| v * 3e38);
    drop(preview(&triangle(r#"[{"mesh":0}]"#, ACCESSOR, &huge), 32));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn damaged_models_never_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        end in any::<prop::sample::Index>(),
        cut in prop::bool::weighted(0.1),
        head in any::<bool>(),
    ) {
        use std::sync::LazyLock;
        static SMALL: LazyLock<Vec<u8>> = LazyLock::new(|| {
            let material = Material::plain([0.5; 3]);
            let mesh = shapes::gem(0.5);
            glb::write(&[Piece { name: "gem".to_owned(), mesh, material }], &[]).unwrap()
        });
        let mut bytes = SMALL.clone();
        // Most of the file is numbers; what steers the reader stands at its front.
        let reach = if head { 1200.min(bytes.len()) } else { bytes.len() };
        for (at, value) in changes {
            bytes[at.index(reach)] = value;
        }
        if cut {
            bytes.truncate(end.index(bytes.len()));
        }
        drop(preview(&bytes, 24));
    }
}

/// Reads a model with another reader of the format, asserts that it is sound, and returns its number of triangles.
fn read_elsewhere(glb: &[u8]) -> usize {
    let (document, buffers, images) = gltf::import_slice(glb).expect("a valid file");
    let mut triangles = 0;
    for primitive in document.meshes().flat_map(|mesh| mesh.primitives().collect::<Vec<_>>()) {
        let reader = primitive.reader(|buffer| buffers.get(buffer.index()).map(|data| &data.0[..]));
        let points: Vec<[f32; 3]> = reader.read_positions().expect("positions").collect();
        let normals = reader.read_normals().expect("normals").count();
        let indices: Vec<u32> = reader.read_indices().expect("indices").into_u32().collect();
        assert_eq!(points.len(), normals);
        assert!(indices.iter().all(|i| (*i as usize) < points.len()));
        let said = primitive.bounding_box();
        let (low, high) = bounds(&points).expect("not empty");
        assert_eq!((low, high), (said.min, said.max), "the bounds a viewer frames it by");
        if primitive.material().pbr_metallic_roughness().base_color_texture().is_some() {
            assert!(!images.is_empty());
            assert_eq!(
                reader.read_tex_coords(0).expect("places on it").into_f32().count(),
                normals
            );
        }
        triangles += indices.len() / 3;
    }
    triangles
}

/// The same model with its buffer and its pictures as `data:` links in the description.
fn with_links(glb: &[u8]) -> Vec<u8> {
    use base64::Engine as _;
    let (description, bin) = read::chunks(glb).unwrap();
    let mut root: serde_json::Value = serde_json::from_slice(description).unwrap();
    let link = |mime: &str, bytes: &[u8]| {
        let data = base64::engine::general_purpose::STANDARD.encode(bytes);
        serde_json::json!(format!("data:{mime};base64,{data}"))
    };
    let views = root["bufferViews"].clone();
    for image in root["images"].as_array_mut().into_iter().flatten() {
        let view = &views[image["bufferView"].as_u64().unwrap() as usize];
        let at = |key: &str| view[key].as_u64().unwrap_or_default() as usize;
        let bytes = &bin[at("byteOffset")..at("byteOffset") + at("byteLength")];
        image["uri"] = link("image/png", bytes);
        image.as_object_mut().unwrap().remove("bufferView");
    }
    root["buffers"][0]["uri"] = link("application/octet-stream", bin);
    glb::container(&root, &[]).unwrap()
}

#[test]
fn a_model_whose_parts_are_links_with_their_data_looks_the_same() {
    let packed = sample();
    let linked = with_links(&packed);
    assert_eq!(preview(&linked, 48).unwrap(), preview(&packed, 48).unwrap());
}

#[test]
fn everything_that_has_a_word_is_a_sound_model() {
    let mut wrong = Vec::new();
    for (thing, words) in THINGS {
        let pieces = compose::compose(words[0], 3);
        for piece in &pieces {
            if !closed(&piece.mesh) || volume(&piece.mesh) <= 0.0 {
                wrong.push(piece.name.clone());
            }
        }
        let glb = glb::write(&pieces, &[]).unwrap();
        let triangles = read_elsewhere(&glb);
        assert!((6..60_000).contains(&triangles), "{thing:?}: {triangles}");
        assert!(glb.len() < 2 * 1024 * 1024, "{thing:?}: {} bytes", glb.len());
    }
    assert!(wrong.is_empty(), "with holes or inside out: {wrong:?}");
}

#[test]
fn pictures_become_closed_bodies_of_every_shape() {
    let picture = RgbaImage::from_fn(60, 40, |x, y| {
        let inside = (i64::from(x) - 30).pow(2) + (i64::from(y) - 20).pow(2) < 200;
        image::Rgba([(x * 4) as u8, (y * 6) as u8, 90, if inside { 255 } else { 0 }])
    });
    for shape in [Shape::Plate, Shape::Medal, Shape::Figure] {
        let recipe = Recipe { shape, depth: 0.5, points: 48, image: 0 };
        let pieces = relief::body(&picture, &recipe, &Control::none()).unwrap();
        // The picture and the rest of the body are two pieces with materials of their own.
        let mut whole = Mesh::default();
        pieces.iter().for_each(|piece| whole.append(&piece.mesh));
        assert!(closed(&whole), "{shape:?} has holes");
        assert!(volume(&whole) > 0.0, "{shape:?} is inside out");
        let glb = glb::write(&pieces, &[("image/jpeg", texture(&picture).unwrap())]).unwrap();
        assert!(read_elsewhere(&glb) > 100, "{shape:?}");
    }
}

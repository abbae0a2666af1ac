//! The job of a built-in model and the results it gives: the same shape for every family.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use gesso_media::{MediaKind, RgbaImage, WorkError};

/// Most pixels of a picture that a model looks at: several are held at once.
const PICTURE_PIXELS_MAX: u64 = 16_000_000;

/// One result asked of a model.
#[derive(Clone, Debug, Default)]
pub struct Job {
    /// The model's id.
    pub model: String,
    /// Everything said in words: what arrived, then the node's own text.
    pub prompt: String,
    /// The prompt of things that must not be shown.
    pub negative: String,
    /// Parameters, defaults filled in.
    pub params: BTreeMap<String, Value>,
    /// The files that arrive, in the order of their wires.
    pub inputs: Vec<Input>,
    /// The same seed gives the same result.
    pub seed: u64,
}

/// A file that arrives.
#[derive(Clone, Debug)]
pub struct Input {
    /// On which input.
    port: String,
    /// Content.
    bytes: bytes::Bytes,
    /// The picture in it, once a model has looked: the results of one invocation decode it once.
    decoded: Arc<OnceLock<Decoded>>,
}

/// A picture, and the most pixels that were wanted of it.
#[derive(Debug)]
struct Decoded {
    pixels_max: u64,
    picture: Arc<RgbaImage>,
}

impl Input {
    /// A file on an input.
    #[must_use]
    pub fn new(port: impl Into<String>, bytes: impl Into<bytes::Bytes>) -> Self {
        Self { port: port.into(), bytes: bytes.into(), decoded: Arc::default() }
    }

    fn picture(&self, pixels_max: u64) -> Result<Arc<RgbaImage>, WorkError> {
        if let Some(kept) = self.decoded.get().filter(|kept| kept.pixels_max == pixels_max) {
            return Ok(Arc::clone(&kept.picture));
        }
        let picture = Arc::new(gesso_media::decode_within(&self.bytes, pixels_max)?);
        // Who lost the race, or asked for another size, has its own.
        drop(self.decoded.set(Decoded { pixels_max, picture: Arc::clone(&picture) }));
        Ok(picture)
    }
}

impl Job {
    /// A parameter that is text; `""` where it is missing.
    #[must_use]
    pub fn text(&self, key: &str) -> &str {
        self.params.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    /// A parameter that is a number.
    #[must_use]
    pub fn number(&self, key: &str, default: f64) -> f64 {
        let value = self.params.get(key).and_then(Value::as_f64);
        value.filter(|number| number.is_finite()).unwrap_or(default)
    }

    /// A parameter that is a whole number.
    #[must_use]
    pub fn whole(&self, key: &str, default: i64) -> i64 {
        let value = self.params.get(key);
        value.and_then(|v| v.as_i64().or_else(|| v.as_f64().map(|f| f as i64))).unwrap_or(default)
    }

    /// A parameter that is yes or no; no where it is missing.
    #[must_use]
    pub fn flag(&self, key: &str) -> bool {
        self.params.get(key).and_then(Value::as_bool).unwrap_or(false)
    }

    /// The files on an input.
    pub fn files<'a>(&'a self, port: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.on(port).map(|input| &*input.bytes)
    }

    /// The first file on an input.
    #[must_use]
    pub fn file(&self, port: &str) -> Option<&[u8]> {
        self.inputs.iter().find(|input| input.port == port).map(|input| &*input.bytes)
    }

    /// The pictures on an input, decoded, upright, in sRGB, and no larger than a model looks at.
    ///
    /// # Errors
    /// [`WorkError::Media`] for what is no picture, damaged or too large.
    pub fn pictures(&self, port: &str) -> Result<Vec<Arc<RgbaImage>>, WorkError> {
        self.on(port).map(|input| input.picture(PICTURE_PIXELS_MAX)).collect()
    }

    /// The same, of at most so many pixels each, with the size of each file's picture.
    ///
    /// # Errors
    /// Those of [`Job::pictures`].
    pub(crate) fn small_pictures<'a>(
        &'a self,
        port: &'a str,
        pixels_max: u64,
    ) -> impl Iterator<Item = Result<(Arc<RgbaImage>, (u32, u32)), WorkError>> {
        self.on(port).map(move |input| {
            let size_px = gesso_media::dimensions(&input.bytes)?;
            Ok((input.picture(pixels_max)?, size_px))
        })
    }

    fn on<'a>(&'a self, port: &'a str) -> impl Iterator<Item = &'a Input> {
        self.inputs.iter().filter(move |input| input.port == port)
    }

    /// Width and height in pixels that `aspect_ratio` and `resolution` ask for: as many pixels as a square whose
    /// side is the resolution (`"0.5K"`, `"1K"`, `"2K"`, `"4K"`), each side a multiple of 8.
    #[must_use]
    pub fn size_px(&self) -> (u32, u32) {
        let side = match self.text("resolution") {
            "0.5K" => 512.0,
            "2K" => 2048.0,
            "4K" => 4096.0,
            _ => 1024.0_f64,
        };
        let ratio = ratio(self.text("aspect_ratio")).unwrap_or(1.0);
        let round = |side: f64| ((side / 8.0).round() * 8.0) as u32;
        (round(side * ratio.sqrt()), round(side / ratio.sqrt()))
    }
}

/// The number behind an aspect ratio such as `"16:9"`.
#[must_use]
pub fn ratio(text: &str) -> Option<f64> {
    let (w, h) = text.split_once(':')?;
    let (w, h): (f64, f64) = (w.trim().parse().ok()?, h.trim().parse().ok()?);
    (w > 0.0 && h > 0.0).then(|| w / h)
}

/// One thing a model made.
#[derive(Clone, Debug)]
pub struct Made {
    /// The output it belongs to.
    pub port: &'static str,
    /// A file or a text.
    pub content: Content,
}

/// Content of one result.
#[derive(Clone, Debug)]
pub enum Content {
    /// A file.
    File {
        /// Kind of media.
        kind: MediaKind,
        /// The media type of its bytes.
        mime: &'static str,
        /// Bytes.
        bytes: Vec<u8>,
        /// Width and height in pixels, where it has them.
        size_px: Option<(u32, u32)>,
        /// Length in seconds, where it has one.
        duration_s: Option<f64>,
    },
    /// A text.
    Text(String),
}

impl Made {
    /// A picture as PNG on the output `port`.
    ///
    /// # Errors
    /// When it cannot be encoded.
    pub fn picture(port: &'static str, picture: &RgbaImage) -> Result<Self, WorkError> {
        let content = Content::File {
            kind: MediaKind::Image,
            mime: "image/png",
            bytes: gesso_media::encode_png(picture)?,
            size_px: Some(picture.dimensions()),
            duration_s: None,
        };
        Ok(Self { port, content })
    }

    /// A text.
    #[must_use]
    pub fn text(text: String) -> Self {
        Self { port: "text", content: Content::Text(text) }
    }

    /// A sound of `duration_s` seconds.
    #[must_use]
    pub fn audio(mime: &'static str, bytes: Vec<u8>, duration_s: f64) -> Self {
        let duration_s = Some(duration_s);
        let content =
            Content::File { kind: MediaKind::Audio, mime, bytes, size_px: None, duration_s };
        Self { port: "audio", content }
    }

    /// A 3D model as GLB.
    #[must_use]
    pub fn model3d(bytes: Vec<u8>) -> Self {
        let (kind, mime) = (MediaKind::Model3d, "model/gltf-binary");
        let content = Content::File { kind, mime, bytes, size_px: None, duration_s: None };
        Self { port: "model3d", content }
    }

    /// An MP4 of `duration_s` seconds.
    #[must_use]
    pub fn video(bytes: Vec<u8>, size_px: (u32, u32), duration_s: f64) -> Self {
        let (kind, mime) = (MediaKind::Video, "video/mp4");
        let (size_px, duration_s) = (Some(size_px), Some(duration_s));
        Self { port: "video", content: Content::File { kind, mime, bytes, size_px, duration_s } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(params: &[(&str, &str)]) -> Job {
        let params = params.iter().map(|(k, v)| ((*k).to_owned(), Value::from(*v))).collect();
        Job { params, ..Job::default() }
    }

    #[test]
    fn the_results_of_one_invocation_decode_a_picture_once() {
        let png = |side| gesso_media::encode_png(&RgbaImage::new(side, side)).unwrap();
        let mut first = job(&[]);
        first.inputs = vec![Input::new("image", png(40)), Input::new("other", png(5))];
        let second = Job { seed: 1, ..first.clone() };
        let [one, two] = [&first, &second].map(|job| job.pictures("image").unwrap());
        assert!(one.len() == 1 && Arc::ptr_eq(&one[0], &two[0]));
        let smaller: Vec<_> =
            second.small_pictures("image", 100).collect::<Result<_, _>>().unwrap();
        assert_eq!((smaller[0].0.dimensions(), smaller[0].1), ((10, 10), (40, 40)));
        assert!(Arc::ptr_eq(&first.pictures("image").unwrap()[0], &one[0]));
    }

    #[test]
    fn sizes_keep_the_number_of_pixels() {
        for (aspect, resolution, expected) in [
            ("1:1", "1K", (1024, 1024)),
            ("16:9", "1K", (1368, 768)),
            ("9:16", "0.5K", (384, 680)),
            ("nonsense", "2K", (2048, 2048)),
            ("0:5", "", (1024, 1024)),
        ] {
            let job = job(&[("aspect_ratio", aspect), ("resolution", resolution)]);
            assert_eq!(job.size_px(), expected, "{aspect} {resolution}");
        }
    }
}

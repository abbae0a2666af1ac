//! The model `studio-camera`: one picture seen from other places. The picture is a plane with a guessed relief, a
//! pinhole camera looks at it, and what lies beyond its edges goes on softly.

pub(crate) mod angle;
pub(crate) mod lens;
pub(crate) mod raster;
pub(crate) mod relief;

use crate::{Job, Made};
use angle::Angle;
use gesso_media::{self, DecodeLimits};
use gesso_media::{Control, RgbaImage, ToolRunner, WorkError};
use lens::{Camera, Pose};
use raster::{Texture, rows};
use relief::{Relief, Study};

/// Depth at full strength: the nearest part is nearer than the farthest by this share of the distance.
const DEPTH_MAX: f32 = 0.28;
/// Rows between two looks at whether to stop.
const STRIP: usize = 32;

/// The filling beyond the edges of the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fill {
    Extend,
    Plain([f32; 4]),
}

/// The model `studio-camera`.
pub(crate) fn compute(
    job: &Job,
    _tools: &ToolRunner,
    control: &Control<'_>,
) -> Result<Vec<Made>, WorkError> {
    let angles = angle::of(job)?;
    let fill = fill(job)?;
    let Some(bytes) = job.file("image") else {
        return Err(WorkError::Refused("Connect a picture to look at.".to_owned()));
    };
    let picture = gesso_media::decode(bytes, DecodeLimits::default())?;
    let strength = job.number("strength", 0.4).clamp(0.0, 1.0) as f32;
    let count = angles.len() as f32;
    let mut made = Vec::with_capacity(angles.len());
    for (n, angle) in angles.iter().enumerate() {
        let (from, to) = (n as f32 / count, (n + 1) as f32 / count);
        let seen = control.part(from, to, |c| view(picture.clone(), angle, strength, fill, c))?;
        made.push(Made::picture("image", &seen)?);
    }
    Ok(made)
}

fn fill(job: &Job) -> Result<Fill, WorkError> {
    match job.text("fill") {
        "" | "extend" => Ok(Fill::Extend),
        "transparent" => Ok(Fill::Plain([0.0; 4])),
        "plain" => {
            let text = job.text("fill_color").trim();
            let digits = text.strip_prefix('#').unwrap_or(text);
            let value = match digits {
                "" => Some(0xff_ffff),
                digits if digits.len() == 6 => u32::from_str_radix(digits, 16).ok(),
                _ => None,
            };
            let Some(value) = value else {
                return Err(WorkError::Refused(format!(
                    "“{text}” is no colour. Write it as six hexadecimal digits, such as #f4f1ea."
                )));
            };
            let channel = |shift: u32| ((value >> shift) & 255) as f32;
            Ok(Fill::Plain([channel(16), channel(8), channel(0), 255.0]))
        }
        other => Err(WorkError::Refused(format!(
            "“{other}” is no way to fill what lies beyond the picture. There are: extend, plain, transparent."
        ))),
    }
}

/// The picture from an angle, in its own size.
fn view(
    picture: RgbaImage,
    angle: &Angle,
    strength: f32,
    fill: Fill,
    control: &Control<'_>,
) -> Result<RgbaImage, WorkError> {
    control.at(0.0)?;
    if angle.pose == Pose::default() {
        return Ok(picture);
    }
    let (width, height) = picture.dimensions();
    let texture = Texture::new(picture);
    control.at(0.1)?;
    let flat = crate::math::cos(angle.pose.yaw.to_radians())
        * crate::math::cos(angle.pose.pitch.to_radians());
    // Seen from the side, a relief hides behind itself: the flatter the look, the flatter it must be.
    let depth = DEPTH_MAX * strength * flat * flat;
    let relief = if depth > 0.0 { Relief::guess(&Study::new(&texture)) } else { Relief::flat() };
    control.at(0.2)?;
    let camera = Camera::new(&angle.pose);
    let sight = Sight { texture, relief, depth, camera, fill };
    control.part(0.2, 1.0, |control| sight.shown(width, height, control))
}

struct Sight {
    texture: Texture,
    relief: Relief,
    depth: f32,
    camera: Camera,
    fill: Fill,
}

impl Sight {
    fn shown(
        &self,
        width: u32,
        height: u32,
        control: &Control<'_>,
    ) -> Result<RgbaImage, WorkError> {
        let (w, h) = (width as usize, height as usize);
        let mut out = vec![0; w * h * 4];
        for (n, strip) in out.chunks_mut(w * 4 * STRIP).enumerate() {
            control.at((n * STRIP) as f32 / h as f32)?;
            let (from, count) = (n * STRIP, strip.len() / (w * 4));
            let mut places = vec![[0.0_f32; 2]; (w + 1) * (count + 1)];
            rows(&mut places, w + 1, |y, row| {
                for (x, place) in row.iter_mut().enumerate() {
                    *place = self.place(x, from + y, w, h);
                }
            });
            rows(strip, w * 4, |y, row| {
                let here = &places[y * (w + 1)..(y + 2) * (w + 1)];
                for (x, pixel) in row.as_chunks_mut::<4>().0.iter_mut().enumerate() {
                    *pixel = self.pixel(here[x], here[x + 1], here[x + w + 1]);
                }
            });
        }
        let picture = RgbaImage::from_raw(width, height, out);
        control.at(1.0)?;
        picture.ok_or_else(|| WorkError::Internal("wrong length".to_owned()))
    }

    /// Which place of the picture is seen at the middle of a pixel, in pixels of the picture.
    fn place(&self, x: usize, y: usize, w: usize, h: usize) -> [f32; 2] {
        let (w, h) = (w as f32, h as f32);
        let (fx, fy) = ((x as f32 + 0.5 - w / 2.0) / h, (y as f32 + 0.5) / h - 0.5);
        let [u, v] = self.camera.meets(fx, fy, w / h, &self.relief, self.depth);
        [u * h + w / 2.0 - 0.5, v * h + h / 2.0 - 0.5]
    }

    /// The mean of what a pixel sees, from its place and those of its neighbours to the right and below.
    fn pixel(&self, at: [f32; 2], right: [f32; 2], below: [f32; 2]) -> [u8; 4] {
        let across = [right[0] - at[0], right[1] - at[1]];
        let down = [below[0] - at[0], below[1] - at[1]];
        let long = |d: [f32; 2]| libm::sqrtf(d[0] * d[0] + d[1] * d[1]).min(1e6);
        let (a, d) = (long(across), long(down));
        let taps = |length: f32| libm::ceilf(length - 0.1).clamp(1.0, 6.0);
        let (na, nd) = (taps(a), taps(d));
        let lod = libm::log2f((a / na).max(d / nd).max(1.0));
        let mut sum = [0.0_f32; 4];
        for j in 0..nd as usize {
            for i in 0..na as usize {
                let (s, t) = ((i as f32 + 0.5) / na - 0.5, (j as f32 + 0.5) / nd - 0.5);
                let x = at[0] + across[0] * s + down[0] * t;
                let y = at[1] + across[1] * s + down[1] * t;
                let seen = match self.fill {
                    Fill::Extend => self.texture.beyond(x, y, lod),
                    Fill::Plain(color) => {
                        let (w, h) = (self.texture.width() as f32, self.texture.height() as f32);
                        // Half a pixel of softness at the edge.
                        let reach = |v: f32, side: f32, step: f32| {
                            (((v + 0.5).min(side - 0.5 - v)) / step.max(0.5) + 0.5).clamp(0.0, 1.0)
                        };
                        let cover = reach(x, w, a / na) * reach(y, h, d / nd);
                        let inside =
                            self.texture.at(x.clamp(0.0, w - 1.0), y.clamp(0.0, h - 1.0), lod);
                        std::array::from_fn(|c| color[c] + (inside[c] - color[c]) * cover)
                    }
                };
                for c in 0..4 {
                    sum[c] += seen[c];
                }
            }
        }
        let alpha = sum[3] / (na * nd);
        if alpha < 0.5 {
            return [0; 4];
        }
        // Colours were multiplied by alpha; back to plain ones.
        let scale = 255.0 / (alpha * na * nd);
        let channel = |c: usize| (sum[c] * scale + 0.5).clamp(0.0, 255.0) as u8;
        [channel(0), channel(1), channel(2), (alpha + 0.5).clamp(0.0, 255.0) as u8]
    }
}

#[cfg(test)]
mod tests;

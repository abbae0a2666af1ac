//! Results of the models of the service.

use gesso_media::RgbaImage;
use gesso_protocol::invocation::Invocation;
use gesso_protocol::values::DataType;
use gesso_server::providers::{Call, Content, Produced};

/// Samples a second of a voice: as few as a file can have.
const RATE_HZ: u32 = 8;
/// Length of speech for a word, in s.
const WORD_S: f64 = 0.5;
/// Width and height of a picture.
const SIZE_PX: (u32, u32) = (8, 4);

/// As many results as are wanted.
pub(super) fn all(call: &Call, count: u32) -> Vec<Produced> {
    (0..u64::from(count)).map(|n| one(&call.invocation, call.seed + n)).collect()
}

fn one(invocation: &Invocation, seed: u64) -> Produced {
    match invocation.kind.as_str() {
        "assistant" => Produced {
            port: "text".to_owned(),
            ty: DataType::Text,
            content: Content::Text(invocation.prompt().to_uppercase()),
            duration_s: None,
            seed: None,
            note: None,
        },
        "voiceover" => {
            let words = invocation.prompt().split_whitespace().count();
            let duration_s = words as f64 * WORD_S;
            let content = Content::File {
                mime: "audio/wav".to_owned(),
                bytes: silence(duration_s).into(),
                size_px: None,
            };
            let duration_s = Some(duration_s);
            Produced {
                port: "audio".to_owned(),
                ty: DataType::Audio,
                content,
                duration_s,
                seed: None,
                note: None,
            }
        }
        _ => picture(seed),
    }
}

fn picture(seed: u64) -> Produced {
    let [a, b, c, ..] = seed.to_le_bytes();
    let (width, height) = SIZE_PX;
    let picture =
        RgbaImage::from_fn(width, height, |x, y| [a ^ x as u8, b ^ y as u8, c, 255].into());
    Produced {
        port: "image".to_owned(),
        ty: DataType::Image,
        content: Content::File {
            mime: "image/png".to_owned(),
            bytes: gesso_media::encode_png(&picture).expect("a small picture").into(),
            size_px: Some(SIZE_PX),
        },
        duration_s: None,
        seed: Some(seed),
        note: None,
    }
}

/// A sound file of that length without a sound, 8 bits a sample.
fn silence(duration_s: f64) -> Vec<u8> {
    let samples = (duration_s * f64::from(RATE_HZ)) as u32;
    let mut file = Vec::with_capacity(44 + samples as usize);
    file.extend(b"RIFF");
    file.extend((36 + samples).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16_u32.to_le_bytes());
    for short in [1_u16, 1] {
        file.extend(short.to_le_bytes());
    }
    for long in [RATE_HZ, RATE_HZ] {
        file.extend(long.to_le_bytes());
    }
    for short in [1_u16, 8] {
        file.extend(short.to_le_bytes());
    }
    file.extend(b"data");
    file.extend(samples.to_le_bytes());
    file.resize(44 + samples as usize, 128);
    file
}

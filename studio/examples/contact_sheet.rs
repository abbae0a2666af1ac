//! Paints many prompts in many shapes into one PNG: `contact_sheet OUT.png [PROMPT …]`.

use std::time::Instant;

use gesso_media::Control;
use gesso_studio::{PaintRequest, paint};
use image::{RgbaImage, imageops};

const PROMPTS: [(&str, u32, u32); 24] = [
    ("A lighthouse on a cliff at dawn, calm sea, warm lamp", 640, 360),
    ("A lighthouse on a cliff at dawn, calm sea, warm lamp", 480, 480),
    ("dunes at sunset, one small figure", 640, 360),
    ("a boat under the moon", 640, 360),
    ("snowy mountains, a cabin, starry night", 640, 360),
    ("city skyline at night, neon", 640, 360),
    ("rainy street at night with a red car", 480, 600),
    ("amber perfume bottle on a pedestal", 480, 600),
    ("portrait of a woman in profile", 480, 480),
    ("orange armchair", 640, 360),
    ("green leaves, botanical", 640, 360),
    ("a fox in an autumn forest", 480, 600),
    ("a black cat by the window, rain", 640, 360),
    ("rocket and saturn in deep space", 640, 360),
    ("tropical island with palms, noon", 640, 360),
    ("hot air balloons over misty mountains, morning", 640, 360),
    ("goldfish underwater", 640, 360),
    ("a bouquet of pink flowers", 480, 600),
    ("poppy field with a tree, watercolour", 640, 360),
    ("stone bridge over a river, autumn evening", 640, 360),
    ("entropy", 640, 360),
    ("melancholy of tuesday", 480, 480),
    ("castle above the clouds", 360, 640),
    ("storm over the sea, lighthouse, dramatic film", 840, 360),
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let path = args.next().ok_or("say where to write the PNG")?;
    let own: Vec<String> = args.collect();
    let list: Vec<(String, u32, u32)> = if own.is_empty() {
        PROMPTS.iter().map(|(prompt, w, h)| ((*prompt).to_owned(), *w, *h)).collect()
    } else {
        own.into_iter()
            .flat_map(|p| [(p.clone(), 640, 360), (p.clone(), 480, 480), (p, 360, 640)])
            .collect()
    };
    let columns = 4;
    let (cell_w, cell_h) = (480, 400);
    let mut sheet = RgbaImage::from_pixel(
        cell_w * columns,
        cell_h * (list.len() as u32).div_ceil(columns),
        image::Rgba([30, 30, 32, 255]),
    );
    for (i, (prompt, width, height)) in list.into_iter().enumerate() {
        let started = Instant::now();
        let request = PaintRequest {
            prompt: prompt.clone(),
            negative: String::new(),
            width,
            height,
            seed: 7,
            references: Vec::new(),
        };
        let picture = paint(&request, &Control::none())?;
        let took = started.elapsed().as_millis();
        note(&format!("{took:>5} ms  {width}×{height}  {prompt}"))?;
        let fit = (cell_w as f32 / width as f32).min(cell_h as f32 / height as f32);
        let small = imageops::resize(
            &picture,
            (width as f32 * fit) as u32 - 6,
            (height as f32 * fit) as u32 - 6,
            imageops::FilterType::Triangle,
        );
        let (x, y) = ((i as u32 % columns) * cell_w + 3, (i as u32 / columns) * cell_h + 3);
        imageops::replace(&mut sheet, &small, i64::from(x), i64::from(y));
    }
    std::fs::write(path, gesso_media::encode_png(&sheet)?)?;
    Ok(())
}

fn note(line: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    writeln!(std::io::stderr(), "{line}")
}

//! Paints one prompt: `paint_one OUT.png WIDTH HEIGHT SEED PROMPT`.

use gesso_media::Control;
use gesso_studio::{PaintRequest, paint};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [path, width, height, seed, prompt] = args.as_slice() else {
        return Err("say where to write, width, height, seed and prompt".into());
    };
    let request = PaintRequest {
        prompt: prompt.clone(),
        negative: String::new(),
        width: width.parse()?,
        height: height.parse()?,
        seed: seed.parse()?,
        references: Vec::new(),
    };
    std::fs::write(path, gesso_media::encode_png(&paint(&request, &Control::none())?)?)?;
    Ok(())
}

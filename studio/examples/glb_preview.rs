//! Draws a GLB as PNG: `glb_preview IN.glb OUT.png [SIDE]`.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [from, to, rest @ ..] = args.as_slice() else {
        return Err("say which GLB and which PNG".into());
    };
    let side = rest.first().map_or(Ok(512), |side| side.parse())?;
    let picture = gesso_studio::solid::preview(&std::fs::read(from)?, side)?;
    std::fs::write(to, gesso_media::encode_png(&picture)?)?;
    Ok(())
}

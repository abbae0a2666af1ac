//! Light and colour. The same arithmetic for the small picture on screen and the large one that is saved.

/// Adjustments, each −100 to 100; 0 changes nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tone {
    /// Darker or lighter.
    pub brightness: f64,
    /// Flatter or harder, around the middle grey.
    pub contrast: f64,
    /// Greyer or more colourful.
    pub saturation: f64,
}

/// Share of each channel in its lightness (Rec. 709 luma).
const LUMA: [f32; 3] = [0.2126, 0.7152, 0.0722];

impl Tone {
    /// True if it changes nothing.
    pub fn is_plain(self) -> bool {
        self == Self::default()
    }

    /// Returns the values of one channel after brightness and contrast, by the values before.
    fn curve(self) -> [f32; 256] {
        let b = (self.brightness / 100.0).clamp(-1.0, 1.0);
        let c = (self.contrast / 100.0).clamp(-1.0, 1.0);
        // Brightness bends the middle and leaves black and white where they are.
        let gamma = 2.0_f64.powf(-1.25 * b);
        // −1 is flat grey, 1 four times as steep.
        let slope = if c < 0.0 { 1.0 + c } else { 1.0 + 3.0 * c * c + 0.5 * c };
        let mut curve = [0.0; 256];
        for (i, value) in curve.iter_mut().enumerate() {
            let v = (i as f64 / 255.0).powf(gamma);
            *value = ((v - 0.5) * slope + 0.5).clamp(0.0, 1.0) as f32 * 255.0;
        }
        curve
    }

    /// Adjusts pixels in place: red, green, blue and alpha, not premultiplied.
    pub fn apply(self, pixels: &mut [u8]) {
        if self.is_plain() {
            return;
        }
        let curve = self.curve();
        let s = (self.saturation / 100.0).clamp(-1.0, 1.0) as f32;
        let gain = if s < 0.0 { 1.0 + s } else { 1.0 + 1.6 * s };
        for pixel in pixels.chunks_exact_mut(4) {
            let [r, g, b] = [
                curve[usize::from(pixel[0])],
                curve[usize::from(pixel[1])],
                curve[usize::from(pixel[2])],
            ];
            let grey = LUMA[0] * r + LUMA[1] * g + LUMA[2] * b;
            // `as` saturates: below 0 is 0, above 255 is 255.
            pixel[0] = (grey + (r - grey) * gain + 0.5) as u8;
            pixel[1] = (grey + (g - grey) * gain + 0.5) as u8;
            pixel[2] = (grey + (b - grey) * gain + 0.5) as u8;
        }
    }
}

//! Which scene a prompt becomes, where its horizon and its light are, and the sky over it.

mod abstracts;
mod cosmos;
mod dunes;
mod land;
mod plan;
mod sky;
mod still;
mod terrain;
mod urban;
mod water;
mod wild;

pub(crate) use plan::Scene;

use super::brush::Brush;
use super::words::{Motif, Place};
use gesso_media::WorkError;

impl Scene<'_> {
    pub(crate) fn paint(&self, b: &mut Brush<'_>) -> Result<(), WorkError> {
        match self.place {
            Place::Sea | Place::Coast | Place::Island => water::sea(self, b),
            Place::River => water::lake(self, b),
            Place::Mountains => land::mountains(self, b),
            Place::Dunes => land::dunes(self, b),
            Place::Field | Place::Snow | Place::Garden => land::field(self, b),
            Place::Forest => wild::forest(self, b),
            Place::Underwater => wild::underwater(self, b),
            Place::City => urban::city(self, b),
            Place::Street => urban::street(self, b),
            Place::Room => still::room(self, b),
            Place::Studio => still::studio(self, b),
            Place::Sky => sky::aloft(self, b),
            Place::Space => cosmos::space(self, b),
            Place::Abstract => abstracts::compose(self, b),
        }
    }

    /// Over a picture that is repainted: the subjects of the words, if `cast`, and the weather.
    pub(crate) fn restage(&self, b: &mut Brush<'_>, cast: bool) -> Result<(), WorkError> {
        let (w, h, u) = (b.w, b.h, b.u);
        for (i, motif) in self.cast.iter().copied().enumerate().filter(|_| cast) {
            b.check()?;
            let size = u * if i == 0 { 0.46 } else { 0.3 };
            let x = w * 0.5 - self.side * (w * 0.14 - i as f32 * w * 0.26);
            let flies =
                matches!(motif, Motif::Bird | Motif::Balloon | Motif::Planet | Motif::Rocket);
            let y = h * if flies { 0.5 } else { 0.9 };
            if !flies {
                terrain::shadow(self, b, x, y, size);
            }
            self.put(b, motif, x, y, size, 0.0);
        }
        sky::weather(self, b);
        b.at(0.8)
    }
}

//! Numbers that are the same on every machine: pure-Rust elementary functions, one small
//! generator and the noise built on it.

/// Sine of radians.
pub(crate) fn sin(x: f32) -> f32 {
    libm::sinf(x)
}

/// Cosine of radians.
pub(crate) fn cos(x: f32) -> f32 {
    libm::cosf(x)
}

/// `x` to the power of `y`.
pub(crate) fn pow(x: f32, y: f32) -> f32 {
    libm::powf(x, y)
}

/// Linear interpolation.
pub(crate) fn lerp(a: f32, b: f32, t: f32) -> f32 {
    a + (b - a) * t
}

/// Hermite step from 0 at `a` to 1 at `b`.
pub(crate) fn smoothstep(a: f32, b: f32, x: f32) -> f32 {
    let t = ((x - a) / (b - a)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// Mixes the bits of a number (the finalizer of `SplitMix64`, Steele et al. 2014).
pub(crate) fn mix64(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// FNV-1a over bytes, finished with [`mix64`].
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    let h = bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x100_0000_01b3));
    mix64(h)
}

/// A `SplitMix64` generator.
#[derive(Clone, Debug)]
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        Self(mix64(seed))
    }

    /// An independent stream, so that one motif drawing more numbers moves nothing else.
    pub(crate) fn fork(&self, tag: &str) -> Self {
        Self(mix64(self.0 ^ hash(tag.as_bytes())))
    }

    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix64(self.0)
    }

    /// From 0 up to 1, 1 excluded.
    pub(crate) fn unit(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / 16_777_216.0
    }

    pub(crate) fn range(&mut self, low: f32, high: f32) -> f32 {
        lerp(low, high, self.unit())
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.bits() % n.max(1) as u64) as usize
    }

    pub(crate) fn chance(&mut self, p: f32) -> bool {
        self.unit() < p
    }

    /// -1 or 1.
    pub(crate) fn sign(&mut self) -> f32 {
        if self.chance(0.5) { -1.0 } else { 1.0 }
    }

    /// Mostly near 0, from -1 to 1.
    pub(crate) fn bell(&mut self) -> f32 {
        (self.unit() + self.unit() + self.unit()) / 1.5 - 1.0
    }
}

fn lattice(x: i64, y: i64, seed: u64) -> f32 {
    let n = mix64(
        seed ^ (x as u64).wrapping_mul(0x8da6_b343)
            ^ (y as u64).wrapping_mul(0xd816_3841_0000_0001),
    );
    (n >> 40) as f32 / 8_388_608.0 - 1.0
}

/// Smooth value noise in two dimensions, from -1 to 1.
pub(crate) fn noise(x: f32, y: f32, seed: u64) -> f32 {
    let (fx, fy) = (libm::floorf(x), libm::floorf(y));
    let (ix, iy) = (fx as i64, fy as i64);
    let (tx, ty) = (smoothstep(0.0, 1.0, x - fx), smoothstep(0.0, 1.0, y - fy));
    let top = lerp(lattice(ix, iy, seed), lattice(ix + 1, iy, seed), tx);
    let low = lerp(lattice(ix, iy + 1, seed), lattice(ix + 1, iy + 1, seed), tx);
    lerp(top, low, ty)
}

/// Octaves of [`noise`], from about -1 to 1.
pub(crate) fn fbm(x: f32, y: f32, octaves: u32, seed: u64) -> f32 {
    let (mut sum, mut amplitude, mut frequency, mut total) = (0.0, 1.0, 1.0, 0.0);
    for octave in 0..octaves {
        sum += amplitude
            * noise(x * frequency, y * frequency, seed.wrapping_add(u64::from(octave) * 7919));
        total += amplitude;
        amplitude *= 0.5;
        frequency *= 2.03;
    }
    sum / total
}

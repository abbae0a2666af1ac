//! The programs of this machine that some models need: found, named where they are missing.

use std::path::{Path, PathBuf};

/// A program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Program {
    /// Encodes, decodes and mixes video and sound.
    Ffmpeg,
    /// Tells what a video or sound holds; it comes with ffmpeg.
    Ffprobe,
    /// Speaks.
    EspeakNg,
    /// Opens HEIC and AVIF pictures.
    Heif,
    /// The server's own program, which draws vector pictures in a process of its own.
    Own,
}

/// Number of programs.
const COUNT: usize = 5;

impl Program {
    /// Every one that is somebody else's and has to be installed.
    pub const ALL: [Self; 4] = [Self::Ffmpeg, Self::Ffprobe, Self::EspeakNg, Self::Heif];

    /// Name, also in a model's `needs`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ffmpeg => "ffmpeg",
            Self::Ffprobe => "ffprobe",
            Self::EspeakNg => "espeak-ng",
            Self::Heif => "heif-convert",
            Self::Own => "gesso",
        }
    }

    /// The names it is found under; the newer first.
    const fn names(self) -> &'static [&'static str] {
        match self {
            Self::Ffmpeg => &["ffmpeg"],
            Self::Ffprobe => &["ffprobe"],
            Self::EspeakNg => &["espeak-ng"],
            Self::Heif => &["heif-dec", "heif-convert"],
            Self::Own => &[],
        }
    }

    /// The package that brings it, by Debian's name.
    #[must_use]
    pub const fn package(self) -> &'static str {
        match self {
            Self::Ffmpeg | Self::Ffprobe => "ffmpeg",
            Self::EspeakNg => "espeak-ng",
            Self::Heif => "libheif-examples",
            Self::Own => "gesso",
        }
    }

    /// The same by Homebrew's name.
    const fn formula(self) -> &'static str {
        if matches!(self, Self::Heif) { "libheif" } else { self.package() }
    }

    /// The variable that names another place to find it.
    #[must_use]
    pub const fn variable(self) -> &'static str {
        match self {
            Self::Ffmpeg => "GESSO_FFMPEG",
            Self::Ffprobe => "GESSO_FFPROBE",
            Self::EspeakNg => "GESSO_ESPEAK_NG",
            Self::Heif => "GESSO_HEIF_CONVERT",
            Self::Own => "GESSO_PROGRAM",
        }
    }

    /// The program of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|program| program.name() == name)
    }

    /// Returns the sentence that tells whoever runs the server how to get it.
    #[must_use]
    pub fn how_to_get(self) -> String {
        let (package, formula) = (self.package(), self.formula());
        format!(
            "Install it on the server (Debian or Ubuntu: “sudo apt install {package}”, macOS: “brew install {formula}”), or name its place in {}.",
            self.variable()
        )
    }
}

/// Where the programs are on this machine.
#[derive(Clone, Debug, Default)]
pub struct Programs {
    found: [Option<PathBuf>; COUNT],
    /// `setpriv`, which lets a program end with the server, however the server ends.
    pub(crate) setpriv: Option<PathBuf>,
    /// `prlimit`, which keeps a program from eating the memory of all.
    pub(crate) prlimit: Option<PathBuf>,
}

impl Programs {
    /// Looks for them: the variable of each, else the `PATH`.
    #[must_use]
    pub fn find() -> Self {
        let named = |program: Program| {
            let path = std::env::var_os(program.variable()).filter(|path| !path.is_empty());
            match path {
                Some(path) => Some(PathBuf::from(path)).filter(|path| path.is_file()),
                None => program.names().iter().find_map(|name| on_path(name)),
            }
        };
        let mut found: [Option<PathBuf>; COUNT] = Default::default();
        for program in Program::ALL {
            found[program as usize] = named(program);
        }
        Self { found, setpriv: on_path("setpriv"), prlimit: on_path("prlimit") }
    }

    /// The same, with the own program at a place: without it vector pictures are drawn in this process.
    #[must_use]
    pub fn with_own(mut self, path: PathBuf) -> Self {
        self.found[Program::Own as usize] = Some(path);
        self
    }

    /// Where a program is, if it is there.
    #[must_use]
    pub fn path(&self, program: Program) -> Option<&Path> {
        self.found[program as usize].as_deref()
    }

    /// True if a program is there.
    #[must_use]
    pub fn has(&self, program: Program) -> bool {
        self.found[program as usize].is_some()
    }
}

fn on_path(name: &str) -> Option<PathBuf> {
    let paths = std::env::var_os("PATH")?;
    std::env::split_paths(&paths).map(|dir| dir.join(name)).find(|path| path.is_file())
}

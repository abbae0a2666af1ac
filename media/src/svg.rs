//! Vector pictures of unknown origin: written anew from a list of what is allowed, and drawn.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};

use base64::Engine as _;
use image::RgbaImage;
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::roxmltree::{self as xml, Document, Node, NodeType, ParsingOptions};
use resvg::usvg::{self, ImageHrefResolver, Options, Tree, fontdb};

use crate::css;
use crate::error::WorkError;
use crate::limits::DecodeLimits;
use crate::picture::dimensions;
use crate::sniff::sniff;
use crate::svg_names;
use crate::svg_text;

/// Most bytes of a vector picture.
pub(super) const SVG_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// Most elements and pieces of text.
const NODES_MAX: u32 = 200_000;
/// Deepest nesting.
const DEPTH_MAX: usize = 100;
/// Longest side of a drawing of it, in pixels.
const SIDE_MAX_PX: u32 = 4096;
/// Octaves of noise beyond these change no pixel and cost as much as the others each.
const OCTAVES_MAX: f64 = 10.0;
/// Largest picture inside, which is decoded for every drawing.
const INNER: DecodeLimits = DecodeLimits { side_max_px: 8192, pixels_max: 32_000_000 };

const SVG: &str = "http://www.w3.org/2000/svg";
const XLINK: &str = "http://www.w3.org/1999/xlink";
const XML: &str = "http://www.w3.org/XML/1998/namespace";

fn refused(why: &str) -> WorkError {
    WorkError::Refused(format!("This SVG cannot be taken: {why}."))
}

const TOO_MANY: &str = "it has more elements than can be drawn, or refers to the same ones over and over; simplify it, \
                        or export it as PNG";

/// Why an SVG could not be parsed.
fn unreadable(error: &xml::Error) -> WorkError {
    if matches!(error, xml::Error::NodesLimitReached) {
        return refused(TOO_MANY);
    }
    refused(&format!("it is damaged ({error})"))
}

/// The same vector picture without scripts, event handlers, foreign content, links and references to anything outside
/// it; what is harmless stays as it is. Cleaning what is clean changes nothing.
///
/// # Errors
/// [`WorkError::Refused`] for what is broken, too large or declares entities that are more than short text.
pub fn clean(bytes: &[u8]) -> Result<String, WorkError> {
    if bytes.len() as u64 > SVG_BYTES_MAX {
        return Err(refused("it is larger than 8 MiB; simplify it or save it as PNG"));
    }
    let Some(text) = svg_text::decoded(bytes) else {
        return Err(refused("its text is not UTF-8; export it again"));
    };
    let text = &*text;
    if let Some(why) = svg_text::harm_of_entities(text).or_else(|| svg_text::harm_of_elements(text))
    {
        return Err(refused(why));
    }
    let options =
        ParsingOptions { allow_dtd: true, nodes_limit: NODES_MAX, ..ParsingOptions::default() };
    let document =
        Document::parse_with_options(text, options).map_err(|error| unreadable(&error))?;
    let root = document.root_element();
    if root.tag_name().name() != "svg" {
        return Err(refused("its root is no svg element"));
    }
    let mut out = String::with_capacity(text.len());
    element(root, &mut out, 0)?;
    out.push('\n');
    Ok(out)
}

/// Width and height of a vector picture in pixels.
///
/// # Errors
/// [`WorkError::Refused`] for what is broken.
pub(super) fn size(bytes: &[u8]) -> Result<(u32, u32), WorkError> {
    let size = tree(bytes)?.size();
    let px = |side: f32| side.round().clamp(1.0, 1e6) as u32;
    Ok((px(size.width()), px(size.height())))
}

fn is_svg(node: Node<'_, '_>) -> bool {
    // Without a namespace no browser shows it; it is meant all the same.
    matches!(node.tag_name().namespace(), Some(SVG) | None)
}

fn element(node: Node<'_, '_>, out: &mut String, depth: usize) -> Result<(), WorkError> {
    if depth > DEPTH_MAX {
        return Err(refused("it is nested too deep; flatten its groups"));
    }
    // A link's content is part of the picture, its destination is not.
    let name = match node.tag_name().name() {
        "a" => "g",
        name => name,
    };
    if !is_svg(node) || !svg_names::is_element(name) || !animates_harmlessly(node) {
        return Ok(());
    }
    let style = (name == "style")
        .then(|| css::clean(&node.children().filter_map(|child| child.text()).collect::<String>()));
    write!(out, "<{name}").map_err(|e| WorkError::Internal(e.to_string()))?;
    if depth == 0 {
        out.push_str(
            " xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\"",
        );
    }
    for attribute in node.attributes() {
        let key = attribute.name();
        let value = harmless(name, key, attribute.value());
        let prefix = allowed(attribute.namespace(), key);
        if let (Some(prefix), Some(value)) = (prefix, value) {
            out.push(' ');
            out.push_str(prefix);
            out.push_str(key);
            out.push_str("=\"");
            escape(&value, true, out);
            out.push('"');
        }
    }
    let start = out.len();
    out.push('>');
    let inside = out.len();
    if let Some(sheet) = style {
        escape(&sheet, false, out);
    } else {
        for child in node.children() {
            match child.node_type() {
                NodeType::Element => element(child, out, depth + 1)?,
                NodeType::Text => escape(child.text().unwrap_or_default(), false, out),
                NodeType::Root | NodeType::PI | NodeType::Comment => {}
            }
        }
    }
    if out.len() == inside {
        out.truncate(start);
        out.push_str("/>");
    } else {
        out.push_str("</");
        out.push_str(name);
        out.push('>');
    }
    Ok(())
}

/// Returns true if an element animates nothing that leads elsewhere or runs.
fn animates_harmlessly(node: Node<'_, '_>) -> bool {
    if !matches!(node.tag_name().name(), "animate" | "animateMotion" | "animateTransform" | "set") {
        return true;
    }
    let target = node.attribute("attributeName");
    target.is_none_or(|name| svg_names::is_attribute(name) && !matches!(name, "href" | "style"))
}

/// The prefix an attribute is written with; `None` where it is left out.
fn allowed(namespace: Option<&str>, name: &str) -> Option<&'static str> {
    match namespace {
        None => svg_names::is_attribute(name).then_some(""),
        Some(XLINK) if name == "href" => Some("xlink:"),
        Some(XML) if matches!(name, "space" | "lang") => Some("xml:"),
        Some(_) => None,
    }
}

/// A value without what leads elsewhere or asks for work that nobody sees; `None` where nothing of it is left.
fn harmless<'a>(element: &str, name: &str, value: &'a str) -> Option<Cow<'a, str>> {
    let fine = match name {
        "href" => {
            let value = value.trim();
            value.starts_with('#') || (matches!(element, "image" | "feImage") && is_picture(value))
        }
        "style" => {
            let left = css::clean(value);
            return (!left.is_empty()).then_some(Cow::Owned(left));
        }
        "numOctaves" if value.trim().parse().is_ok_and(|n: f64| n > OCTAVES_MAX) => {
            return Some(Cow::Owned(OCTAVES_MAX.to_string()));
        }
        "from" | "to" | "by" | "values" => !acts(value) && css::is_harmless(value),
        _ => css::is_harmless(value),
    };
    fine.then_some(Cow::Borrowed(value))
}

/// True if a value would run or load something where it became a link.
fn acts(value: &str) -> bool {
    let low: String = value.to_ascii_lowercase().split_ascii_whitespace().collect();
    ["javascript:", "vbscript:", "data:"].iter().any(|word| low.contains(word))
}

/// True if a link holds a raster picture of a bearable size.
fn is_picture(link: &str) -> bool {
    let types = ["png", "jpeg", "jpg", "webp", "gif"];
    let Some((head, data)) = link.split_once(',') else { return false };
    let head = head.trim().to_ascii_lowercase();
    let mut parts = head.split(';').map(str::trim);
    let kind = parts.next().and_then(|kind| kind.strip_prefix("data:image/"));
    let (Some(kind), Some("base64")) = (kind, parts.next_back()) else { return false };
    let data: String = data.split_ascii_whitespace().collect();
    let Ok(bytes) = base64::engine::general_purpose::STANDARD.decode(data) else { return false };
    let is_raster = sniff(&bytes).is_some_and(|found| found.mime != "image/svg+xml");
    types.contains(&kind)
        && is_raster
        && dimensions(&bytes).is_ok_and(|(width, height)| {
            width.max(height) <= INNER.side_max_px
                && u64::from(width) * u64::from(height) <= INNER.pixels_max
        })
}

fn escape(text: &str, quoted: bool, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' if quoted => out.push_str("&quot;"),
            // Written plainly in an attribute they would come back as spaces.
            '\n' if quoted => out.push_str("&#10;"),
            '\t' if quoted => out.push_str("&#9;"),
            '\r' => out.push_str("&#13;"),
            c => out.push(c),
        }
    }
}

fn tree(bytes: &[u8]) -> Result<Tree, WorkError> {
    let options = Options {
        image_href_resolver: ImageHrefResolver {
            resolve_data: ImageHrefResolver::default_data_resolver(),
            // Nothing is ever read from the disk.
            resolve_string: Box::new(|_, _| None),
        },
        fontdb: if has_few_letters(bytes) { Arc::clone(&FONTS) } else { Arc::default() },
        ..Options::default()
    };
    Tree::from_data(bytes, &options).map_err(|error| {
        if let usvg::Error::ParsingFailed(error) = &error {
            return unreadable(error);
        }
        if matches!(error, usvg::Error::ElementsLimitReached) {
            return refused(TOO_MANY);
        }
        refused(&format!("it is damaged ({error})"))
    })
}

/// Most letters that are drawn: setting them takes time that grows with their square.
const LETTERS_MAX: usize = 10_000;

/// True if the letters of a drawing are few: not so many, and not shown again and again by what repeats its content.
fn has_few_letters(bytes: &[u8]) -> bool {
    let options = ParsingOptions { nodes_limit: NODES_MAX, ..ParsingOptions::default() };
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    let Ok(document) = Document::parse_with_options(text, options) else { return false };
    let mut letters = 0;
    for node in document.descendants() {
        if matches!(node.tag_name().name(), "use" | "marker") {
            return false;
        }
        if node.is_text() {
            letters += node.text().unwrap_or_default().len();
        }
    }
    (1..=LETTERS_MAX).contains(&letters)
}

/// The fonts of this machine, read when the first drawing is made. Families that are not here are set in one that is;
/// without any font, and where there are very many, letters are left out.
static FONTS: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = fontdb::Database::new();
    fonts.load_system_fonts();
    let has = |name: &&str| {
        fonts.faces().any(|face| face.families.iter().any(|(family, _)| family == name))
    };
    let first = |names: &[&'static str]| names.iter().copied().find(|name| has(name));
    let sans = first(&["Inter", "Noto Sans", "Liberation Sans", "DejaVu Sans", "Arial"]);
    let serif = first(&["Noto Serif", "Liberation Serif", "DejaVu Serif", "Times New Roman"]);
    let mono = first(&["Noto Sans Mono", "Liberation Mono", "DejaVu Sans Mono", "Courier New"]);
    let any = fonts.faces().next().and_then(|face| face.families.first()).map(|f| f.0.clone());
    let [sans, serif, mono] =
        [sans, serif, mono].map(|name| name.map(str::to_owned).or_else(|| any.clone()));
    if let (Some(sans), Some(serif), Some(mono)) = (sans, serif, mono) {
        fonts.set_sans_serif_family(sans.clone());
        fonts.set_serif_family(serif);
        fonts.set_monospace_family(mono);
        fonts.set_cursive_family(sans.clone());
        fonts.set_fantasy_family(sans);
    }
    Arc::new(fonts)
});

/// A drawing of a vector picture, `width` pixels wide, on nothing; narrower where it would be too high.
///
/// # Errors
/// [`WorkError::Refused`] for what is broken.
pub(super) fn draw(bytes: &[u8], width: u32) -> Result<RgbaImage, WorkError> {
    let tree = tree(bytes)?;
    let size = tree.size();
    let width = width.clamp(1, SIDE_MAX_PX) as f32;
    let scale = (width / size.width()).min(SIDE_MAX_PX as f32 / size.height());
    let px = |side: f32| ((side * scale).round() as u32).clamp(1, SIDE_MAX_PX);
    let (width, height) = (px(size.width()), px(size.height()));
    let mut pixmap = Pixmap::new(width, height)
        .ok_or_else(|| WorkError::Internal("a drawing without pixels".to_owned()))?;
    let to_fit = Transform::from_scale(width as f32 / size.width(), height as f32 / size.height());
    resvg::render(&tree, to_fit, &mut pixmap.as_mut());
    let straight = pixmap.pixels().iter().flat_map(|pixel| {
        let color = pixel.demultiply();
        [color.red(), color.green(), color.blue(), color.alpha()]
    });
    RgbaImage::from_raw(width, height, straight.collect())
        .ok_or_else(|| WorkError::Internal("wrong length".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(body: &str) -> String {
        let svg = format!(
            "<svg xmlns=\"{SVG}\" xmlns:xlink=\"{XLINK}\" width=\"40\" height=\"20\">{body}</svg>"
        );
        let clean_once = clean(svg.as_bytes()).unwrap();
        assert_eq!(size(clean_once.as_bytes()), Ok((40, 20)));
        assert_eq!(clean(clean_once.as_bytes()).unwrap(), clean_once, "{body}");
        clean_once
    }

    #[test]
    fn what_acts_or_leads_elsewhere_goes() {
        for harm in [
            "<script>alert(1)</script>",
            "<rect onclick=\"alert(1)\"/>",
            "<rect ONLOAD=\"alert(1)\"/>",
            "<image Href=\"https://evil.example/alert.png\"/>",
            "<image src=\"alert.png\"/>",
            "<rect autofocus=\"alert\" tabindex=\"1\"/>",
            "<rect formaction=\"alert\" data=\"alert\" action=\"alert\" ping=\"alert\"/>",
            "<rect data-bind=\"alert(1)\"/>",
            "<a xlink:href=\"javascript:alert(1)\"><rect/></a>",
            "<a href=\" java&#10;script:alert(1)\"><rect/></a>",
            "<foreignObject><body xmlns=\"http://www.w3.org/1999/xhtml\">alert</body></foreignObject>",
            "<image href=\"https://evil.example/alert.png\"/>",
            "<image href=\"data:image/svg+xml;base64,PHN2Zy8+\"/>",
            "<image href=\"data:image/png;base64,PHN2Zy8+\"/>",
            "<use href=\"other.svg#alert\"/>",
            "<rect fill=\"url(https://evil.example/alert)\"/>",
            "<rect style=\"fill:u\\72l(//evil.example/alert)\"/>",
            "<style>@import 'https://evil.example/alert';</style>",
            "<style>rect { background: url( 'https://evil.example/alert' ) }</style>",
            "<set attributeName=\"href\" to=\"javascript:alert(1)\"/>",
            "<animate attributeName=\"xlink:href\" to=\"javascript:alert(1)\"/>",
            "<iframe src=\"https://evil.example/alert\"/>",
            "<x:script xmlns:x=\"http://www.w3.org/2000/svg\">alert(1)</x:script>",
            "<h:script xmlns:h=\"http://www.w3.org/1999/xhtml\">alert(1)</h:script>",
            "<handler>alert(1)</handler>",
            "<rect id=\"a\"><!-- alert --><?alert?></rect>",
        ] {
            let clean = cleaned(harm);
            for word in ["alert", "evil", "javascript", "PHN2"] {
                assert!(!clean.contains(word), "{harm}\n{clean}");
            }
        }
    }

    #[test]
    fn what_is_picture_stays() {
        let body = "<defs><linearGradient id=\"g\"><stop offset=\"0\" stop-color=\"#f00\"/></linearGradient></defs>\
             <style>rect { stroke: url(#g) }</style>\
             <g transform=\"translate(1 2)\"><rect width=\"9\" height=\"9\" fill=\"url(#g)\"/></g>\
             <use xlink:href=\"#g\"/><text x=\"1\">Tea &amp; &lt;cake&gt;</text>";
        let clean = cleaned(body);
        assert!(clean.contains(body), "{clean}");
        let mut png = Vec::new();
        image::DynamicImage::new_rgb8(2, 2)
            .write_to(&mut std::io::Cursor::new(&mut png), image::ImageFormat::Png)
            .unwrap();
        let data = base64::engine::general_purpose::STANDARD.encode(png);
        let inner =
            format!("<image href=\"data:image/png;base64,{data}\" width=\"4\" height=\"4\"/>");
        assert!(cleaned(&inner).contains(&inner));
    }

    #[test]
    fn bombs_and_broken_files_are_refused() {
        let deep =
            format!("<svg xmlns=\"{SVG}\">{}{}</svg>", "<g>".repeat(50_000), "</g>".repeat(50_000));
        let entity = "<!DOCTYPE svg SYSTEM \">\" [<!ENTITY a \"&b;\">]><svg xmlns=\"x\">&a;</svg>";
        let wide = format!("<svg xmlns=\"{SVG}\">{}</svg>", "<g/>".repeat(210_000));
        for (bomb, says) in [
            (deep.as_str(), "nested too deep"),
            (entity, "entities"),
            (&wide, "more elements than can be drawn"),
            ("<svg xmlns=\"http://www.w3.org/2000/svg\"><g></svg>", "damaged"),
            ("<svg xmlns=\"http://www.w3.org/2000/svg\"", "damaged"),
        ] {
            let error = clean(bomb.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
        // Each level shows the one below ten times: 10^9 circles.
        let mut laughs = format!("<svg xmlns=\"{SVG}\"><circle id=\"l0\" r=\"1\"/>");
        for level in 1..10 {
            let below = format!("<use href=\"#l{}\"/>", level - 1).repeat(10);
            laughs.push_str(&format!("<g id=\"l{level}\">{below}</g>"));
        }
        let laughs = clean(format!("{laughs}</svg>").as_bytes()).unwrap();
        let error = size(laughs.as_bytes()).unwrap_err().to_string();
        assert!(error.contains("simplify it"), "{error}");
    }

    #[test]
    fn noise_beyond_what_can_be_seen_is_not_made() {
        let noise = |octaves: &str| {
            cleaned(&format!(
                "<filter id=\"f\"><feTurbulence baseFrequency=\"0.05\" numOctaves=\"{octaves}\"/></filter>"
            ))
        };
        assert!(noise("2000000000").contains("numOctaves=\"10\""));
        assert!(noise("1e30").contains("numOctaves=\"10\""));
        assert!(noise("3").contains("numOctaves=\"3\""));
    }

    #[test]
    fn a_drawing_has_the_shape_and_colours_of_the_picture() {
        let svg = format!(
            "<svg xmlns=\"{SVG}\" viewBox=\"0 0 4 2\"><rect width=\"2\" height=\"2\" fill=\"#f00\" fill-opacity=\"0.5\"/></svg>"
        );
        let drawn = draw(svg.as_bytes(), 80).unwrap();
        assert_eq!(drawn.dimensions(), (80, 40));
        let (left, right) = (drawn.get_pixel(20, 20).0, drawn.get_pixel(60, 20).0);
        assert_eq!((left[0], left[1], right[3]), (255, 0, 0));
        assert!((127..=129).contains(&left[3]), "{left:?}");
    }
}

//! What a file holds, by ffprobe's word.

use serde_json::Value;

use super::Rate;

/// What is known of a file before it is decoded.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Probe {
    /// Seconds; 0 where nobody knows.
    pub(crate) duration_s: f64,
    /// As it is to be shown, turned upright, where there is a picture.
    pub(crate) size_px: Option<(u32, u32)>,
    /// Of the pictures, where there are any.
    pub(crate) rate: Option<Rate>,
    pub(crate) has_sound: bool,
    /// The name of the pictures' codec; empty without pictures.
    pub(crate) codec: String,
    /// How their pixels lie, in ffmpeg's words.
    pub(crate) pixels: String,
}

impl Probe {
    /// From ffprobe's JSON.
    pub(super) fn read(json: &Value) -> Self {
        let streams = json["streams"].as_array().map(Vec::as_slice).unwrap_or_default();
        let of = |kind: &str| {
            let cover = |s: &Value| s["disposition"]["attached_pic"].as_i64() == Some(1);
            streams.iter().find(|s| s["codec_type"].as_str() == Some(kind) && !cover(s))
        };
        let seconds = |v: &Value| v.as_str().and_then(|t| t.parse::<f64>().ok());
        let picture = of("video");
        let lasts = seconds(&json["format"]["duration"])
            .or_else(|| picture.and_then(|s| seconds(&s["duration"])))
            .or_else(|| of("audio").and_then(|s| seconds(&s["duration"])));
        Self {
            duration_s: lasts.filter(|s| s.is_finite() && *s > 0.0).unwrap_or(0.0),
            size_px: picture.and_then(size),
            rate: picture
                .and_then(|s| rate(&s["avg_frame_rate"]).or_else(|| rate(&s["r_frame_rate"]))),
            has_sound: of("audio").is_some(),
            pixels: picture.and_then(|s| s["pix_fmt"].as_str()).unwrap_or_default().to_owned(),
            codec: picture.and_then(|s| s["codec_name"].as_str()).unwrap_or_default().to_owned(),
        }
    }
}

fn size(stream: &Value) -> Option<(u32, u32)> {
    let side = |key: &str| stream[key].as_u64().and_then(|n| u32::try_from(n).ok());
    let (width, height) = (side("width")?, side("height")?);
    let notes = stream["side_data_list"].as_array().map(Vec::as_slice).unwrap_or_default();
    let turns = notes.iter().find_map(|note| note["rotation"].as_f64());
    let turned = turns.is_some_and(|degrees| (libm::round(degrees / 90.0) as i64) % 2 != 0);
    Some(if turned { (height, width) } else { (width, height) })
}

fn rate(text: &Value) -> Option<Rate> {
    let (pictures, seconds) = text.as_str()?.split_once('/')?;
    let rate = Rate { pictures: pictures.parse().ok()?, seconds: seconds.parse().ok()? };
    (rate.pictures > 0 && rate.seconds > 0).then_some(rate)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_turned_film_has_its_sides_swapped() {
        let json = json!({"format": {"duration": "3.5"}, "streams": [
            {"codec_type": "video", "width": 640, "height": 360, "avg_frame_rate": "30000/1001",
             "side_data_list": [{"rotation": -90}]},
            {"codec_type": "audio"}]});
        let probe = Probe::read(&json);
        assert_eq!(probe.size_px, Some((360, 640)));
        assert_eq!(probe.rate, Some(Rate { pictures: 30000, seconds: 1001 }));
        assert!((probe.duration_s - 3.5).abs() < 1e-9 && probe.has_sound);
    }

    #[test]
    fn a_cover_is_no_film() {
        let json = json!({"streams": [
            {"codec_type": "video", "width": 9, "height": 9, "disposition": {"attached_pic": 1}}]});
        assert_eq!(Probe::read(&json).size_px, None);
    }
}

//! The structure of a GLB (glTF 2.0, §4.4), looked at before anybody trusts it.

use std::io::Read;

use serde_json::Value;

use crate::error::WorkError;

/// Most bytes of the part that describes the model.
const JSON_BYTES_MAX: u32 = 16 * 1024 * 1024;

/// Checks that a GLB of `len` bytes is whole and needs nothing from elsewhere. Only its description is read.
///
/// # Errors
/// [`WorkError::Refused`] with what is wrong with it, and those of reading.
pub(super) fn check(mut from: impl Read, len: u64) -> Result<(), WorkError> {
    let damaged = |why: &str| {
        WorkError::Refused(format!(
            "This 3D model is damaged: {why}. Export it again as GLB (glTF 2.0, binary) and upload that."
        ))
    };
    let mut head = [0_u8; 20];
    if from.read_exact(&mut head).is_err() {
        return Err(damaged("it ends in its header"));
    }
    let word = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    if &head[..4] != b"glTF" || word(4) != 2 {
        return Err(damaged("it is no glTF of version 2"));
    }
    if u64::from(word(8)) != len {
        return Err(damaged("it is not as long as it says"));
    }
    let (json_len, kind) = (word(12), &head[16..20]);
    if kind != b"JSON" || u64::from(json_len) + 20 > len {
        return Err(damaged("its description is missing"));
    }
    if json_len > JSON_BYTES_MAX {
        return Err(WorkError::Refused(
            "The description of this 3D model is larger than 16 MiB. Simplify the model and export it again."
                .to_owned(),
        ));
    }
    let mut json = Vec::new();
    from.by_ref().take(u64::from(json_len)).read_to_end(&mut json)?;
    let Ok(model) = serde_json::from_slice::<Value>(&json) else {
        return Err(damaged("its description cannot be read"));
    };
    if model["asset"]["version"].as_str().is_none_or(|version| !version.starts_with("2.")) {
        return Err(damaged("it is no glTF of version 2"));
    }
    let parts = ["buffers", "images"].into_iter().filter_map(|key| model[key].as_array()).flatten();
    let mut links = parts.filter_map(|part| part["uri"].as_str());
    if links.any(|link| !link.starts_with("data:")) {
        return Err(WorkError::Refused(
            "This 3D model needs files that are not in it. Export it as one GLB with everything packed in.".to_owned(),
        ));
    }
    let rest = len - 20 - u64::from(json_len);
    if rest > 0 {
        let mut chunk = [0_u8; 8];
        if from.read_exact(&mut chunk).is_err() {
            return Err(damaged("it ends early"));
        }
        let size = u32::from_le_bytes([chunk[0], chunk[1], chunk[2], chunk[3]]);
        if u64::from(size) + 8 > rest {
            return Err(damaged("it ends early"));
        }
    }
    let meshes = model["meshes"].as_array().is_some_and(|meshes| !meshes.is_empty());
    if meshes { Ok(()) } else { Err(damaged("there is nothing in it to see")) }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn glb(json: &str, rest: &[u8]) -> Vec<u8> {
        let mut json = json.as_bytes().to_vec();
        json.resize(json.len().next_multiple_of(4), b' ');
        let mut out = b"glTF\x02\0\0\0".to_vec();
        out.extend((20 + json.len() as u32 + rest.len() as u32).to_le_bytes());
        out.extend((json.len() as u32).to_le_bytes());
        out.extend(b"JSON");
        out.extend(json);
        out.extend(rest);
        out
    }

    fn checked(bytes: &[u8]) -> Result<(), String> {
        check(bytes, bytes.len() as u64).map_err(|error| error.to_string())
    }

    #[test]
    fn only_whole_models_that_need_nothing_else_pass() {
        let fine = r#"{"asset":{"version":"2.0"},"meshes":[{"primitives":[]}],"buffers":[{"byteLength":4}]}"#;
        let bin = [4, 0, 0, 0, b'B', b'I', b'N', 0, 1, 2, 3, 4];
        let whole = glb(fine, &bin);
        assert_eq!(checked(&whole), Ok(()));
        for (bytes, says) in [
            (whole[..whole.len() - 3].to_vec(), "not as long"),
            (whole[..10].to_vec(), "ends in its header"),
            (glb(fine, &bin[..9]), "ends early"),
            (glb("{\"asset\":", &[]), "cannot be read"),
            (glb(&"[".repeat(5000), &[]), "cannot be read"),
            (glb(r#"{"asset":{"version":"2.0"}}"#, &[]), "nothing in it"),
            (glb(r#"{"asset":{"version":"1.0"},"meshes":[{}]}"#, &[]), "version 2"),
            (
                glb(
                    r#"{"asset":{"version":"2.0"},"meshes":[{}],"buffers":[{"uri":"http://a/b.bin"}]}"#,
                    &[],
                ),
                "one GLB",
            ),
            (
                glb(
                    r#"{"asset":{"version":"2.0"},"meshes":[{}],"images":[{"uri":"../a.png"}]}"#,
                    &[],
                ),
                "one GLB",
            ),
        ] {
            let error = checked(&bytes).unwrap_err();
            assert!(error.contains(says), "{error} / {says}");
        }
    }
}

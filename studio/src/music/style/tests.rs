use super::*;

fn brief(prompt: &str) -> Brief {
    Brief::of(prompt, 0.0, "auto", "auto", &mut Rng::new(1))
}

#[test]
fn the_words_are_followed() {
    assert_eq!(brief("techno at 128 bpm").bpm, 128.0);
    let key = brief("A calm piece in F# minor");
    assert!(key.minor && key.root % 12 == 6);
    assert!(brief("in a forest").style.words.is_empty());
    assert!(!brief("rock without drums").drums && brief("rock").drums);
    assert_eq!(brief("lo-fi with flute").style.lead, Some(Voice::Flute));
    let solo = brief("solo piano");
    assert!(solo.style.lead == Some(Voice::Piano) && !solo.drums);
    let none = brief("classical, no piano").style;
    assert!(none.chords.0 != Voice::Piano && none.lead != Some(Voice::Piano));
}

#[test]
fn every_genre_is_found_and_its_drums_have_sixteen_steps() {
    for style in STYLES.iter().filter(|style| !style.words.is_empty()) {
        assert_eq!(brief(style.words[0]).style.words, style.words);
        if let Some(kit) = style.kit {
            assert!([kit.kick, kit.snare, kit.hat, kit.open].iter().all(|row| row.len() == 16));
        }
    }
}

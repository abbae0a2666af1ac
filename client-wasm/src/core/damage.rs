//! Texts for people when a part of a canvas could not be read from the server's disk.

use gesso_protocol::api::{Damage, DamageReason};

use super::library;

/// The texts of the banner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The damage, in one sentence.
    pub title: &'static str,
    /// The meaning of the damage, and what can be done.
    pub text: String,
    /// Mark that is remembered when somebody has read it: something new is told again.
    pub mark: String,
}

/// Reasons for which something is not in the canvas.
const LOST: [DamageReason; 4] = [
    DamageReason::Altered,
    DamageReason::Unreadable,
    DamageReason::Missing,
    DamageReason::BuildsOnLost,
];

/// Returns the texts to show; `None` where everything is there.
pub fn told(damage: &[Damage]) -> Option<Told> {
    let newest = damage.iter().map(|item| item.at).max()?;
    let rows: i64 = damage.iter().map(|item| item.rows).sum();
    let mark = format!("{newest} {rows}");
    let has = |reasons: &[DamageReason]| damage.iter().any(|item| reasons.contains(&item.reason));
    let kept = match damage.iter().map(|item| item.bytes).sum() {
        0 => "Nothing of it was left to keep".to_owned(),
        bytes => {
            format!("The damaged bytes ({}) are kept aside on the server", library::bytes(bytes))
        }
    };
    let (title, text) = if damage.iter().all(|item| item.reason == DamageReason::Repaired) {
        let text = format!("It could be put right, nothing is lost. {kept}.");
        ("A part of this canvas was damaged on the server's disk.", text)
    } else if !has(&LOST) {
        let text = format!(
            "It could still be read and is shown, but may differ from what it was: look it through. {kept}."
        );
        ("A part of this canvas was damaged on the server's disk.", text)
    } else {
        let text = format!(
            "What could be read is here, and new work is saved. {kept}. Whoever still has this canvas open, or worked on \
             it offline, brings their part back by connecting."
        );
        ("A part of this canvas could not be read from the server's disk.", text)
    };
    Some(Told { title, text, mark })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn damage(reason: DamageReason, bytes: i64, at: i64) -> Damage {
        Damage { at, rows: 1, bytes, reason, first: 1 }
    }

    #[test]
    fn what_was_lost_is_told_and_how_it_comes_back() {
        assert_eq!(told(&[]), None);
        let one = [damage(DamageReason::Altered, 12_000, 5), damage(DamageReason::Doubtful, 1, 5)];
        let told_one = told(&one).unwrap();
        assert!(told_one.title.contains("could not be read"), "{told_one:?}");
        assert!(told_one.text.contains("kept aside") && told_one.text.contains("by connecting"));
        let more = [one[0].clone(), one[1].clone(), damage(DamageReason::Missing, 0, 9)];
        assert_ne!(told(&more).unwrap().mark, told_one.mark);
    }

    #[test]
    fn what_is_only_doubtful_is_not_called_lost() {
        let told = told(&[damage(DamageReason::Doubtful, 900, 5)]).unwrap();
        assert!(!told.title.contains("could not be read"), "{told:?}");
        assert!(told.text.contains("look it through"), "{told:?}");
    }

    #[test]
    fn what_was_put_right_is_not_called_lost() {
        let told = told(&[damage(DamageReason::Repaired, 900, 5)]).unwrap();
        assert!(told.text.contains("nothing is lost"), "{told:?}");
    }

    #[test]
    fn where_nothing_was_left_nothing_is_called_kept() {
        let told = told(&[damage(DamageReason::Missing, 0, 5)]).unwrap();
        assert!(!told.text.contains("are kept aside"), "{told:?}");
    }
}

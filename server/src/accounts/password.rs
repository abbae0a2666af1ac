//! Hashes of passwords: argon2id with the parameters that OWASP recommends (19 MiB, 2 passes, 1 lane).

use std::sync::Arc;

use argon2::password_hash::rand_core::OsRng;
use argon2::password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use gesso_protocol::problem::{ErrorCode, Refusal};
use tokio::sync::Semaphore;

/// The shortest password, in characters.
pub const CHARS_MIN: usize = 10;
/// The longest password, in bytes: all of it counts.
pub const BYTES_MAX: usize = 1_024;
/// Hashes that are computed at once, 19 MiB each; others wait.
const AT_ONCE: usize = 2;
/// Memory of a hash, in KiB.
const MEMORY_KIB: u32 = 19 * 1024;
/// Passes over it.
const PASSES: u32 = 2;

/// Computes hashes, a few at a time and away from the threads that serve connections.
#[derive(Clone, Debug)]
pub struct Hasher {
    places: Arc<Semaphore>,
}

impl Default for Hasher {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

fn argon2() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).expect("the parameters are sound");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// Refuses a password that is too short to be one, or too long to be typed.
///
/// # Errors
/// `bad_request`.
pub fn check(password: &str) -> Result<(), Refusal> {
    if password.chars().count() < CHARS_MIN {
        let detail = format!("A password has at least {CHARS_MIN} characters.");
        return Err(Refusal::new(ErrorCode::BadRequest, detail));
    }
    if password.len() > BYTES_MAX {
        let detail = format!("A password has at most {BYTES_MAX} bytes.");
        return Err(Refusal::new(ErrorCode::BadRequest, detail));
    }
    Ok(())
}

impl Hasher {
    /// Returns the hash of a password, in PHC format.
    pub async fn hash(&self, password: String) -> Option<String> {
        self.run(move || {
            let salt = SaltString::generate(&mut OsRng);
            argon2().hash_password(password.as_bytes(), &salt).ok().map(|hash| hash.to_string())
        })
        .await
        .flatten()
    }

    /// Returns whether a password is that of a hash. Without a hash it takes as long and is not.
    pub async fn verify(&self, password: String, hash: Option<String>) -> bool {
        if password.len() > BYTES_MAX {
            return false;
        }
        let verifying = move || {
            let Some(hash) = hash else {
                let salt = SaltString::generate(&mut OsRng);
                argon2().hash_password(password.as_bytes(), &salt).ok();
                return false;
            };
            PasswordHash::new(&hash)
                .is_ok_and(|hash| argon2().verify_password(password.as_bytes(), &hash).is_ok())
        };
        self.run(verifying).await.unwrap_or(false)
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let _place = self.places.acquire().await.ok()?;
        tokio::task::spawn_blocking(work).await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_found_right_and_hashes_differ() {
        let hasher = Hasher::default();
        let hash = hasher.hash("correct horse".to_owned()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(hasher.hash("correct horse".to_owned()).await.unwrap(), hash);
        assert!(hasher.verify("correct horse".to_owned(), Some(hash.clone())).await);
        assert!(!hasher.verify("correct horsf".to_owned(), Some(hash.clone())).await);
        assert!(!hasher.verify("x".repeat(1 << 20), Some(hash)).await);
        assert!(!hasher.verify("correct horse".to_owned(), None).await);
        assert!(!hasher.verify("correct horse".to_owned(), Some("no hash".to_owned())).await);
    }

    #[test]
    fn passwords_are_neither_short_nor_endless() {
        check("ten chars!").unwrap();
        check("zehn Zeiche").unwrap();
        for wrong in ["", "nine char", &"x".repeat(1_025)] {
            check(wrong).unwrap_err();
        }
    }
}

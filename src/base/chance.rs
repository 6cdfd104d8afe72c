//! Where randomness comes from, so that nothing else in the program has to ask the system for it.

use ring::rand::{SecureRandom, SystemRandom};

/// The source of random bytes, backed by the operating system.
#[derive(Clone, Debug)]
pub struct Chance(SystemRandom);

impl Default for Chance {
    fn default() -> Self {
        #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the system for randomness")]
        Self(SystemRandom::new())
    }
}

impl Chance {
    /// `N` random bytes, fit for secrets.
    ///
    /// # Panics
    /// When the operating system has no randomness to give; nothing could be done safely then.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill(&mut bytes).expect("the operating system gives random bytes");
        bytes
    }

    /// What `ring` takes randomness from, where it makes keys itself.
    #[must_use]
    pub fn secure(&self) -> &SystemRandom {
        &self.0
    }

    /// A random number below `bound`; the bias is below 2^-32 for every bound we use.
    #[must_use]
    pub fn below(&self, bound: u32) -> u32 {
        let wide = u64::from_be_bytes(self.bytes());
        u32::try_from(wide % u64::from(bound.max(1))).unwrap_or(0)
    }

    /// 128 random bits in base58, for what must not be guessed: image keys, upload secrets, error ids.
    #[must_use]
    pub fn token(&self) -> String {
        bs58::encode(self.bytes::<16>()).into_string()
    }
}

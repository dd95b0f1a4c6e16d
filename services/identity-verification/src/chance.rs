//! Chance as an argument: codes, nonces, secrets and token ids come from here.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use crate::domain::code::Code;

/// Where chance comes from. Clones share it.
#[derive(Clone)]
pub struct Chance(Source);

#[derive(Clone)]
enum Source {
    System,
    Seeded(Arc<Mutex<StdRng>>),
}

impl Chance {
    /// A generator fit for secrets (`ChaCha12`), seeded and from time to time reseeded by the operating system.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// The same in every run with the same seed. For tests.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(Source::Seeded(Arc::new(Mutex::new(StdRng::seed_from_u64(seed)))))
    }

    /// A one-time code.
    #[must_use]
    pub fn code(&self) -> Code {
        match &self.0 {
            Source::System => Code::draw(&mut rand::rng()),
            Source::Seeded(generator) => Code::draw(&mut *generator.lock().unwrap_or_else(PoisonError::into_inner)),
        }
    }

    /// A support PIN: eight digits, each of the hundred million as likely as any other.
    #[must_use]
    pub fn pin(&self) -> String {
        format!("{:08}", self.below(100_000_000))
    }

    /// A number to be matched, 10 to 99.
    #[must_use]
    pub fn two_digits(&self) -> i16 {
        // Always fits.
        10 + i16::try_from(self.below(90)).unwrap_or(0)
    }

    /// A number below `limit`, each as likely as any other: draws beyond the last whole multiple are thrown away.
    fn below(&self, limit: u32) -> u32 {
        loop {
            let drawn = u32::from_be_bytes(self.bytes());
            if drawn < u32::MAX - u32::MAX % limit {
                return drawn % limit;
            }
        }
    }

    /// Random bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        match &self.0 {
            Source::System => rand::rng().fill_bytes(&mut bytes),
            Source::Seeded(generator) => {
                generator
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .fill_bytes(&mut bytes);
            }
        }
        bytes
    }
}

impl fmt::Debug for Chance {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.0 {
            Source::System => "Chance(system)",
            Source::Seeded(_) => "Chance(seeded)",
        })
    }
}

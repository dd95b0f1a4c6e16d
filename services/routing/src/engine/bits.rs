//! Sets of small numbers, one bit each.

/// A set of numbers from 0 on.
#[derive(Clone, Debug, Default)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    pub(super) fn set(&mut self, number: u32, is_in: bool) {
        let (word, bit) = (number as usize / 64, 1 << (number % 64));
        if word >= self.0.len() {
            if !is_in {
                return;
            }
            self.0.resize(word + 1, 0);
        }
        if is_in {
            self.0[word] |= bit;
        } else {
            self.0[word] &= !bit;
        }
    }

    /// Takes in all of another set.
    pub(super) fn add(&mut self, other: &Self) {
        if other.0.len() > self.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (word, added) in self.0.iter_mut().zip(&other.0) {
            *word |= added;
        }
    }

    pub(super) fn contains(&self, number: u32) -> bool {
        self.0
            .get(number as usize / 64)
            .is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    /// What is in both, from the lowest on.
    pub(super) fn and<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = usize> + 'a {
        ones(self.0.iter().zip(&other.0).map(|(one, other)| one & other))
    }

    /// What is in all three, from the lowest on.
    pub(super) fn and_both<'a>(&'a self, second: &'a Self, third: &'a Self) -> impl Iterator<Item = usize> + 'a {
        let words = self.0.iter().zip(&second.0).zip(&third.0);
        ones(words.map(|((one, second), third)| one & second & third))
    }
}

fn ones(words: impl Iterator<Item = u64>) -> impl Iterator<Item = usize> {
    words.enumerate().flat_map(|(place, mut word)| {
        std::iter::from_fn(move || {
            (word != 0).then(|| {
                let bit = word.trailing_zeros() as usize;
                word &= word - 1;
                place * 64 + bit
            })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits(numbers: &[u32]) -> Bits {
        let mut bits = Bits::default();
        for number in numbers {
            bits.set(*number, true);
        }
        bits
    }

    #[test]
    fn what_is_in_all_is_found() {
        let one = bits(&[0, 3, 63, 64, 200]);
        let other = bits(&[3, 64, 65, 1000]);
        assert_eq!(one.and(&other).collect::<Vec<_>>(), [3, 64]);
        assert_eq!(one.and_both(&other, &bits(&[64])).collect::<Vec<_>>(), [64]);
        assert!(one.contains(200) && !one.contains(201) && !one.contains(10_000));
    }

    #[test]
    fn what_is_taken_out_is_gone() {
        let mut one = bits(&[5]);
        one.set(5, false);
        one.set(900, false);
        assert!(!one.contains(5) && !one.contains(900));
        one.add(&bits(&[1, 900]));
        assert!(one.contains(1) && one.contains(900) && !one.contains(5));
    }
}

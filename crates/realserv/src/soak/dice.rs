//! Chance that can be repeated: the same seed throws the same numbers on every machine.

/// A die of any number of sides (SplitMix64).
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    /// A die for one part of a run, which throws the same whatever the other parts throw.
    pub(super) fn for_part(seed: u64, part: u64) -> Self {
        let mut die = Self(seed ^ part.wrapping_mul(0xD6E8_FEB8_6659_FD93));
        die.next();
        die
    }

    pub(super) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below that one.
    pub(super) fn below(&mut self, sides: usize) -> usize {
        let sides = u64::try_from(sides.max(1)).unwrap_or(1);
        usize::try_from(self.next() % sides).unwrap_or(0)
    }

    /// True so many times in a hundred.
    pub(super) fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of these.
    pub(super) fn of<T: Copy>(&mut self, these: &[T]) -> Option<T> {
        these.get(self.below(these.len())).copied()
    }

    /// One of these, each as likely as its weight says.
    pub(super) fn weighted<T: Copy>(&mut self, these: &[(usize, T)]) -> Option<T> {
        let mut thrown = self.below(these.iter().map(|(weight, _)| weight).sum());
        for (weight, one) in these {
            if thrown < *weight {
                return Some(*one);
            }
            thrown -= weight;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_throws_the_same() {
        let throw = |seed| {
            (0..50)
                .map({
                    let mut dice = Dice::for_part(seed, 0);
                    move |_| dice.below(1000)
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(throw(7), throw(7));
        assert_ne!(throw(7), throw(8));
    }

    #[test]
    fn weights_of_nothing_are_never_chosen() {
        let mut dice = Dice::for_part(1, 0);
        assert!((0..500).all(|_| dice.weighted(&[(0, 'a'), (3, 'b'), (1, 'c')]) != Some('a')));
    }
}

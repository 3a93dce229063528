//! The words vendors use, read from `vocabulary.tsv`.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::intent::Intent;

/// What a phrase is a sign of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Meaning {
    /// Something wanted.
    Intent(Intent),
    /// A sign that acting would be a guess.
    Guard(Guard),
    /// Nothing.
    Filler,
}

/// Signs that acting would be a guess (rule 44).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Guard {
    Negation,
    Question,
    Later,
    Relative,
    Unit,
    Part,
    Condition,
}

/// A phrase that was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Hit {
    pub(crate) meaning: Meaning,
    /// How sure this phrase makes us, from 0 to 1.
    pub(crate) weight: f32,
    /// How many words it has.
    pub(crate) words: usize,
}

/// All phrases by their first word.
#[derive(Debug)]
pub(crate) struct Vocabulary {
    phrases: HashMap<&'static str, Vec<Phrase>>,
    singles: Vec<(&'static str, Meaning, f32)>,
}

#[derive(Debug)]
struct Phrase {
    words: Vec<&'static str>,
    meaning: Meaning,
    weight: f32,
}

/// A misspelt word counts a little less than a right one.
const MISSPELT: f32 = 0.9;

impl Vocabulary {
    /// The vocabulary of the program.
    pub(crate) fn get() -> &'static Self {
        static VOCABULARY: OnceLock<Vocabulary> = OnceLock::new();
        VOCABULARY.get_or_init(|| Self::read(include_str!("vocabulary.tsv")))
    }

    fn read(table: &'static str) -> Self {
        let mut phrases: HashMap<&'static str, Vec<Phrase>> = HashMap::new();
        let mut singles = Vec::new();
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let mut cells = line.split('\t');
            let (Some(kind), Some(weight), Some(text)) = (cells.next(), cells.next(), cells.next()) else {
                continue;
            };
            let Some(meaning) = meaning(kind) else {
                continue;
            };
            let weight = f32::from(weight.parse::<u8>().unwrap_or(100)) / 100.0;
            let words: Vec<&'static str> = text.split(' ').collect();
            if let [only] = words.as_slice()
                && matches!(meaning, Meaning::Intent(_))
            {
                singles.push((*only, meaning, weight));
            }
            if let Some(first) = words.first() {
                phrases.entry(first).or_default().push(Phrase { words, meaning, weight });
            }
        }
        for several in phrases.values_mut() {
            several.sort_by_key(|phrase| std::cmp::Reverse(phrase.words.len()));
        }
        Self { phrases, singles }
    }

    /// The longest phrase that these words begin with, or what the first is a misspelling of.
    pub(crate) fn hit(&self, words: &[&str]) -> Option<Hit> {
        let first = words.first()?;
        let exact = self.phrases.get(first).and_then(|several| {
            several
                .iter()
                .find(|phrase| words.len() >= phrase.words.len() && words.iter().zip(&phrase.words).all(|(a, b)| a == b))
        });
        if let Some(phrase) = exact {
            return Some(Hit { meaning: phrase.meaning, weight: phrase.weight, words: phrase.words.len() });
        }
        self.misspelling(first)
    }

    /// One slip in a word of five letters, two in one of nine; the first letter is right.
    fn misspelling(&self, word: &str) -> Option<Hit> {
        let length = word.chars().count();
        if length < 5 || word.bytes().any(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let allowed = if length >= 9 { 2 } else { 1 };
        self.singles
            .iter()
            .filter(|(known, ..)| known.chars().count() >= 5 && known.chars().next() == word.chars().next())
            .map(|(known, meaning, weight)| (strsim::osa_distance(known, word), *meaning, *weight))
            .filter(|(slips, ..)| *slips <= allowed)
            .min_by_key(|(slips, ..)| *slips)
            .map(|(_, meaning, weight)| Hit { meaning, weight: weight * MISSPELT, words: 1 })
    }
}

fn meaning(kind: &str) -> Option<Meaning> {
    Some(match kind {
        "filler" => Meaning::Filler,
        "negation" => Meaning::Guard(Guard::Negation),
        "question" => Meaning::Guard(Guard::Question),
        "later" => Meaning::Guard(Guard::Later),
        "relative" => Meaning::Guard(Guard::Relative),
        "unit" => Meaning::Guard(Guard::Unit),
        "part" => Meaning::Guard(Guard::Part),
        "condition" => Meaning::Guard(Guard::Condition),
        other => Meaning::Intent(Intent::read(other)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_read_and_no_phrase_means_two_things() {
        let mut seen: HashMap<&str, &str> = HashMap::new();
        for (at, line) in include_str!("vocabulary.tsv").lines().enumerate().filter(|(_, line)| !line.starts_with('#')) {
            let cells: Vec<&str> = line.split('\t').collect();
            assert_eq!(cells.len(), 3, "line {}: {line}", at + 1);
            assert!(meaning(cells[0]).is_some(), "line {}: {line}", at + 1);
            assert!(cells[1].parse::<u8>().is_ok_and(|weight| weight <= 100), "line {}: {line}", at + 1);
            let before = seen.insert(cells[2], cells[0]);
            assert!(before.is_none(), "{} is {before:?} and {}", cells[2], cells[0]);
        }
    }
}

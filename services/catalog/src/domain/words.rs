//! What people look for, in the words of the catalogue.
//!
//! The text is taken apart as the database does it with what it stores (`search_normal`), words of other languages and other
//! names of the same thing are looked up in `data/synonyms.csv`, a number with its measure stays together, and the result is
//! a question to Postgres' full text search: each group must be found, by any one of its phrases.

use std::collections::HashMap;
use std::sync::LazyLock;

/// More groups than anybody looks for.
const MOST_GROUPS: usize = 8;
/// More phrases than one word stands for.
const MOST_PHRASES: usize = 12;
/// The longest term of the synonyms, in words.
const LONGEST_TERM: usize = 3;
/// How much alike a word and a synonym must be for a typing error; 1 is the same word.
const ALIKE: f64 = 0.45;

/// Words that stand one after the other.
type Phrase = Vec<String>;

/// One thing that has to be found, by any of its phrases.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Group {
    phrases: Vec<Phrase>,
    /// What was typed, when nothing is known of it yet: it may be a typing error.
    doubtful: Option<String>,
}

/// What somebody looks for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Looking {
    groups: Vec<Group>,
}

/// What a word may have meant: words of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meant {
    /// The word that was typed.
    pub typed: String,
    /// The catalogue has this very word.
    pub known: bool,
    /// Words that are much like it or begin with it, the likeliest first.
    pub words: Vec<String>,
}

struct Synonym {
    means: Vec<Phrase>,
    is_measure: bool,
}

/// By the words of the term, with a blank between.
static SYNONYMS: LazyLock<HashMap<String, Synonym>> = LazyLock::new(|| read(include_str!("../../data/synonyms.csv")));

fn read(file: &str) -> HashMap<String, Synonym> {
    let mut reader = csv::Reader::from_reader(file.as_bytes());
    let mut terms: HashMap<String, Synonym> = HashMap::new();
    for row in reader.records().flatten() {
        let (Some(term), Some(means), Some(language)) = (row.get(0), row.get(1), row.get(2)) else { continue };
        let means = means.split('|').map(|phrase| words(phrase).into_iter().map(|word| word.text).collect::<Phrase>());
        let means = means.filter(|phrase| !phrase.is_empty()).collect();
        let term = words(term).into_iter().map(|word| word.text).collect::<Phrase>().join(" ");
        terms.insert(term, Synonym { means, is_measure: language == "unit" });
    }
    terms
}

/// A word, and whether it was written without a blank after the one before: `mm` of `8mm`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Word {
    text: String,
    glued: bool,
}

fn is_punctuation(c: char) -> bool {
    (c.is_ascii_punctuation() && !matches!(c, '.' | ',')) || c == '×' || c == '\0'
}

/// Joins and invisible marks that writing systems allow and nobody types on purpose.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200d}' | '\u{feff}' | '\u{93c}')
}

/// Takes a text apart as `search_normal` of the database does, after leaving out what cannot be seen.
fn words(text: &str) -> Vec<Word> {
    let text: Vec<char> = text.to_lowercase().chars().filter(|c| !is_invisible(*c)).collect();
    let digit = |at: Option<usize>| at.and_then(|at| text.get(at)).is_some_and(char::is_ascii_digit);
    let mut found: Vec<Word> = Vec::new();
    let mut word = String::new();
    let mut glued = false;
    let mut end = |word: &mut String, glued: &mut bool, next_is_glued: bool| {
        if !word.is_empty() {
            found.push(Word { text: std::mem::take(word), glued: *glued });
        }
        *glued = next_is_glued && found.last().is_some();
    };
    for (at, &c) in text.iter().enumerate() {
        let (before, after) = (digit(at.checked_sub(1)), digit(Some(at + 1)));
        let thousands = c == ',' && before && (1..=3).all(|n| digit(Some(at + n))) && !digit(Some(at + 4));
        if thousands {
            continue;
        }
        let is_point = c == '.' && before && after;
        if c.is_whitespace() || is_punctuation(c) || c == ',' || (c == '.' && !is_point) {
            end(&mut word, &mut glued, false);
            continue;
        }
        let in_number = word.ends_with(|last: char| last.is_ascii_digit() || last == '.');
        if !word.is_empty() && in_number != (c.is_ascii_digit() || is_point) {
            end(&mut word, &mut glued, true);
        }
        word.push(c);
    }
    end(&mut word, &mut glued, false);
    found
}

/// The words of a text as they are looked for, one by one.
#[must_use]
pub fn parts(text: &str) -> Vec<String> {
    words(text).into_iter().map(|word| word.text).collect()
}

fn is_number(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit())
}

impl Looking {
    /// Reads what was typed; nothing when that is nothing. Signs alone are looked for and never found.
    #[must_use]
    pub fn read(typed: &str) -> Option<Self> {
        if typed.trim().is_empty() {
            return None;
        }
        let words = words(typed);
        let mut groups = Vec::new();
        let mut at = 0;
        while let Some(rest) = words.get(at..).filter(|rest| !rest.is_empty()) {
            let (group, taken) = next_group(rest);
            groups.extend(group);
            at += taken;
        }
        if groups.is_empty() && !words.is_empty() {
            // Nothing but words like `price`: then they are meant.
            groups = words.into_iter().map(|word| Group { phrases: vec![vec![word.text]], doubtful: None }).collect();
        }
        if groups.is_empty() {
            // A point is no word of any text.
            groups.push(Group { phrases: vec![vec![".".to_owned()]], doubtful: None });
        }
        groups.truncate(MOST_GROUPS);
        Some(Self { groups })
    }

    /// The words of which nothing is known yet.
    #[must_use]
    pub fn doubtful(&self) -> Vec<String> {
        self.groups.iter().filter_map(|group| group.doubtful.clone()).collect()
    }

    /// With the words put right by what is known of them; nothing when that changes nothing. A word that means nothing is
    /// left out, unless it is the only one.
    #[must_use]
    pub fn corrected(&self, meant: &[Meant]) -> Option<Self> {
        let mut groups = Vec::new();
        for group in &self.groups {
            let Some(typed) = &group.doubtful else {
                groups.push(group.clone());
                continue;
            };
            let meant = meant.iter().find(|meant| meant.typed == *typed);
            if meant.is_some_and(|meant| meant.known) {
                groups.push(group.clone());
                continue;
            }
            let mut phrases: Vec<Phrase> = similar_synonyms(typed);
            phrases.extend(meant.into_iter().flat_map(|meant| meant.words.iter()).map(|word| vec![word.clone()]));
            phrases.dedup();
            phrases.truncate(MOST_PHRASES);
            if !phrases.is_empty() {
                groups.push(Group { phrases, doubtful: None });
            }
        }
        (!groups.is_empty() && groups != self.groups).then_some(Self { groups })
    }

    /// Whether more than one thing has to be found in the same text.
    #[must_use]
    pub fn is_compound(&self) -> bool {
        self.groups.len() > 1 || self.groups.iter().any(|group| group.phrases.iter().any(|phrase| phrase.len() > 1))
    }

    /// As Postgres' `to_tsquery` reads it. Every word is quoted.
    #[must_use]
    pub fn query(&self) -> String {
        let quoted = |word: &String| format!("'{}'", word.replace(['\\', '\''], ""));
        let phrase = |phrase: &Phrase| format!("({})", phrase.iter().map(quoted).collect::<Vec<_>>().join(" <-> "));
        let group = |group: &Group| format!("({})", group.phrases.iter().map(phrase).collect::<Vec<_>>().join(" | "));
        self.groups.iter().map(group).collect::<Vec<_>>().join(" & ")
    }

    /// In one short word, for a cursor.
    #[must_use]
    pub fn compact(&self) -> String {
        let group = |group: &Group| group.phrases.iter().map(|phrase| phrase.join("_")).collect::<Vec<_>>().join("|");
        self.groups.iter().map(group).collect::<Vec<_>>().join("&")
    }

    /// Reads [`Self::compact`]; nothing when it is none.
    #[must_use]
    pub fn from_compact(text: &str) -> Option<Self> {
        let group = |text: &str| -> Option<Group> {
            let phrases: Vec<Phrase> = text.split('|').map(phrase).collect::<Option<_>>()?;
            (phrases.len() <= MOST_PHRASES).then_some(Group { phrases, doubtful: None })
        };
        let groups: Vec<Group> = text.split('&').map(group).collect::<Option<_>>()?;
        (groups.len() <= MOST_GROUPS).then_some(Self { groups })
    }
}

fn phrase(text: &str) -> Option<Phrase> {
    let words: Phrase = text.split('_').map(str::to_owned).collect();
    let fits =
        |word: &String| !word.is_empty() && !word.chars().any(|c| c.is_whitespace() || c.is_control() || is_punctuation(c));
    (words.len() <= LONGEST_TERM + 2 && words.iter().all(fits)).then_some(words)
}

/// What the next words mean together, and how many they are.
fn next_group(words: &[Word]) -> (Option<Group>, usize) {
    let text = |word: &Word| word.text.clone();
    // The longest term first: `m sand` is not `m` and `sand`.
    for length in (1..=LONGEST_TERM.min(words.len())).rev() {
        let taken = &words[..length];
        let starts_inside = words.get(length).is_some_and(|next| next.glued);
        if starts_inside || is_number(&taken[0].text) {
            continue;
        }
        let term: Phrase = taken.iter().map(text).collect();
        let Some(synonym) = SYNONYMS.get(&term.join(" ")).filter(|synonym| !synonym.is_measure) else { continue };
        if synonym.means.is_empty() {
            return (None, length);
        }
        let mut phrases = synonym.means.clone();
        if !phrases.contains(&term) {
            phrases.push(term);
        }
        return (Some(Group { phrases, doubtful: None }), length);
    }
    // What is written together stays together: `8mm`, `fe550d`.
    let glued = 1 + words.iter().skip(1).take_while(|word| word.glued).count();
    let mut phrase: Phrase = words[..glued].iter().map(text).collect();
    let mut taken = glued;
    if glued == 1 && is_number(&phrase[0]) {
        // So does a number with the measure that follows: `8 mm`.
        if let Some(next) = words.get(1).filter(|next| SYNONYMS.get(&next.text).is_some_and(|synonym| synonym.is_measure)) {
            phrase.push(next.text.clone());
            taken = 2;
        }
    }
    let doubtful = (phrase.len() == 1 && !phrase[0].chars().any(|c| c.is_ascii_digit())).then(|| phrase[0].clone());
    let mut phrases = vec![phrase.clone()];
    if let [.., number, measure] = phrase.as_slice()
        && is_number(number)
        && let Some(synonym) = SYNONYMS.get(measure).filter(|synonym| synonym.is_measure)
    {
        for means in synonym.means.iter().filter(|means| means.as_slice() != [measure.clone()]) {
            let mut other = phrase[..phrase.len() - 1].to_vec();
            other.extend(means.iter().cloned());
            phrases.push(other);
        }
    }
    (Some(Group { phrases, doubtful }), taken)
}

/// What the synonyms mean that are most like a word.
fn similar_synonyms(typed: &str) -> Vec<Phrase> {
    if typed.chars().count() < 4 {
        return Vec::new();
    }
    let mut best: Vec<(f64, &Synonym)> = Vec::new();
    for (term, synonym) in SYNONYMS.iter().filter(|(term, synonym)| !term.contains(' ') && !synonym.means.is_empty()) {
        let alike = similarity(typed, term);
        if alike >= ALIKE && !synonym.is_measure {
            best.push((alike, synonym));
        }
    }
    let most = best.iter().map(|(alike, _)| *alike).fold(0.0, f64::max);
    let mut phrases: Vec<Phrase> = Vec::new();
    for (_, synonym) in best.into_iter().filter(|(alike, _)| *alike >= most - 0.05) {
        phrases.extend(synonym.means.iter().cloned());
    }
    phrases.sort();
    phrases.dedup();
    phrases
}

/// How many of the triples of letters of two words are the same, as `pg_trgm` counts them.
fn similarity(left: &str, right: &str) -> f64 {
    let triples = |word: &str| -> std::collections::BTreeSet<[char; 3]> {
        let letters: Vec<char> = "  ".chars().chain(word.chars()).chain(" ".chars()).collect();
        letters.windows(3).filter_map(|three| <[char; 3]>::try_from(three).ok()).collect()
    };
    let (left, right) = (triples(left), triples(right));
    let common = u32::try_from(left.intersection(&right).count()).unwrap_or_default();
    let all = u32::try_from(left.union(&right).count()).unwrap_or(u32::MAX);
    f64::from(common) / f64::from(all.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compact(typed: &str) -> String {
        Looking::read(typed).map(|looking| looking.compact()).unwrap_or_default()
    }

    #[test]
    fn numbers_stay_with_their_measures_and_words_with_their_meanings() {
        assert_eq!(compact("8mm sariya"), "8_mm&tmt|sariya");
        assert_eq!(compact("8 MM  सरिया"), "8_mm&tmt|सरिया");
        assert_eq!(compact("cemnt 53 grade"), "cemnt&53&grade");
        assert_eq!(compact("Fe550D"), "fe_550_d");
        assert_eq!(compact("CEM-ULT-OPC53"), "cem&ult&opc_53");
        assert_eq!(compact("20 ltr paint price"), "20_ltr|20_litre&paint|emulsion|enamel");
        assert_eq!(compact("1,000 litre, 0.5 inch"), "1000_litre&0.5_inch");
        assert_eq!(compact("m-sand"), "manufactured_sand|m_sand");
        assert_eq!(compact("600x200"), "600_x_200");
        assert_eq!(compact("price"), "price");
        assert_eq!((compact("%").as_str(), compact(" ").as_str()), (".", ""));
    }

    #[test]
    fn three_languages_mean_the_same_sand() {
        for typed in ["retti", "isuka", "ఇసుక", "रेत", "బాలు ఇసుక"] {
            assert!(compact(typed).contains("sand"), "{typed}");
        }
        assert!(compact("సిమెంట్").starts_with("cement"));
        assert!(compact("సిమె\u{200c}ంట్").starts_with("cement"));
    }

    #[test]
    fn a_typing_error_in_a_word_of_another_language_is_put_right_too() {
        let corrected = |typed: &str| Looking::read(typed).unwrap().corrected(&[]).map(|looking| looking.compact());
        assert_eq!(corrected("sariiya").as_deref(), Some("tmt"));
        assert_eq!(corrected("helicopter"), None);
        let looking = Looking::read("cemnt 53").unwrap();
        assert_eq!(looking.doubtful(), ["cemnt"]);
        let meant = Meant { typed: "cemnt".to_owned(), known: false, words: vec!["cement".to_owned()] };
        let corrected = looking.corrected(std::slice::from_ref(&meant)).unwrap();
        assert!(corrected.compact().contains("cement"), "{}", corrected.compact());
        assert_eq!(looking.corrected(&[Meant { known: true, ..meant }]), None);
    }

    #[test]
    fn a_cursors_words_are_read_back_and_nothing_else() {
        for typed in ["8mm sariya", "20 ltr paint", "సిమెంట్ 53"] {
            let looking = Looking::read(typed).unwrap();
            let back = Looking::from_compact(&looking.compact()).unwrap();
            assert_eq!(back.query(), looking.query());
        }
        for wrong in ["", "a&", "a'b", "a b", "a|", "a_"] {
            assert_eq!(Looking::from_compact(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn every_word_of_a_query_is_quoted() {
        assert_eq!(Looking::read("8mm !(&'x").unwrap().query(), "(('8' <-> 'mm')) & (('x'))");
    }

    #[test]
    fn every_row_of_the_synonyms_is_read() {
        let rows = include_str!("../../data/synonyms.csv").lines().count() - 1;
        assert_eq!(SYNONYMS.len(), rows, "a term is there twice, or a row is broken");
        assert!(rows > 200);
    }
}

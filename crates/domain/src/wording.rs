//! What people type as a name.

/// Letters by the Unicode tables that nobody sees: the fillers of Hangul.
const UNSEEN_LETTERS: [char; 4] = ['\u{115f}', '\u{1160}', '\u{3164}', '\u{ffa0}'];

/// Whether somebody who reads it sees something, and sees it in the order it is written: there is a letter or a digit
/// of some script, no control character, and nothing that turns the direction of the text around.
///
/// Joiners stay allowed: Hindi and Telugu need them.
#[must_use]
pub fn is_readable(text: &str) -> bool {
    text.chars().any(|c| c.is_alphanumeric() && !UNSEEN_LETTERS.contains(&c)) && !text.chars().any(|c| c.is_control() || turns(c))
}

/// Embeddings, overrides and isolates, and the tags that hide a text in another.
const fn turns(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::is_readable;

    #[test]
    fn a_name_has_something_to_read_in_whatever_script() {
        for name in ["Asha", "आशा", "ఆశ", "రవి & సన్స్", "క్\u{200c}ష", "No. 7", "آشا", "7"] {
            assert!(is_readable(name), "{name}");
        }
    }

    #[test]
    fn what_nobody_sees_is_no_name() {
        for name in ["", "  ", "\u{202e}", "\u{200b}\u{200d}", "\u{feff}", "\u{3164}", "\u{2800}", "\u{ad}", "---", "\u{301}"] {
            assert!(!is_readable(name), "{name:?}");
        }
    }

    #[test]
    fn a_name_that_reads_backwards_or_holds_control_characters_is_refused() {
        for name in ["Asha\u{202e}ahsA", "a\u{2066}b", "a\0b", "a\tb", "a\u{e0041}"] {
            assert!(!is_readable(name), "{name:?}");
        }
    }
}

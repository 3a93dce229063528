//! Indian identifiers and addresses, checked on the way in and stored in one form (rule 5; formats per the published
//! rules of GSTN, the Income-tax Department, RBI, India Post and TRAI).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

use crate::text::sqlx_text;

/// A value that does not have the form it should.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {what}: expected {expected}")]
pub struct InvalidFormat {
    /// What was to be read.
    pub what: &'static str,
    /// What would have been right.
    pub expected: &'static str,
}

impl InvalidFormat {
    /// What was to be read, and what would have been right.
    #[must_use]
    pub const fn new(what: &'static str, expected: &'static str) -> Self {
        Self { what, expected }
    }
}

macro_rules! text_newtype {
    ($(#[$meta:meta])* $name:ident, $example:literal) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, utoipa::ToSchema)]
        #[serde(transparent)]
        #[schema(value_type = String, example = $example)]
        pub struct $name(String);

        impl $name {
            /// The normal form.
            #[must_use]
            pub fn as_str(&self) -> &str { &self.0 }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(&self.0) }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
        sqlx_text!($name);
    };
}

/// Strips blanks, dots and dashes and upper-cases.
fn squeezed(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, ' ' | '\t' | '-' | '.')).map(|c| c.to_ascii_uppercase()).collect()
}

/// Whether `text` fits a pattern of classes: `A` letter, `9` digit, `*` letter or digit; anything else stands for itself.
fn fits(text: &str, pattern: &str) -> bool {
    text.len() == pattern.len()
        && text.bytes().zip(pattern.bytes()).all(|(c, p)| match p {
            b'A' => c.is_ascii_uppercase(),
            b'9' => c.is_ascii_digit(),
            b'*' => c.is_ascii_uppercase() || c.is_ascii_digit(),
            literal => c == literal,
        })
}

text_newtype! {
    /// An Indian mobile number in E.164 (`+919876543210`).
    Phone, "+919876543210"
}

impl FromStr for Phone {
    type Err = InvalidFormat;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: InvalidFormat = InvalidFormat::new("phone", "an Indian mobile number such as +919876543210");
        let digits = squeezed(text);
        let national = match digits.strip_prefix("+91") {
            Some(rest) => rest,
            None if digits.starts_with('+') => return Err(EXPECTED),
            None if digits.len() == 12 => digits.strip_prefix("91").ok_or(EXPECTED)?,
            None if digits.len() == 11 => digits.strip_prefix('0').ok_or(EXPECTED)?,
            None => &digits,
        };
        if fits(national, "9999999999") && national.as_bytes()[0] >= b'6' {
            Ok(Self(format!("+91{national}")))
        } else {
            Err(EXPECTED)
        }
    }
}

impl Phone {
    /// Digits without the plus sign, as WhatsApp and MSG91 write it (`919876543210`).
    #[must_use]
    pub fn digits(&self) -> &str {
        &self.0[1..]
    }

    /// For people and logs: only the last four digits.
    #[must_use]
    pub fn masked(&self) -> String {
        format!("+91XXXXXX{}", &self.0[9..])
    }
}

text_newtype! {
    /// Permanent account number. The last letter is a check letter whose algorithm is not published.
    Pan, "AAPFU0939F"
}

impl FromStr for Pan {
    type Err = InvalidFormat;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let pan = squeezed(text);
        let holder_known = pan.as_bytes().get(3).is_some_and(|c| b"ABCFGHJLPT".contains(c));
        if fits(&pan, "AAAAA9999A") && holder_known {
            Ok(Self(pan))
        } else {
            Err(InvalidFormat::new("PAN", "ten characters such as AAPFU0939F"))
        }
    }
}

text_newtype! {
    /// Goods and services tax identification number: state code, PAN, ordinal, `Z`, check character.
    Gstin, "36AABCU9603R1ZO"
}

/// The check character of the first fourteen of a GSTIN: base 36, factors 1 and 2 in turn, digit sums.
fn gstin_check(body: &str) -> Option<char> {
    let mut sum = 0;
    for (index, c) in body.chars().enumerate() {
        let product = c.to_digit(36)? * if index % 2 == 0 { 1 } else { 2 };
        sum += product / 36 + product % 36;
    }
    char::from_digit((36 - sum % 36) % 36, 36).map(|c| c.to_ascii_uppercase())
}

impl FromStr for Gstin {
    type Err = InvalidFormat;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: InvalidFormat =
            InvalidFormat::new("GSTIN", "fifteen characters with a right check character, such as 36AABCU9603R1ZO");
        let gstin = squeezed(text);
        let well_formed = fits(&gstin, "99AAAAA9999A*Z*") && gstin.as_bytes()[12] != b'0';
        if !well_formed || gstin_check(&gstin[..14]) != gstin.chars().last() {
            return Err(EXPECTED);
        }
        if gstin[2..12].parse::<Pan>().is_err() || gstin[..2].parse::<StateCode>().is_err() {
            return Err(EXPECTED);
        }
        Ok(Self(gstin))
    }
}

impl Gstin {
    /// The PAN inside.
    #[must_use]
    pub fn pan(&self) -> Pan {
        Pan(self.0[2..12].to_owned())
    }

    /// The state of registration.
    #[must_use]
    pub fn state(&self) -> StateCode {
        StateCode(self.0[..2].to_owned())
    }
}

text_newtype! {
    /// Bank branch code.
    Ifsc, "HDFC0000053"
}

impl FromStr for Ifsc {
    type Err = InvalidFormat;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let ifsc = squeezed(text);
        if fits(&ifsc, "AAAA0******") {
            Ok(Self(ifsc))
        } else {
            Err(InvalidFormat::new("IFSC", "eleven characters such as HDFC0000053"))
        }
    }
}

text_newtype! {
    /// Postal index number.
    Pincode, "500032"
}

impl FromStr for Pincode {
    type Err = InvalidFormat;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let pincode = squeezed(text);
        if fits(&pincode, "999999") && !pincode.starts_with('0') {
            Ok(Self(pincode))
        } else {
            Err(InvalidFormat::new("PIN code", "six digits such as 500032"))
        }
    }
}

text_newtype! {
    /// GST state code, such as `36` for Telangana.
    StateCode, "36"
}

/// GST state codes and the names people write, lower case (standing list of GSTN).
const STATES: &[(&str, &str)] = &[
    ("01", "jammu and kashmir"),
    ("02", "himachal pradesh"),
    ("03", "punjab"),
    ("04", "chandigarh"),
    ("05", "uttarakhand"),
    ("06", "haryana"),
    ("07", "delhi"),
    ("08", "rajasthan"),
    ("09", "uttar pradesh"),
    ("10", "bihar"),
    ("11", "sikkim"),
    ("12", "arunachal pradesh"),
    ("13", "nagaland"),
    ("14", "manipur"),
    ("15", "mizoram"),
    ("16", "tripura"),
    ("17", "meghalaya"),
    ("18", "assam"),
    ("19", "west bengal"),
    ("20", "jharkhand"),
    ("21", "odisha"),
    ("22", "chhattisgarh"),
    ("23", "madhya pradesh"),
    ("24", "gujarat"),
    ("26", "dadra and nagar haveli and daman and diu"),
    ("27", "maharashtra"),
    ("29", "karnataka"),
    ("30", "goa"),
    ("31", "lakshadweep"),
    ("32", "kerala"),
    ("33", "tamil nadu"),
    ("34", "puducherry"),
    ("35", "andaman and nicobar islands"),
    ("36", "telangana"),
    ("37", "andhra pradesh"),
    ("38", "ladakh"),
];

impl StateCode {
    /// The state's name, such as `Telangana`.
    #[must_use]
    pub fn name(&self) -> String {
        let name = STATES.iter().find(|(code, _)| *code == self.0).map_or("", |(_, name)| name);
        let words = name.split(' ').map(|word| match word {
            "and" => word.to_owned(),
            _ => word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect(),
        });
        words.collect::<Vec<String>>().join(" ")
    }
}

impl FromStr for StateCode {
    type Err = InvalidFormat;
    /// Takes a code or the state's name.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wanted = text.trim().to_lowercase();
        STATES
            .iter()
            .find(|(code, name)| *code == wanted || *name == wanted)
            .map(|(code, _)| Self((*code).to_owned()))
            .ok_or(InvalidFormat::new("state", "the name or GST code of an Indian state, such as Telangana or 36"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gstin_vectors_of_the_contracts_hold() {
        for good in
            ["27AAPFU0939F1ZV", "29AAGCB7383J1Z4", "24AAACC1206D1ZM", "07AAACR5055K1Z9", "36AABCU9603R1ZO", "09AAACI1195H1ZK"]
        {
            assert_eq!(good.parse::<Gstin>().unwrap().as_str(), good);
        }
        for bad in
            ["27AAPFU0939F1ZW", "27AAPUF0939F1ZV", "27AAPFU0939F0ZV", "27AAPFU0939F1XV", "2AAPFU0939F1ZV", "37ABCDE1234F1ZZ"]
        {
            assert!(bad.parse::<Gstin>().is_err(), "{bad}");
        }
        let gstin: Gstin = " 36aabcu9603r1zo ".parse().unwrap();
        assert_eq!(gstin.pan().as_str(), "AABCU9603R");
        assert_eq!(gstin.state().as_str(), "36");
    }

    #[test]
    fn pan_and_ifsc_and_pincode_vectors_hold() {
        assert!("AAPFU0939F".parse::<Pan>().is_ok() && "aapfu0939f".parse::<Pan>().is_ok());
        for bad in ["ABCDE1234F", "AAPFU093F9"] {
            assert!(bad.parse::<Pan>().is_err(), "{bad}");
        }
        assert!("HDFC0000053".parse::<Ifsc>().is_ok() && "ICIC0ABC123".parse::<Ifsc>().is_ok());
        assert!("HDFC1000053".parse::<Ifsc>().is_err() && "HDF00000053".parse::<Ifsc>().is_err());
        assert!("411 001".parse::<Pincode>().is_ok());
        assert!("011001".parse::<Pincode>().is_err() && "41100".parse::<Pincode>().is_err());
    }

    #[test]
    fn a_phone_comes_in_as_people_write_it_and_is_kept_as_e164() {
        for text in ["9876543210", "09876543210", "+91 98765 43210", "91-9876543210", "98765.43210"] {
            assert_eq!(text.parse::<Phone>().unwrap().as_str(), "+919876543210", "{text}");
        }
        for bad in ["5876543210", "+14155550100", "98765432101", "", "+91"] {
            assert!(bad.parse::<Phone>().is_err(), "{bad}");
        }
        assert_eq!("9876543210".parse::<Phone>().unwrap().masked(), "+91XXXXXX3210");
    }
}

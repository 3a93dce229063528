//! What events say, in people's languages: amounts as India writes them, dates and times of India, set phrases.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike as _, NaiveDate, Timelike as _, Utc};
use domain::business_time::ist;
use domain::{Money, Quantity, Unit};

/// The values that fill a template, as they are said.
pub type Variables = BTreeMap<String, String>;

/// The values that fill a template, in no language yet.
pub type Values = BTreeMap<String, Value>;

/// Something that is said differently in each language, or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// The same in each: a name, a number of an order, what somebody wrote.
    Text(String),
    /// An amount; the sign of the rupee is the template's.
    Rupees(Money),
    /// What a dispute gave back.
    Refund(Money),
    /// A day.
    Date(NaiveDate),
    /// From one day to another, both counted.
    Period(NaiveDate, NaiveDate),
    /// A moment, told by the clock of India.
    Time(DateTime<Utc>),
    /// So much of something.
    Amount(Quantity, Unit),
    /// A set phrase.
    Phrase(Phrase),
    /// Why an order ended: in our words where the code is one of ours, otherwise in those of whoever ended it.
    Reason {
        /// The stable code.
        code: String,
        /// The reason as it was given.
        words: String,
    },
}

/// A set phrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phrase {
    /// How an order is paid.
    CashOnDelivery,
    /// How an order is paid.
    PaidOnline,
    /// No day was asked for.
    AsAgreed,
    /// A settlement closed without a payment.
    NothingToPay,
    /// A clock of the support.
    FirstAnswer,
    /// A clock of the support.
    Resolution,
    /// No refund was decided.
    NoRefund,
}

impl Phrase {
    /// English, Hindi, Telugu.
    const fn words(self) -> [&'static str; 3] {
        match self {
            Self::CashOnDelivery => ["cash on delivery", "डिलीवरी पर नकद", "డెలివరీ సమయంలో నగదు"],
            Self::PaidOnline => ["paid online", "ऑनलाइन भुगतान हो चुका है", "ఆన్‌లైన్‌లో చెల్లించారు"],
            Self::AsAgreed => ["as agreed", "तय समय के अनुसार", "అనుకున్న ప్రకారం"],
            Self::NothingToPay => ["nothing to pay", "कोई भुगतान बाकी नहीं", "చెల్లించాల్సింది ఏమీ లేదు"],
            Self::FirstAnswer => ["first answer", "पहला जवाब", "మొదటి సమాధానం"],
            Self::Resolution => ["resolution", "समाधान", "పరిష్కారం"],
            Self::NoRefund => ["no refund", "कोई रिफ़ंड नहीं", "రీఫండ్ లేదు"],
        }
    }
}

const MONTHS: [[&str; 12]; 3] = [
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"],
    ["जनवरी", "फ़रवरी", "मार्च", "अप्रैल", "मई", "जून", "जुलाई", "अगस्त", "सितंबर", "अक्टूबर", "नवंबर", "दिसंबर"],
    ["జనవరి", "ఫిబ్రవరి", "మార్చి", "ఏప్రిల్", "మే", "జూన్", "జూలై", "ఆగస్టు", "సెప్టెంబర్", "అక్టోబర్", "నవంబర్", "డిసెంబర్"],
];

const fn units(unit: Unit) -> [&'static str; 3] {
    match unit {
        Unit::Kg => ["kg", "किलो", "కిలోలు"],
        Unit::Tonne => ["tonnes", "टन", "టన్నులు"],
        Unit::Bag => ["bags", "बोरी", "బస్తాలు"],
        Unit::CubicMeter => ["cubic metres", "घन मीटर", "క్యూబిక్ మీటర్లు"],
        Unit::CubicFeet => ["cubic feet", "घन फुट", "క్యూబిక్ అడుగులు"],
        Unit::SquareMeter => ["square metres", "वर्ग मीटर", "చదరపు మీటర్లు"],
        Unit::Piece => ["pieces", "नग", "పీసులు"],
        Unit::Litre => ["litres", "लीटर", "లీటర్లు"],
        Unit::Hour => ["hours", "घंटे", "గంటలు"],
        Unit::Day => ["days", "दिन", "రోజులు"],
    }
}

/// Hindi and Telugu of the endings that nobody put into words of their own.
fn ending(code: &str) -> Option<[&'static str; 2]> {
    match code {
        "payment_timeout" => Some(["समय पर भुगतान नहीं हुआ", "సమయానికి చెల్లింపు జరగలేదు"]),
        "vendor_timeout" => Some(["विक्रेता ने समय पर जवाब नहीं दिया", "విక్రేత సమయానికి జవాబివ్వలేదు"]),
        "out_of_stock" => Some(["सामान स्टॉक में नहीं है", "సరుకు స్టాక్‌లో లేదు"]),
        "payment_unavailable" => Some(["भुगतान अभी संभव नहीं था", "చెల్లింపు ప్రస్తుతం సాధ్యం కాలేదు"]),
        _ => None,
    }
}

fn column(language: &str) -> usize {
    match language {
        "hi" => 1,
        "te" => 2,
        _ => 0,
    }
}

impl Value {
    /// As it is said in a language; in English for one that is not ours.
    #[must_use]
    pub fn said(&self, language: &str) -> String {
        let at = column(language);
        match self {
            Self::Text(text) => text.clone(),
            Self::Rupees(amount) => rupees(*amount),
            Self::Refund(amount) => {
                let amount = rupees(*amount);
                [format!("a refund of ₹{amount}"), format!("₹{amount} का रिफ़ंड"), format!("₹{amount} రీఫండ్")][at].clone()
            }
            Self::Date(date) => day(*date, at),
            Self::Period(from, to) => {
                let (from, to) = (day(*from, at), day(*to, at));
                match at {
                    1 => format!("{from} से {to}"),
                    2 => format!("{from} నుండి {to} వరకు"),
                    _ => format!("{from} to {to}"),
                }
            }
            Self::Time(moment) => time(*moment, at),
            Self::Amount(quantity, unit) => format!("{quantity} {}", units(*unit)[at]),
            Self::Phrase(phrase) => phrase.words()[at].to_owned(),
            Self::Reason { code, words } => {
                ending(code).filter(|_| at > 0).map_or_else(|| words.clone(), |all| all[at - 1].to_owned())
            }
        }
    }
}

/// All of them as they are said in a language.
#[must_use]
pub fn said(values: &Values, language: &str) -> Variables {
    values.iter().map(|(name, value)| (name.clone(), value.said(language))).collect()
}

/// What somebody else has put into words already. Amounts that come as plain numbers are written as in India.
#[must_use]
pub fn spoken_for(variables: &Variables) -> Values {
    let value = |name: &str, text: &str| match text.parse::<Money>() {
        Ok(amount) if matches!(name, "total" | "amount" | "payout" | "refund") => Value::Rupees(amount),
        _ => Value::Text(text.to_owned()),
    };
    variables.iter().map(|(name, text)| (name.clone(), value(name, text))).collect()
}

fn day(date: NaiveDate, at: usize) -> String {
    let month = usize::try_from(date.month0()).unwrap_or_default();
    format!("{} {} {}", date.day(), MONTHS[at][month], date.year())
}

fn time(moment: DateTime<Utc>, at: usize) -> String {
    let here = moment.with_timezone(&ist());
    let (afternoon, hour) = here.hour12();
    let (minute, day) = (here.minute(), day(here.date_naive(), at));
    match (at, afternoon) {
        (1, false) => format!("{day}, सुबह {hour}:{minute:02} बजे"),
        (1, true) => format!("{day}, {} {hour}:{minute:02} बजे", if here.hour() < 16 { "दोपहर" } else { "शाम" }),
        (2, false) => format!("{day}, ఉదయం {hour}:{minute:02}"),
        (2, true) => format!("{day}, {} {hour}:{minute:02}", if here.hour() < 16 { "మధ్యాహ్నం" } else { "సాయంత్రం" }),
        (_, afternoon) => format!("{day}, {hour}:{minute:02} {} IST", if afternoon { "pm" } else { "am" }),
    }
}

/// An amount as people in India write it: `1,23,456.50`.
#[must_use]
pub fn rupees(amount: Money) -> String {
    let plain = amount.to_string();
    let (sign, digits) = plain.strip_prefix('-').map_or(("", plain.as_str()), |rest| ("-", rest));
    let (whole, paise) = digits.split_once('.').unwrap_or((digits, "00"));
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        let left = whole.len() - at;
        // A comma before the last three digits, and before every two above them.
        if at > 0 && left >= 3 && left % 2 == 1 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{sign}{grouped}.{paise}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_grouped_as_in_india() {
        for (paise, text) in [
            (50, "0.50"),
            (99_900, "999.00"),
            (100_000, "1,000.00"),
            (12_345_650, "1,23,456.50"),
            (-1_234_567_800, "-1,23,45,678.00"),
        ] {
            assert_eq!(rupees(Money::from_paise(paise)), text);
        }
    }

    #[test]
    fn an_amount_that_a_caller_gives_as_a_number_is_grouped_and_other_words_stay_as_they_are() {
        let given = [("total", "123456.50"), ("amount", "1,23,456.50"), ("order_number", "123456"), ("payout", "soon")];
        let given = given.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
        let said = said(&spoken_for(&given), "en");
        assert_eq!(said["total"], "1,23,456.50");
        assert_eq!(said["amount"], "1,23,456.50");
        assert_eq!((said["order_number"].as_str(), said["payout"].as_str()), ("123456", "soon"));
    }

    #[test]
    fn times_are_those_of_india_in_each_language() {
        // 19:00 UTC is half past midnight of the next day in India.
        let night = Value::Time("2026-11-16T19:00:00Z".parse().unwrap());
        assert_eq!(night.said("en"), "17 November 2026, 12:30 am IST");
        let afternoon = Value::Time("2026-11-16T09:05:00Z".parse().unwrap());
        assert_eq!(afternoon.said("en"), "16 November 2026, 2:35 pm IST");
        assert_eq!(afternoon.said("hi"), "16 नवंबर 2026, दोपहर 2:35 बजे");
        assert_eq!(afternoon.said("te"), "16 నవంబర్ 2026, మధ్యాహ్నం 2:35");
        assert_eq!(afternoon.said("fr"), afternoon.said("en"));
    }

    #[test]
    fn phrases_and_periods_are_said_in_the_language_of_the_message() {
        assert_eq!(Value::Phrase(Phrase::CashOnDelivery).said("hi"), "डिलीवरी पर नकद");
        let (from, to) = (NaiveDate::from_ymd_opt(2026, 11, 1).unwrap(), NaiveDate::from_ymd_opt(2026, 11, 15).unwrap());
        assert_eq!(Value::Period(from, to).said("en"), "1 November 2026 to 15 November 2026");
        assert_eq!(Value::Period(from, to).said("te"), "1 నవంబర్ 2026 నుండి 15 నవంబర్ 2026 వరకు");
        let late = Value::Reason { code: "vendor_timeout".into(), words: "the vendor did not answer in time".into() };
        assert_eq!(late.said("en"), "the vendor did not answer in time");
        assert_eq!(late.said("hi"), "विक्रेता ने समय पर जवाब नहीं दिया");
        let own = Value::Reason { code: "buyer_request".into(), words: "मन बदल गया".into() };
        assert_eq!(own.said("te"), "मन बदल गया");
        assert_eq!(Value::Amount("40".parse().unwrap(), Unit::Bag).said("hi"), "40 बोरी");
    }
}

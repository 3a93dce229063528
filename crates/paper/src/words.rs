//! Amounts in words, in Indian numbering: thousand, lakh, crore.

use domain::Money;

const SMALL: [&str; 20] = [
    "Zero",
    "One",
    "Two",
    "Three",
    "Four",
    "Five",
    "Six",
    "Seven",
    "Eight",
    "Nine",
    "Ten",
    "Eleven",
    "Twelve",
    "Thirteen",
    "Fourteen",
    "Fifteen",
    "Sixteen",
    "Seventeen",
    "Eighteen",
    "Nineteen",
];
const TENS: [&str; 10] = ["", "", "Twenty", "Thirty", "Forty", "Fifty", "Sixty", "Seventy", "Eighty", "Ninety"];

/// `Rupees Twelve Lakh Thirty-Four Thousand Five Hundred Sixty-Seven and Eighty-Nine Paise Only`.
#[must_use]
pub fn amount_in_words(amount: Money) -> String {
    let paise = amount.paise().unsigned_abs();
    let sign = if amount.is_negative() { "Minus " } else { "" };
    let rupees = format!("{sign}Rupees {}", number(paise / 100));
    match paise % 100 {
        0 => format!("{rupees} Only"),
        rest => format!("{rupees} and {} Paise Only", number(rest)),
    }
}

fn number(n: u64) -> String {
    if n == 0 {
        return small(0).to_owned();
    }
    let mut words = Vec::new();
    let parts = [(10_000_000, "Crore"), (100_000, "Lakh"), (1_000, "Thousand"), (100, "Hundred")];
    let mut rest = n;
    for (unit, name) in parts {
        if rest >= unit {
            words.push(format!("{} {name}", number(rest / unit)));
            rest %= unit;
        }
    }
    if rest > 0 {
        words.push(below_hundred(rest));
    }
    words.join(" ")
}

fn below_hundred(n: u64) -> String {
    if n < 20 {
        return small(n).to_owned();
    }
    let tens = usize::try_from(n / 10).ok().and_then(|i| TENS.get(i)).copied().unwrap_or_default();
    if n.is_multiple_of(10) { tens.to_owned() } else { format!("{tens}-{}", small(n % 10)) }
}

fn small(n: u64) -> &'static str {
    usize::try_from(n).ok().and_then(|i| SMALL.get(i)).copied().unwrap_or_default()
}

/// `12,34,567.89`: digits in groups as India writes them.
#[must_use]
pub fn grouped(amount: Money) -> String {
    let text = amount.to_string();
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("-", rest));
    let (whole, paise) = digits.split_once('.').unwrap_or((digits, "00"));
    let (head, tail) = whole.split_at(whole.len().saturating_sub(3));
    let mut groups = Vec::new();
    let mut rest = head;
    while !rest.is_empty() {
        let (before, group) = rest.split_at(rest.len().saturating_sub(2));
        groups.push(group);
        rest = before;
    }
    groups.reverse();
    groups.push(tail);
    format!("{sign}{}.{paise}", groups.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(text: &str) -> Money {
        text.parse().unwrap()
    }

    #[test]
    fn amounts_are_said_in_lakh_and_crore() {
        for (amount, words) in [
            ("0.00", "Rupees Zero Only"),
            ("0.05", "Rupees Zero and Five Paise Only"),
            ("1.00", "Rupees One Only"),
            ("19971.50", "Rupees Nineteen Thousand Nine Hundred Seventy-One and Fifty Paise Only"),
            ("100000.00", "Rupees One Lakh Only"),
            ("1234567.89", "Rupees Twelve Lakh Thirty-Four Thousand Five Hundred Sixty-Seven and Eighty-Nine Paise Only"),
            ("10000010.10", "Rupees One Crore Ten and Ten Paise Only"),
            (
                "9999999999.99",
                "Rupees Nine Hundred Ninety-Nine Crore Ninety-Nine Lakh Ninety-Nine Thousand Nine Hundred Ninety-Nine and \
                 Ninety-Nine Paise Only",
            ),
        ] {
            assert_eq!(amount_in_words(money(amount)), words);
        }
    }

    #[test]
    fn digits_are_grouped_as_india_writes_them() {
        for (amount, written) in [
            ("0.50", "0.50"),
            ("999.00", "999.00"),
            ("1000.00", "1,000.00"),
            ("123456.00", "1,23,456.00"),
            ("9999999999.99", "9,99,99,99,999.99"),
            ("-1234.50", "-1,234.50"),
        ] {
            assert_eq!(grouped(money(amount)), written);
        }
    }
}

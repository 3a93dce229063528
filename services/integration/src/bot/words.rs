//! Cuts a message into words, order numbers, codes and other numbers.

use domain::{Money, OrderNumber};

/// A message in parts.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Read {
    /// Words in order, lower case, without what is below.
    pub(crate) words: Vec<String>,
    /// Numbers of orders, each once.
    pub(crate) orders: Vec<OrderNumber>,
    /// Something that looks like an order's number and is none.
    pub(crate) unclear_number: bool,
    /// Six digits.
    pub(crate) code: Option<String>,
    /// Other numbers, as written.
    pub(crate) numbers: Vec<String>,
    /// It asks.
    pub(crate) question_mark: bool,
}

/// Reads a message.
pub(crate) fn read(text: &str) -> Read {
    let tokens = tokens(text);
    let mut read = Read { question_mark: text.contains(['?', '？']), ..Read::default() };
    let mut at = 0;
    while at < tokens.len() {
        at += one(&tokens[at..], &mut read);
    }
    if read.code.is_none() {
        read.code = spaced_code(&mut read.numbers);
    }
    read
}

/// Takes one thing off the front and says how many tokens that was.
fn one(tokens: &[String], read: &mut Read) -> usize {
    let token = tokens[0].as_str();
    if let Some(taken) = order_number(tokens, read) {
        return taken;
    }
    if let Some(bare) = token.strip_prefix('#') {
        match bare.parse::<OrderNumber>() {
            Ok(number) => add_order(read, number),
            Err(_) => read.unclear_number = true,
        }
        return 1;
    }
    if token.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') && token.bytes().any(|byte| byte.is_ascii_digit()) {
        if token.len() == 6 && !token.contains('.') && read.code.is_none() {
            read.code = Some(token.to_owned());
        } else {
            read.numbers.push(token.to_owned());
        }
        return 1;
    }
    read.words.push(token.to_owned());
    1
}

/// `ord1`, `0rd 1`, `order no 1`. How many tokens it took, if it is one.
fn order_number(tokens: &[String], read: &mut Read) -> Option<usize> {
    let token = tokens[0].trim_start_matches('#');
    let numeric = |text: &str| {
        !text.is_empty()
            && text.len() <= 12
            && text.bytes().all(|b| b.is_ascii_digit() || b == b'o')
            && text.bytes().any(|b| b.is_ascii_digit())
    };
    let after = |from: usize| tokens.get(from).map(|next| next.trim_start_matches('#')).filter(|next| numeric(next));
    if matches!(token, "order" | "ordr" | "oder" | "ऑर्डर" | "ఆర్డర్") {
        let skip = usize::from(tokens.get(1).is_some_and(|word| matches!(word.as_str(), "no" | "num" | "number" | "id" | "nbr")));
        let number = after(1 + skip)?.parse().ok()?;
        add_order(read, number);
        return Some(2 + skip);
    }
    let rest = token.strip_prefix("ord").or_else(|| token.strip_prefix("0rd"))?;
    if rest.is_empty() {
        if let Some(number) = after(1).and_then(|digits| digits.parse().ok()) {
            add_order(read, number);
            return Some(2);
        }
        read.unclear_number = true;
        return Some(1);
    }
    if let Ok(number) = rest.parse::<OrderNumber>() {
        add_order(read, number);
        return Some(1);
    }
    // `ord1a`, `ordl`: an order's number with a slip. Words such as "ordered" are words.
    if rest.bytes().any(|byte| byte.is_ascii_digit()) || rest.len() <= 1 {
        read.unclear_number = true;
        return Some(1);
    }
    None
}

fn add_order(read: &mut Read, number: OrderNumber) {
    if !read.orders.contains(&number) {
        read.orders.push(number);
    }
}

/// `123 456` and `1 2 3 4 5 6`: a code read out.
fn spaced_code(numbers: &mut Vec<String>) -> Option<String> {
    let halves = numbers.len() == 2 && numbers.iter().all(|part| part.len() == 3);
    let digits = numbers.len() == 6 && numbers.iter().all(|part| part.len() == 1);
    if (halves || digits) && numbers.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit())) {
        return Some(std::mem::take(numbers).concat());
    }
    None
}

/// The one amount among the numbers.
pub(crate) fn amount(numbers: &[String]) -> Option<Money> {
    match numbers {
        [only] => only.parse().ok(),
        _ => None,
    }
}

/// The one bare number, taken for an order's.
pub(crate) fn bare_order(numbers: &[String]) -> Option<OrderNumber> {
    match numbers {
        [only] if only.len() <= 6 => only.parse().ok(),
        _ => None,
    }
}

fn tokens(text: &str) -> Vec<String> {
    let mut plain = String::with_capacity(text.len());
    let chars: Vec<char> = text.chars().flat_map(char::to_lowercase).map(ascii_digit).collect();
    for (at, c) in chars.iter().copied().enumerate() {
        let digit = |index: Option<usize>| index.and_then(|i| chars.get(i)).is_some_and(char::is_ascii_digit);
        let between_digits = digit(at.checked_sub(1)) && digit(Some(at + 1));
        match c {
            // "don't" and "dont" are one word, "5,000" is one number.
            '\'' | '’' | '‘' | '`' | '\u{200c}' | '\u{200d}' | '*' => {}
            ',' if between_digits => {}
            '.' if between_digits => plain.push('.'),
            '#' => plain.push_str(" #"),
            '₹' => plain.push(' '),
            c if is_word(c) => plain.push(c),
            _ => plain.push(' '),
        }
    }
    plain.split_whitespace().filter(|token| *token != "#").map(str::to_owned).collect()
}

/// Letters and digits; in Indian scripts also the signs that `is_alphanumeric` leaves out.
fn is_word(c: char) -> bool {
    c.is_alphanumeric() || ('\u{0900}'..='\u{097f}').contains(&c) && c != '।' || ('\u{0c00}'..='\u{0c7f}').contains(&c)
}

fn ascii_digit(c: char) -> char {
    let digit = match c {
        '०'..='९' => u32::from(c) - u32::from('०'),
        '౦'..='౯' => u32::from(c) - u32::from('౦'),
        _ => return c,
    };
    char::from_digit(digit, 10).unwrap_or(c)
}

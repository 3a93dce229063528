//! The demo's own arithmetic, in plain paise. It shares no code with the services, so that agreement means something.

/// A figure of money in paise.
pub(super) type Paise = i64;

/// `part / whole`, half away from zero; both positive here.
fn rounded(part: i128, whole: i128) -> Paise {
    i64::try_from((part * 2 + whole) / (whole * 2)).unwrap_or(i64::MAX)
}

/// Quantity in thousandths times a unit price.
pub(super) fn line(quantity_thousandths: i64, unit_price: Paise) -> Paise {
    rounded(i128::from(quantity_thousandths) * i128::from(unit_price), 1000)
}

/// CGST and SGST of a line inside Telangana: half the rate each, rounded each for itself.
pub(super) fn tax_inside_state(taxable: Paise, rate_basis_points: i64) -> Paise {
    2 * rounded(i128::from(taxable) * i128::from(rate_basis_points), 20_000)
}

/// Commission of an order amount.
pub(super) fn commission(amount: Paise, rate_basis_points: i64) -> Paise {
    rounded(i128::from(amount) * i128::from(rate_basis_points), 10_000)
}

/// Delivery by road distance: ₹150 to 5 km, ₹20 for each further kilometre that is started, nothing from ₹25,000.
pub(super) fn delivery(metres: i64, subtotal: Paise) -> Paise {
    if subtotal >= 25_000_00 {
        return 0;
    }
    let further = (metres - 5_000).max(0);
    150_00 + (further + 999) / 1000 * 20_00
}

/// Reads `"1234.50"`.
pub(super) fn paise(text: &str) -> anyhow::Result<Paise> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (rupees, fraction) = digits.split_once('.').ok_or_else(|| anyhow::anyhow!("{text:?} is no amount"))?;
    anyhow::ensure!(fraction.len() == 2, "{text:?} is no amount");
    Ok(sign * (rupees.parse::<i64>()? * 100 + fraction.parse::<i64>()?))
}

/// `₹1,23,456.78`, grouped as in India.
pub(super) fn rupees(paise: Paise) -> String {
    let (whole, fraction) = (paise.unsigned_abs() / 100, paise.unsigned_abs() % 100);
    let digits = whole.to_string();
    let (head, tail) = digits.split_at(digits.len().saturating_sub(3));
    let mut grouped = String::new();
    for (index, digit) in head.chars().enumerate() {
        if index > 0 && (head.len() - index) % 2 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let comma = if head.is_empty() { "" } else { "," };
    let sign = if paise < 0 { "-" } else { "" };
    format!("{sign}₹{grouped}{comma}{tail}.{fraction:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_what_a_calculator_says() {
        assert_eq!(line(50_000, 338_50), 16_925_00);
        assert_eq!(tax_inside_state(16_925_00, 1800), 3_046_50);
        assert_eq!(tax_inside_state(1_234_57, 500), 61_72);
        assert_eq!(commission(10_000_05, 1000), 1_000_01);
        assert_eq!((delivery(5_000, 1), delivery(5_001, 1), delivery(9_999, 25_000_00)), (150_00, 170_00, 0));
        assert_eq!(rupees(1_23_456_78), "₹1,23,456.78");
        assert_eq!((rupees(5), rupees(-1_000_00)), ("₹0.05".to_owned(), "-₹1,000.00".to_owned()));
        assert_eq!(paise("-1234.50").unwrap(), -1_234_50);
    }
}

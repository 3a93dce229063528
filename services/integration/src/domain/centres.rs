//! Roughly where each PIN code of the city is: what is left to go by when the map cannot be asked. Post offices'
//! positions, to some hundred metres; never kept as somebody's address.

use std::collections::HashMap;
use std::sync::OnceLock;

use domain::Pincode;

use super::coverage::Position;

const DATA: &str = include_str!("../../data/pincodes.csv");

/// The centre of a PIN code that we deliver in.
#[must_use]
pub fn centre(pincode: &Pincode) -> Option<Position> {
    static CENTRES: OnceLock<HashMap<&str, Position>> = OnceLock::new();
    CENTRES.get_or_init(|| DATA.lines().skip(1).filter_map(read).collect()).get(pincode.as_str()).copied()
}

fn read(line: &'static str) -> Option<(&'static str, Position)> {
    let mut cells = line.split(',');
    let pincode = cells.next()?;
    let (latitude, longitude) = (cells.next()?.parse().ok()?, cells.next()?.parse().ok()?);
    Some((pincode, Position::new(latitude, longitude)?))
}

/// The first PIN code that an address names.
#[must_use]
pub fn pincode_in(address: &str) -> Option<Pincode> {
    address.split(|character: char| !character.is_ascii_digit()).find_map(|digits| digits.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_a_pincode_in_or_around_hyderabad() {
        let rows: Vec<_> = DATA.lines().skip(1).map(|line| read(line).unwrap()).collect();
        assert!(rows.len() >= 50);
        for (pincode, at) in rows {
            assert!(pincode.parse::<Pincode>().is_ok(), "{pincode}");
            assert!((17.0..18.0).contains(&at.latitude) && (78.0..79.0).contains(&at.longitude), "{pincode}");
        }
    }

    #[test]
    fn an_address_gives_its_pincode_whatever_other_numbers_it_has() {
        let found = |text: &str| pincode_in(text).map(|pincode| pincode.as_str().to_owned());
        assert_eq!(found("Plot 12, Road 3, Gachibowli, Hyderabad 500032"), Some("500032".into()));
        assert_eq!(found("Flat 1204, 91-9876543210, Hyderabad"), None);
        assert!(centre(&"500032".parse().unwrap()).is_some());
        assert!(centre(&"110001".parse().unwrap()).is_none());
    }
}

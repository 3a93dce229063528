//! Batches of goods that age: what expires first is sold first, and what has expired is not sold (rule 26 within a batch).
//!
//! An offer may have stock beyond its batches, of no known age. What is kept of that, and what leaves it, is not tied to a
//! batch; when it leaves so much that the batches say more than there is, those that expire first are taken to have left.

use chrono::NaiveDate;
use domain::Quantity;
use uuid::Uuid;

/// One batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Which.
    pub id: Uuid,
    /// What the vendor calls it.
    pub number: String,
    /// When it was made, if known; an Indian day.
    pub manufactured_on: Option<NaiveDate>,
    /// The last Indian day on which it is sold.
    pub expires_on: NaiveDate,
    /// How much of it is there.
    pub quantity: Quantity,
    /// How much of that orders keep.
    pub reserved: Quantity,
}

impl Batch {
    /// What nobody keeps of it, sold or not.
    #[must_use]
    pub fn free(&self) -> Quantity {
        self.quantity.checked_sub(self.reserved).unwrap_or(Quantity::ZERO)
    }

    /// Whether it may be sold on this Indian day.
    #[must_use]
    pub fn is_sold_on(&self, day: NaiveDate) -> bool {
        self.expires_on >= day
    }
}

/// How much of which batch.
pub type Taken = Vec<(Uuid, Quantity)>;

/// What a vendor says of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// What the vendor calls it.
    pub number: String,
    /// When it was made, if known.
    pub manufactured_on: Option<NaiveDate>,
    /// The last day on which it is sold.
    pub expires_on: NaiveDate,
    /// How much of it is there.
    pub quantity: Quantity,
}

/// Why batches are not as a vendor says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// Two with one name.
    #[error("batch {0} is named twice")]
    Twice(String),
    /// Nothing of it.
    #[error("batch {0} must be more than nothing; leave out what is not there")]
    Nothing(String),
    /// Too old.
    #[error("batch {0} has expired and cannot be sold")]
    Expired(String),
    /// Dates that contradict each other.
    #[error("batch {0} cannot be made in the future or after it expires")]
    MadeLater(String),
    /// Orders keep some of it.
    #[error("{reserved} of batch {number} are kept for orders")]
    BelowReserved {
        /// Which.
        number: String,
        /// How much.
        reserved: Quantity,
    },
    /// More than a column holds.
    #[error("a quantity is out of range")]
    OutOfRange,
}

/// First to expire first; then first to come.
fn sort(batches: &mut [Batch]) {
    batches.sort_by_key(|batch| (batch.expires_on, batch.id));
}

/// Sum of something over batches; more than a column holds is more than anybody has.
fn sum(quantities: impl Iterator<Item = Quantity>) -> Quantity {
    quantities.fold(Quantity::ZERO, |sum, quantity| sum.checked_add(quantity).unwrap_or(Quantity::from_thousandths(i64::MAX / 2)))
}

/// How much there is in all batches.
#[must_use]
pub fn total(batches: &[Batch]) -> Quantity {
    sum(batches.iter().map(|batch| batch.quantity))
}

/// What is there that nobody keeps and that is too old to be sold on this day.
#[must_use]
pub fn too_old(batches: &[Batch], day: NaiveDate) -> Quantity {
    sum(batches.iter().filter(|batch| !batch.is_sold_on(day)).map(Batch::free))
}

/// Keeps `wanted` out of what may be sold on this day, first to expire first. What the batches do not have comes from stock
/// of no known age and is not in the answer.
pub fn take(batches: &mut [Batch], wanted: Quantity, day: NaiveDate) -> Taken {
    sort(batches);
    let mut left = wanted;
    let mut taken = Taken::new();
    for batch in batches.iter_mut().filter(|batch| batch.is_sold_on(day)) {
        let part = left.min(batch.free());
        if part.is_positive()
            && let (Some(reserved), Some(rest)) = (batch.reserved.checked_add(part), left.checked_sub(part))
        {
            batch.reserved = reserved;
            left = rest;
            taken.push((batch.id, part));
        }
    }
    taken
}

/// Undoes what was taken; with `gone`, the goods left. `None` when a batch keeps less than that.
pub fn give_back(batches: &mut [Batch], taken: &[(Uuid, Quantity)], gone: bool) -> Option<()> {
    for batch in batches {
        for (_, quantity) in taken.iter().filter(|(id, _)| *id == batch.id) {
            batch.reserved = batch.reserved.checked_sub(*quantity)?;
            if gone {
                batch.quantity = batch.quantity.checked_sub(*quantity)?;
            }
        }
    }
    Some(())
}

/// Undoes so much of what was taken, last to expire first, and leaves the rest of it in `taken`. `None` when less than that
/// was taken, or a batch keeps less.
pub fn give_back_part(batches: &mut [Batch], taken: &mut Taken, quantity: Quantity) -> Option<()> {
    sort(batches);
    let mut left = quantity;
    for batch in batches.iter_mut().rev() {
        for (_, kept) in taken.iter_mut().filter(|(id, _)| *id == batch.id) {
            let part = left.min(*kept);
            batch.reserved = batch.reserved.checked_sub(part)?;
            *kept = kept.checked_sub(part)?;
            left = left.checked_sub(part)?;
        }
    }
    taken.retain(|(_, kept)| kept.is_positive());
    (!left.is_positive()).then_some(())
}

/// How much of these batches is taken.
#[must_use]
pub fn taken_of(batches: &[Batch], taken: &[(Uuid, Quantity)]) -> Quantity {
    sum(taken.iter().filter(|(id, _)| batches.iter().any(|batch| batch.id == *id)).map(|(_, quantity)| *quantity))
}

/// Makes the batches say no more than the stock there is: what expires first has left first. What orders keep stays.
pub fn fit(batches: &mut [Batch], stock: Quantity) {
    sort(batches);
    let mut over = total(batches).checked_sub(stock).unwrap_or(Quantity::ZERO);
    for batch in batches {
        let part = over.min(batch.free());
        batch.quantity = batch.quantity.checked_sub(part).unwrap_or(batch.quantity);
        over = over.checked_sub(part).unwrap_or(Quantity::ZERO);
    }
}

/// What a vendor says is there, instead of what is known. Batches that are not named are gone, except for what is too old
/// to be sold and still kept for orders.
///
/// # Errors
/// [`BatchError`].
pub fn replace(
    known: Vec<Batch>,
    said: &[Said],
    day: NaiveDate,
    mut new_id: impl FnMut() -> Uuid,
) -> Result<Vec<Batch>, BatchError> {
    let mut batches = known;
    for batch in batches.iter_mut().filter(|batch| batch.is_sold_on(day)) {
        if !said.iter().any(|said| said.number == batch.number) {
            if batch.reserved.is_positive() {
                return Err(BatchError::BelowReserved { number: batch.number.clone(), reserved: batch.reserved });
            }
            batch.quantity = Quantity::ZERO;
        }
    }
    for (at, one) in said.iter().enumerate() {
        check(one, day)?;
        if said.iter().take(at).any(|other| other.number == one.number) {
            return Err(BatchError::Twice(one.number.clone()));
        }
        if let Some(batch) = batches.iter_mut().find(|batch| batch.number == one.number) {
            if one.quantity < batch.reserved {
                return Err(BatchError::BelowReserved { number: batch.number.clone(), reserved: batch.reserved });
            }
            batch.manufactured_on = one.manufactured_on;
            batch.expires_on = one.expires_on;
            batch.quantity = one.quantity;
        } else {
            batches.push(Batch {
                id: new_id(),
                number: one.number.clone(),
                manufactured_on: one.manufactured_on,
                expires_on: one.expires_on,
                quantity: one.quantity,
                reserved: Quantity::ZERO,
            });
        }
    }
    let fits = batches.iter().try_fold(Quantity::ZERO, |sum, batch| sum.checked_add(batch.quantity));
    fits.map(|_| batches).ok_or(BatchError::OutOfRange)
}

fn check(said: &Said, day: NaiveDate) -> Result<(), BatchError> {
    if !said.quantity.is_positive() {
        return Err(BatchError::Nothing(said.number.clone()));
    }
    if said.expires_on < day {
        return Err(BatchError::Expired(said.number.clone()));
    }
    if said.manufactured_on.is_some_and(|made| made > day || made > said.expires_on) {
        return Err(BatchError::MadeLater(said.number.clone()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(n: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, n).unwrap()
    }

    fn batch(id: u128, expires: u32, quantity: i32, reserved: i32) -> Batch {
        Batch {
            id: Uuid::from_u128(id),
            number: format!("B{id}"),
            manufactured_on: None,
            expires_on: day(expires),
            quantity: Quantity::from_whole(quantity),
            reserved: Quantity::from_whole(reserved),
        }
    }

    fn said(number: &str, expires: u32, quantity: i32) -> Said {
        let quantity = Quantity::from_whole(quantity);
        Said { number: number.to_owned(), manufactured_on: Some(day(1)), expires_on: day(expires), quantity }
    }

    fn ids() -> impl FnMut() -> Uuid {
        let mut next = 100;
        move || {
            next += 1;
            Uuid::from_u128(next)
        }
    }

    #[test]
    fn what_expires_first_is_taken_first_and_what_has_expired_is_not() {
        let mut batches = vec![batch(1, 20, 10, 0), batch(2, 12, 10, 4), batch(3, 9, 10, 0)];
        let taken = take(&mut batches, Quantity::from_whole(9), day(10));
        let whole = |id, n| (Uuid::from_u128(id), Quantity::from_whole(n));
        assert_eq!(taken, [whole(2, 6), whole(1, 3)]);
        // A batch is sold on its last day.
        assert_eq!(take(&mut batches, Quantity::from_whole(1), day(20)), [whole(1, 1)]);
        assert_eq!(take(&mut batches, Quantity::from_whole(1), day(21)), []);
        assert_eq!(too_old(&batches, day(10)), Quantity::from_whole(10));
    }

    #[test]
    fn who_counts_less_than_the_batches_say_has_sold_the_oldest_first() {
        let mut batches = vec![batch(1, 20, 10, 0), batch(2, 12, 10, 4)];
        fit(&mut batches, Quantity::from_whole(11));
        let left: Vec<i64> = batches.iter().map(|batch| batch.quantity.thousandths() / 1000).collect();
        assert_eq!(left, [4, 7], "what is kept of the older one stays");
    }

    #[test]
    fn what_a_vendor_says_replaces_what_was_known_and_contradictions_are_refused() {
        let known = || vec![batch(1, 20, 10, 4), batch(2, 25, 5, 0), batch(3, 5, 2, 2)];
        let ask = |list: &[Said]| replace(known(), list, day(10), ids());
        let done = ask(&[said("B1", 22, 8), said("NEW", 30, 7)]).unwrap();
        let left: Vec<i64> = done.iter().map(|batch| batch.quantity.thousandths() / 1000).collect();
        assert_eq!(left, [8, 0, 2, 7], "gone is what was not named, but for what orders keep of what is too old");
        let kept = BatchError::BelowReserved { number: "B1".to_owned(), reserved: Quantity::from_whole(4) };
        assert_eq!(ask(&[]), Err(kept.clone()));
        assert_eq!(ask(&[said("B1", 22, 3)]), Err(kept));
        let first = said("B1", 22, 8);
        let with = |other: Said| ask(&[first.clone(), other]).unwrap_err();
        assert_eq!(with(first.clone()), BatchError::Twice("B1".to_owned()));
        assert_eq!(with(said("OLD", 9, 1)), BatchError::Expired("OLD".to_owned()));
        assert_eq!(with(said("NONE", 22, 0)), BatchError::Nothing("NONE".to_owned()));
        let future = Said { manufactured_on: Some(day(11)), ..said("LATE", 22, 1) };
        assert_eq!(with(future), BatchError::MadeLater("LATE".to_owned()));
    }

    proptest! {
        #[test]
        fn nothing_is_taken_twice_or_lost(
            rows in prop::collection::vec((1..28_u32, 0..50_i32, 0..50_i32), 0..8),
            wanted in 0..200_i32,
            stock in 0..300_i32,
        ) {
            let before: Vec<Batch> = rows
                .iter()
                .enumerate()
                .map(|(n, (expires, quantity, reserved))| batch(n as u128, *expires, *quantity, *reserved.min(quantity)))
                .collect();
            let mut batches = before.clone();
            let taken = take(&mut batches, Quantity::from_whole(wanted), day(10));
            let sellable = sum(before.iter().filter(|batch| batch.is_sold_on(day(10))).map(Batch::free));
            let got = sum(taken.iter().map(|(_, quantity)| *quantity));
            prop_assert_eq!(got, sellable.min(Quantity::from_whole(wanted)));
            prop_assert!(batches.iter().all(|batch| batch.reserved <= batch.quantity));
            prop_assert!(give_back(&mut batches, &taken, false).is_some());
            sort(&mut batches);
            let mut sorted = before;
            sort(&mut sorted);
            prop_assert_eq!(&batches, &sorted);
            fit(&mut batches, Quantity::from_whole(stock));
            prop_assert!(batches.iter().all(|batch| batch.reserved <= batch.quantity));
            let kept = sum(batches.iter().map(|batch| batch.reserved));
            prop_assert!(total(&batches) <= Quantity::from_whole(stock).max(kept));
        }
    }
}

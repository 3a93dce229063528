//! What an admin may be allowed beyond the role.

/// Every permission there is. A role's own powers need none of them.
pub const KNOWN: &[&str] = &[
    "audit_log.read",
    "catalog.write",
    "cod_limit.write",
    "disputes.resolve",
    "orders.cancel",
    "refunds.approve",
    "settlements.approve",
    "users.suspend",
    "vendors.approve_kyc",
];

/// Sorts them and drops doubles.
///
/// # Errors
/// The first one that is not known.
pub fn checked(mut permissions: Vec<String>) -> Result<Vec<String>, String> {
    permissions.sort();
    permissions.dedup();
    match permissions.iter().find(|permission| !KNOWN.contains(&permission.as_str())) {
        Some(unknown) => Err(unknown.clone()),
        None => Ok(permissions),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_are_known_and_there_once() {
        let twice = vec!["users.suspend".to_owned(), "catalog.write".to_owned(), "users.suspend".to_owned()];
        assert_eq!(checked(twice).unwrap(), ["catalog.write", "users.suspend"]);
        assert_eq!(checked(vec!["everything".to_owned()]).unwrap_err(), "everything");
    }
}

//! A point on the map.

/// Degrees north and east.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
}

impl Place {
    /// A point, when both halves are given.
    #[must_use]
    pub fn of(latitude: Option<f64>, longitude: Option<f64>) -> Option<Self> {
        Some(Self { latitude: latitude?, longitude: longitude? })
    }

    /// To seven places, a centimetre: as it is kept, so that what was kept reads as what was said.
    #[must_use]
    pub fn rounded(self) -> Self {
        let round = |degrees: f64| (degrees * 1e7).round() / 1e7;
        Self { latitude: round(self.latitude), longitude: round(self.longitude) }
    }

    /// Whether it lies in or around India: mixed-up halves do not.
    #[must_use]
    pub fn is_in_india(&self) -> bool {
        (6.0..=38.0).contains(&self.latitude) && (68.0..=98.0).contains(&self.longitude)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hyderabad_is_in_india_and_its_halves_turned_around_are_not() {
        assert!(Place { latitude: 17.4435, longitude: 78.3772 }.is_in_india());
        assert!(!Place { latitude: 78.3772, longitude: 17.4435 }.is_in_india());
    }
}

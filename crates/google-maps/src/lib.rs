//! Google Maps Platform: geocoding and route matrix.

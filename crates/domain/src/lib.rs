//! The shared words of the marketplace: ids, money, quantities, identifiers, states and events.

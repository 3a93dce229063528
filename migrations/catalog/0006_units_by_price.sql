-- The cheapest of a unit: what is sold by the bag lies together in the order of prices, so that going along that order passes
-- tens of thousands of others first.
CREATE INDEX materials_by_unit_and_price ON materials (unit, base_price, id) WHERE is_active;

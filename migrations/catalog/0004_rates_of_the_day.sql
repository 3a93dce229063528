-- Every list asks for the rate of the day of each of its rows: by an index that holds the answer, which takes a quarter of the
-- time that the one of the exclusion constraint does.
CREATE INDEX gst_rates_of_registered ON gst_rates (tax_code, valid_from) INCLUDE (valid_to, rate) WHERE scheme = 'regular';

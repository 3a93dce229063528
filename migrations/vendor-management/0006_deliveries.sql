-- Who brings a delivery when it is not the owner, and a chain of proofs whose end is known as well.

ALTER TABLE deliveries
    ADD COLUMN helper_name varchar(255),
    ADD COLUMN helper_phone varchar(15),
    -- The last link of the chain of proofs: without it the newest proofs could be taken away unseen.
    ADD COLUMN proofs_count integer NOT NULL DEFAULT 0 CHECK (proofs_count >= 0),
    ADD COLUMN proofs_head bytea CHECK (octet_length(proofs_head) = 32),
    ADD CONSTRAINT deliveries_helper_is_whole CHECK ((helper_name IS NULL) = (helper_phone IS NULL)),
    ADD CONSTRAINT deliveries_slot_has_a_day CHECK (scheduled_slot IS NULL OR scheduled_date IS NOT NULL) NOT VALID,
    ADD CONSTRAINT deliveries_chain_has_an_end CHECK ((proofs_count = 0) = (proofs_head IS NULL));

UPDATE deliveries d SET proofs_count = last.position, proofs_head = last.hash
  FROM (SELECT DISTINCT ON (delivery_id) delivery_id, position, hash FROM delivery_proof ORDER BY delivery_id, position DESC) last
 WHERE last.delivery_id = d.id;

-- What a proof's hash covers: 1 everything but the notes, 2 the notes as well.
ALTER TABLE delivery_proof ADD COLUMN hash_version smallint NOT NULL DEFAULT 1 CHECK (hash_version IN (1, 2));
ALTER TABLE delivery_proof ALTER COLUMN hash_version DROP DEFAULT;

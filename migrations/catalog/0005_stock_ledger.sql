-- Every change of a vendor's stock, written once and never again: stock is what they add up to, at any time.
CREATE TABLE stock_movements (
    position     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    inventory_id uuid NOT NULL REFERENCES vendor_inventory (id),
    -- opening: the first count; counted: the vendor says another number; committed: goods left with an order;
    -- expired: goods that are too old were taken out.
    kind         text NOT NULL CHECK (kind IN ('opening', 'counted', 'committed', 'expired')),
    -- By how much the stock changed.
    quantity     numeric(12,3) NOT NULL CHECK (quantity <> 0),
    order_id     uuid REFERENCES stock_reservations (order_id),
    -- Which batch, of goods that expired.
    batch_id     uuid,
    occurred_at  timestamptz NOT NULL,
    CONSTRAINT stock_movements_order CHECK ((kind = 'committed') = (order_id IS NOT NULL)),
    CONSTRAINT stock_movements_batch CHECK (batch_id IS NULL OR kind = 'expired'),
    CONSTRAINT stock_movements_sign CHECK (CASE kind WHEN 'opening' THEN quantity > 0 WHEN 'counted' THEN true ELSE quantity < 0 END)
);
CREATE INDEX stock_movements_by_inventory ON stock_movements (inventory_id) INCLUDE (quantity);
CREATE UNIQUE INDEX stock_movements_one_opening ON stock_movements (inventory_id) WHERE kind = 'opening';
CREATE UNIQUE INDEX stock_movements_commit_once ON stock_movements (order_id, inventory_id) WHERE kind = 'committed';

-- What was there before the book was opened.
INSERT INTO stock_movements (inventory_id, kind, quantity, occurred_at)
SELECT o.id, 'opening', o.stock_quantity + g.gone, o.created_at
  FROM vendor_inventory o
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(l.quantity), 0) AS gone
         FROM stock_reservation_lines l JOIN stock_reservations r USING (order_id)
        WHERE l.inventory_id = o.id AND r.status = 'committed') g
 WHERE o.stock_quantity + g.gone > 0 ORDER BY o.id;
INSERT INTO stock_movements (inventory_id, kind, quantity, order_id, occurred_at)
SELECT l.inventory_id, 'committed', -l.quantity, l.order_id, r.ended_at
  FROM stock_reservation_lines l JOIN stock_reservations r USING (order_id)
 WHERE l.inventory_id IS NOT NULL AND r.status = 'committed' ORDER BY r.ended_at, l.order_id;

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER stock_movements_append_only BEFORE UPDATE OR DELETE ON stock_movements
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER stock_movements_no_truncate BEFORE TRUNCATE ON stock_movements
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Reservations whose time is over are looked for, instead of a job for each.
UPDATE jobs SET state = 'cancelled', finished_at = run_at, lease_id = NULL, leased_until = NULL
 WHERE kind = 'expire_reservation' AND state = 'pending';

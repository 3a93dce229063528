-- Batches of goods that age. An offer may have stock beyond its batches; that counts as of no known age.
ALTER TABLE vendor_inventory ADD COLUMN is_batched boolean NOT NULL DEFAULT false;

CREATE TABLE stock_batches (
    id                uuid PRIMARY KEY,
    inventory_id      uuid NOT NULL REFERENCES vendor_inventory (id),
    batch_number      varchar(64) NOT NULL CHECK (batch_number <> ''),
    manufactured_on   date,
    -- The last Indian day on which it is sold.
    expires_on        date NOT NULL,
    quantity          numeric(12,3) NOT NULL CHECK (quantity >= 0),
    reserved_quantity numeric(12,3) NOT NULL DEFAULT 0,
    -- When the vendor was told that it expires soon.
    warned_at         timestamptz,
    CONSTRAINT stock_batches_number UNIQUE (inventory_id, batch_number),
    CONSTRAINT stock_batches_reserved CHECK (reserved_quantity >= 0 AND reserved_quantity <= quantity),
    CONSTRAINT stock_batches_dates CHECK (manufactured_on <= expires_on)
);
CREATE INDEX stock_batches_by_expiry ON stock_batches (expires_on) WHERE quantity > 0;
ALTER TABLE stock_movements ADD CONSTRAINT stock_movements_of_batch FOREIGN KEY (batch_id) REFERENCES stock_batches (id);

-- Out of which batches an order is served; what is not named here comes from stock of no known age.
CREATE TABLE stock_reservation_batches (
    order_id uuid NOT NULL REFERENCES stock_reservations (order_id),
    batch_id uuid NOT NULL REFERENCES stock_batches (id),
    quantity numeric(12,3) NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (order_id, batch_id)
);
CREATE INDEX stock_reservation_batches_by_batch ON stock_reservation_batches (batch_id);

-- Every row that does not agree with the others, and what it would have to say. `offer_id` is for reading it in parts.
CREATE VIEW stock_mismatches AS
-- Stock is what the movements add up to.
SELECT 'stock' AS what, 'vendor_inventory' AS table_name, o.id AS row_id, o.id AS offer_id,
       m.total AS expected, o.stock_quantity AS found
  FROM vendor_inventory o
 CROSS JOIN LATERAL (SELECT coalesce(sum(quantity), 0) AS total FROM stock_movements WHERE inventory_id = o.id) m
 WHERE o.stock_quantity <> m.total
UNION ALL
-- What is kept is what live reservations keep.
SELECT 'reserved', 'vendor_inventory', o.id, o.id, l.total, o.reserved_quantity
  FROM vendor_inventory o
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(l.quantity), 0) AS total
         FROM stock_reservation_lines l JOIN stock_reservations r USING (order_id)
        WHERE l.inventory_id = o.id AND r.status = 'active') l
 WHERE o.reserved_quantity <> l.total
UNION ALL
SELECT 'workers', 'vendor_labor_availability', a.id, a.id, l.total, a.reserved_workers
  FROM vendor_labor_availability a
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(l.quantity), 0) AS total
         FROM stock_reservation_lines l JOIN stock_reservations r USING (order_id)
        WHERE l.labor_availability_id = a.id AND r.status = 'active') l
 WHERE a.reserved_workers <> l.total
UNION ALL
-- What left with an order is what it had kept, and nothing left with an order whose reservation says otherwise.
SELECT 'committed', 'stock_reservation_lines', l.order_id, l.inventory_id,
       CASE WHEN r.status = 'committed' THEN l.quantity ELSE 0 END, -coalesce(m.quantity, 0)
  FROM stock_reservation_lines l
  JOIN stock_reservations r USING (order_id)
  LEFT JOIN stock_movements m ON m.kind = 'committed' AND m.order_id = l.order_id AND m.inventory_id = l.inventory_id
 WHERE l.inventory_id IS NOT NULL
   AND CASE WHEN r.status = 'committed' THEN l.quantity ELSE 0 END <> -coalesce(m.quantity, 0)
UNION ALL
-- What a live reservation keeps is what was said of it last.
SELECT 'line', 'stock_reservation_lines', l.order_id, coalesce(l.inventory_id, l.labor_availability_id), s.said, l.quantity
  FROM stock_reservation_lines l
  JOIN stock_reservations r USING (order_id)
 CROSS JOIN LATERAL (
       SELECT coalesce(sum((line ->> 'quantity')::numeric), 0) AS said
         FROM (SELECT e.data FROM outbox e
                WHERE e.aggregate_id = l.order_id AND e.event_type = 'StockReserved'
                ORDER BY e.sequence DESC LIMIT 1) e
        CROSS JOIN LATERAL jsonb_array_elements(e.data -> 'lines') line
        WHERE (line ->> 'inventory_id')::uuid = coalesce(l.inventory_id, l.labor_availability_id)) s
 WHERE r.status = 'active' AND l.quantity <> s.said
UNION ALL
-- A batch keeps what live reservations keep of it.
SELECT 'batch_reserved', 'stock_batches', b.id, b.inventory_id, l.total, b.reserved_quantity
  FROM stock_batches b
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(t.quantity), 0) AS total
         FROM stock_reservation_batches t JOIN stock_reservations r USING (order_id)
        WHERE t.batch_id = b.id AND r.status = 'active') l
 WHERE b.reserved_quantity <> l.total
UNION ALL
-- Batches are part of the stock.
SELECT 'batches', 'vendor_inventory', o.id, o.id, o.stock_quantity, b.total
  FROM vendor_inventory o
 CROSS JOIN LATERAL (SELECT coalesce(sum(quantity), 0) AS total FROM stock_batches WHERE inventory_id = o.id) b
 WHERE o.is_batched AND b.total > o.stock_quantity
UNION ALL
-- No more is taken out of batches for an order than it keeps.
SELECT 'line_batches', 'stock_reservation_lines', l.order_id, l.inventory_id, l.quantity, t.total
  FROM stock_reservation_lines l
  JOIN vendor_inventory o ON o.id = l.inventory_id AND o.is_batched
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(t.quantity), 0) AS total
         FROM stock_reservation_batches t JOIN stock_batches b ON b.id = t.batch_id
        WHERE t.order_id = l.order_id AND b.inventory_id = l.inventory_id) t
 WHERE t.total > l.quantity;

-- Items edited before payment: an edit is a saga of the same row as the placing before it, so that the table still says
-- everything that is under way with an order. While an edit is not decided, what it wants stands in `edit`.
ALTER TABLE order_sagas DROP CONSTRAINT order_sagas_step_check;
ALTER TABLE order_sagas
    ADD COLUMN edit           jsonb  CHECK (jsonb_typeof(edit) = 'object'),
    -- Of the lines as catalog and payment know them; an edit takes two, one for what it wants and one for what remains.
    ADD COLUMN items_revision bigint NOT NULL DEFAULT 1 CHECK (items_revision >= 1),
    ADD CONSTRAINT order_sagas_step_check CHECK (step IN (
        'placed', 'stock_reserved', 'done', 'undoing', 'undone',
        'editing', 'edit_reserved', 'edit_undoing', 'edit_settling')),
    ADD CONSTRAINT order_sagas_edit_until_decided CHECK (
        (edit IS NOT NULL) = (step IN ('editing', 'edit_reserved', 'edit_undoing')));

-- Room on the page for the changes that every order sees.
ALTER TABLE orders SET (fillfactor = 80);
ALTER TABLE order_sagas SET (fillfactor = 70);

-- What the sweeper and the comparison of the books look for, they find by an index however large the tables grow.

-- When the gateway was last asked to take a link back; it is asked again until it has done so, or will not.
ALTER TABLE payment_links ADD COLUMN cancel_tried_at TIMESTAMPTZ;
CREATE INDEX payment_links_to_take_back ON payment_links (expires_at) WHERE cancelled_at IS NULL AND gateway_link_id IS NOT NULL;
CREATE INDEX payment_links_of_gateway_order ON payment_links (razorpay_order_id) WHERE razorpay_order_id IS NOT NULL;

-- A business key names its kind and then its subject: the movements of some payments and refunds are found by the latter.
CREATE INDEX ledger_transactions_by_subject ON ledger_transactions (split_part(business_key, ':', 2));
CREATE INDEX payments_by_capture ON payments (captured_at) WHERE captured_at IS NOT NULL;
CREATE INDEX payments_by_collection ON payments (cod_collected_at) WHERE cod_collected_at IS NOT NULL;
CREATE INDEX payment_refunds_by_begin ON payment_refunds (initiated_at);
CREATE INDEX payment_refunds_by_end ON payment_refunds (processed_at) WHERE processed_at IS NOT NULL;
CREATE INDEX payment_strays_by_time ON payment_strays (created_at);

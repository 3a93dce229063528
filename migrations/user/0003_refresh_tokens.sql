-- Whose a refresh token is, so that it can be told apart why it counts no more: Firebase says of a suspended user and of
-- a deleted one that the account is disabled, and not whose it was. Only the hash is kept; it outlives the sessions.

CREATE TABLE refresh_tokens (
    token_hash bytea       PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    user_id    uuid        NOT NULL REFERENCES users (id),
    seen_at    timestamptz NOT NULL
);
CREATE INDEX refresh_tokens_by_age ON refresh_tokens (seen_at);

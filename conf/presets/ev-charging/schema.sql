-- The tables of the EV-charging case in the operator's own database (SQLite).
CREATE TABLE IF NOT EXISTS ev_cards (
	id_tag TEXT PRIMARY KEY,              -- as SteVe knows it; SteVe ignores case
	parent_id_tag TEXT,                   -- a card without a mapping of its own inherits its parent's
	external_customer_id TEXT,
	external_subscription_id TEXT,        -- NULL: its sessions wait
	is_active INTEGER NOT NULL DEFAULT 1
);
CREATE TABLE IF NOT EXISTS lago_customers (
	lago_id TEXT PRIMARY KEY,
	external_id TEXT,
	name TEXT,
	email TEXT,
	payload TEXT NOT NULL,                -- the whole object as Lago sent it
	synced_at TEXT NOT NULL,
	deleted_at TEXT                       -- set while Lago does not have it
);
CREATE INDEX IF NOT EXISTS lago_customers_external_id ON lago_customers (external_id);

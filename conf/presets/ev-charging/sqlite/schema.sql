-- The tables of the EV-charging case in the operator's own database (SQLite).

-- The cards that may charge, and who pays for them.
CREATE TABLE IF NOT EXISTS ev_cards (
	id_tag TEXT PRIMARY KEY,                        -- as SteVe knows it; SteVe ignores case
	parent_id_tag TEXT,                             -- a card without a mapping of its own inherits that of a card above it
	external_customer_id TEXT,                      -- the customer's name in Lago
	external_subscription_id TEXT,                  -- NULL: its sessions wait
	is_active INTEGER NOT NULL DEFAULT 1
);

-- The operator's own list of customers; an e-mail address that is missing here is filled in from Lago.
CREATE TABLE IF NOT EXISTS ev_customers (
	external_customer_id TEXT PRIMARY KEY,          -- the customer's name in Lago
	name TEXT,
	email TEXT
);

-- Finished sessions as SteVe gives them, and the event by which each was billed.
CREATE TABLE IF NOT EXISTS charging_sessions (
	transaction_pk INTEGER PRIMARY KEY,             -- SteVe's number of the session
	id_tag TEXT NOT NULL,
	charge_box_id TEXT,
	connector_id INTEGER,
	started_at TEXT,
	stopped_at TEXT,
	energy_wh INTEGER,                              -- NULL: the meter values cannot be used
	external_subscription_id TEXT,                  -- as it was billed
	billed_kwh TEXT,                                -- exact, as it was sent; NULL: not billed
	event_id TEXT                                   -- transaction_id of Lago's usage event; NULL: not billed
);

-- Copies of what Lago has.
CREATE TABLE IF NOT EXISTS lago_billable_metrics (
	lago_id TEXT PRIMARY KEY,
	code TEXT,
	name TEXT,
	aggregation_type TEXT,
	field_name TEXT,
	payload TEXT NOT NULL,                          -- the whole object as Lago sent it
	synced_at TEXT NOT NULL,
	deleted_at TEXT                                 -- set while Lago does not have it
);

CREATE TABLE IF NOT EXISTS lago_plans (
	lago_id TEXT PRIMARY KEY,
	code TEXT,
	name TEXT,
	"interval" TEXT,
	amount_cents INTEGER,
	amount_currency TEXT,
	payload TEXT NOT NULL,                          -- the whole object as Lago sent it
	synced_at TEXT NOT NULL,
	deleted_at TEXT                                 -- set while Lago does not have it
);

CREATE TABLE IF NOT EXISTS lago_customers (
	lago_id TEXT PRIMARY KEY,
	external_id TEXT,
	name TEXT,
	email TEXT,
	currency TEXT,
	payload TEXT NOT NULL,                          -- the whole object as Lago sent it
	synced_at TEXT NOT NULL,
	deleted_at TEXT                                 -- set while Lago does not have it
);

CREATE TABLE IF NOT EXISTS lago_subscriptions (
	lago_id TEXT PRIMARY KEY,
	external_id TEXT,
	external_customer_id TEXT,
	plan_code TEXT,
	status TEXT,
	payload TEXT NOT NULL,                          -- the whole object as Lago sent it
	synced_at TEXT NOT NULL,
	deleted_at TEXT                                 -- set while Lago does not have it
);

CREATE TABLE IF NOT EXISTS lago_invoices (
	lago_id TEXT PRIMARY KEY,
	number TEXT,
	external_customer_id TEXT,
	status TEXT,
	payment_status TEXT,
	issuing_date TEXT,
	currency TEXT,
	total_amount_cents INTEGER,
	payload TEXT NOT NULL,                          -- the whole object as Lago sent it
	synced_at TEXT NOT NULL,
	deleted_at TEXT                                 -- set while Lago does not have it
);

CREATE TABLE IF NOT EXISTS lago_wallets (
	lago_id TEXT PRIMARY KEY,
	code TEXT,
	name TEXT,
	external_customer_id TEXT,
	status TEXT,
	currency TEXT,
	credits_balance TEXT,
	balance_cents INTEGER,
	payload TEXT NOT NULL,                          -- the whole object as Lago sent it
	synced_at TEXT NOT NULL,
	deleted_at TEXT                                 -- set while Lago does not have it
);

CREATE INDEX IF NOT EXISTS lago_customers_external_id ON lago_customers (external_id);
CREATE INDEX IF NOT EXISTS lago_subscriptions_external_id ON lago_subscriptions (external_id);

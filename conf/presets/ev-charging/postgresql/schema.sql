-- The tables of the EV-charging case in the operator's own database (PostgreSQL).

-- The cards that may charge, and who pays for them.
CREATE TABLE IF NOT EXISTS ev_cards (
	id_tag text PRIMARY KEY,                        -- as SteVe knows it; SteVe ignores case
	parent_id_tag text,                             -- a card without a mapping of its own inherits that of a card above it
	external_customer_id text,                      -- the customer's name in Lago
	external_subscription_id text,                  -- NULL: its sessions wait
	is_active boolean NOT NULL DEFAULT true
);

-- The operator's own list of customers; an e-mail address that is missing here is filled in from Lago.
CREATE TABLE IF NOT EXISTS ev_customers (
	external_customer_id text PRIMARY KEY,          -- the customer's name in Lago
	name text,
	email text
);

-- Finished sessions as SteVe gives them, and the event by which each was billed.
CREATE TABLE IF NOT EXISTS charging_sessions (
	transaction_pk bigint PRIMARY KEY,              -- SteVe's number of the session
	id_tag text NOT NULL,
	charge_box_id text,
	connector_id bigint,
	started_at timestamptz,
	stopped_at timestamptz,
	energy_wh bigint,                               -- NULL: the meter values cannot be used
	external_subscription_id text,                  -- as it was billed
	billed_kwh text,                                -- exact, as it was sent; NULL: not billed
	event_id text                                   -- transaction_id of Lago's usage event; NULL: not billed
);

-- Copies of what Lago has.
CREATE TABLE IF NOT EXISTS lago_billable_metrics (
	lago_id text PRIMARY KEY,
	code text,
	name text,
	aggregation_type text,
	field_name text,
	payload jsonb NOT NULL,                         -- the whole object as Lago sent it
	synced_at timestamptz NOT NULL,
	deleted_at timestamptz                          -- set while Lago does not have it
);

CREATE TABLE IF NOT EXISTS lago_plans (
	lago_id text PRIMARY KEY,
	code text,
	name text,
	"interval" text,
	amount_cents bigint,
	amount_currency text,
	payload jsonb NOT NULL,                         -- the whole object as Lago sent it
	synced_at timestamptz NOT NULL,
	deleted_at timestamptz                          -- set while Lago does not have it
);

CREATE TABLE IF NOT EXISTS lago_customers (
	lago_id text PRIMARY KEY,
	external_id text,
	name text,
	email text,
	currency text,
	payload jsonb NOT NULL,                         -- the whole object as Lago sent it
	synced_at timestamptz NOT NULL,
	deleted_at timestamptz                          -- set while Lago does not have it
);

CREATE TABLE IF NOT EXISTS lago_subscriptions (
	lago_id text PRIMARY KEY,
	external_id text,
	external_customer_id text,
	plan_code text,
	status text,
	payload jsonb NOT NULL,                         -- the whole object as Lago sent it
	synced_at timestamptz NOT NULL,
	deleted_at timestamptz                          -- set while Lago does not have it
);

CREATE TABLE IF NOT EXISTS lago_invoices (
	lago_id text PRIMARY KEY,
	number text,
	external_customer_id text,
	status text,
	payment_status text,
	issuing_date text,
	currency text,
	total_amount_cents bigint,
	payload jsonb NOT NULL,                         -- the whole object as Lago sent it
	synced_at timestamptz NOT NULL,
	deleted_at timestamptz                          -- set while Lago does not have it
);

CREATE TABLE IF NOT EXISTS lago_wallets (
	lago_id text PRIMARY KEY,
	code text,
	name text,
	external_customer_id text,
	status text,
	currency text,
	credits_balance text,
	balance_cents bigint,
	payload jsonb NOT NULL,                         -- the whole object as Lago sent it
	synced_at timestamptz NOT NULL,
	deleted_at timestamptz                          -- set while Lago does not have it
);

CREATE INDEX IF NOT EXISTS lago_customers_external_id ON lago_customers (external_id);
CREATE INDEX IF NOT EXISTS lago_subscriptions_external_id ON lago_subscriptions (external_id);

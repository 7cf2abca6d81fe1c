-- Anna has a card; Kurier GmbH a fleet card with two drivers' cards under it; one card has no subscription yet.
INSERT INTO ev_cards (id_tag, parent_id_tag, external_customer_id, external_subscription_id, is_active) VALUES
	('CARD-ANNA', NULL, 'anna', 'sub-anna', TRUE),
	('FLEET', NULL, 'fleet-1', 'sub-fleet', TRUE),
	('DRIVER-1', 'FLEET', 'fleet-1', 'sub-fleet', TRUE),
	('DRIVER-2', 'FLEET', 'fleet-1', 'sub-fleet', TRUE),
	('CARD-NEW', NULL, NULL, NULL, TRUE),
	('CARD-LOST', NULL, 'anna', 'sub-anna', FALSE);
-- One address is missing here, another differs from Lago's.
INSERT INTO ev_customers (external_customer_id, name, email) VALUES
	('anna', 'Anna Bergmann', NULL),
	('fleet-1', 'Kurier GmbH', 'office@kurier.example');

-- Anna has a card; Kurier GmbH a fleet card with two drivers' cards under it; one card has no subscription yet.
INSERT INTO ev_cards (id_tag, parent_id_tag, external_customer_id, external_subscription_id, is_active) VALUES
	('CARD-ANNA', NULL, 'anna', 'sub-anna', 1),
	('FLEET', NULL, 'fleet-1', 'sub-fleet', 1),
	('DRIVER-1', 'FLEET', 'fleet-1', 'sub-fleet', 1),
	('DRIVER-2', 'FLEET', 'fleet-1', 'sub-fleet', 1),
	('CARD-NEW', NULL, NULL, NULL, 1),
	('CARD-LOST', NULL, 'anna', 'sub-anna', 0);

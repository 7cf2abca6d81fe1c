# What SteVe holds when the quickstart starts. $now: seconds since the epoch, so that the sessions are recent.
def at(hours): $now - hours * 3600 | todate;
def session(id; tag; from; to; began; ended): {
  id: id, ocppIdTag: tag, chargeBoxId: "CP-NORTH-1", connectorId: 1,
  startValue: (from | tostring), startTimestamp: at(began),
  stopValue: (if to == null then null else (to | tostring) end),
  stopTimestamp: (if ended == null then null else at(ended) end),
  stopReason: (if ended == null then null else "EVDisconnected" end),
  stopEventActor: (if ended == null then null else "station" end)
};
{
  tags: [
    {idTag: "FLEET", maxActiveTransactionCount: -1, note: "Kurier GmbH"},
    {idTag: "CARD-ANNA", maxActiveTransactionCount: 1},
    {idTag: "DRIVER-1", parentIdTag: "FLEET", maxActiveTransactionCount: 1},
    {idTag: "DRIVER-2", parentIdTag: "FLEET", maxActiveTransactionCount: 0},
    {idTag: "DRIVER-3", parentIdTag: "FLEET", maxActiveTransactionCount: 0, note: "known to SteVe only; inherits"},
    {idTag: "CARD-NEW", maxActiveTransactionCount: -1},
    {idTag: "CARD-LOST", maxActiveTransactionCount: 1, note: "reported lost"},
    {idTag: "CARD-STRAY", maxActiveTransactionCount: 1, note: "in no mapping"}
  ],
  transactions: [
    session(1; "CARD-ANNA"; 10000; 28450; 72; 70),
    session(2; "CARD-ANNA"; 28450; 40701; 48; 46),
    session(3; "DRIVER-1"; 1000; 22768; 40; 33),
    session(4; "DRIVER-2"; 500; 9500; 30; 28),
    session(5; "FLEET"; 100; 1100; 26; 25),
    session(6; "CARD-NEW"; 200; 5200; 20; 18),
    session(7; "CARD-ANNA"; 40701; 40701; 10; 9),
    session(8; "CARD-ANNA"; 40701; null; 1; null)
  ]
}

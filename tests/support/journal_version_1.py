"""A journal as the first version of its schema made it."""

import sqlite3
from contextlib import closing
from pathlib import Path

SCHEMA = """
CREATE TABLE "gauges" (
   "bucket_s" INTEGER,
   "name" TEXT,
   "subject" TEXT,
   "at_us" INTEGER,
   "value" REAL,
   "max_value" REAL,
   PRIMARY KEY ("bucket_s", "name", "subject")
);
CREATE TABLE "progress" (
   "epoch" INTEGER PRIMARY KEY,
   "seq" INTEGER
);
CREATE TABLE "request_index" (
   "first_id" INTEGER PRIMARY KEY,
   "last_id" INTEGER,
   "hashes" BLOB
);
CREATE TABLE "requests" (
   "id" INTEGER PRIMARY KEY,
   "request_id" BLOB,
   "method" TEXT,
   "worker" TEXT,
   "principal" TEXT,
   "code" TEXT,
   "client" BLOB,
   "attempts" INTEGER,
   "answered_us" INTEGER,
   "received_us" INTEGER,
   "queue_us" INTEGER,
   "processing_us" INTEGER,
   "flags" INTEGER,
   "params" TEXT,
   "answer" TEXT
);
CREATE TABLE "rollups" (
   "bucket_s" INTEGER,
   "method" TEXT,
   "count" INTEGER,
   "errors" INTEGER,
   "sum_us" INTEGER,
   "max_us" INTEGER,
   "queue_us" INTEGER,
   "histogram" BLOB,
   PRIMARY KEY ("bucket_s", "method")
);
CREATE TABLE "totals" (
   "method" TEXT,
   "code" TEXT,
   "count" INTEGER,
   "sum_us" INTEGER,
   PRIMARY KEY ("method", "code")
);
CREATE TABLE "workers" (
   "worker_id" TEXT PRIMARY KEY,
   "at_us" INTEGER,
   "pool" TEXT,
   "pid" INTEGER,
   "host" TEXT,
   "state" TEXT,
   "in_flight" INTEGER,
   "processed" INTEGER,
   "started_us" INTEGER,
   "last_seen_us" INTEGER,
   "version" TEXT,
   "cpu_s" REAL,
   "rss_bytes" INTEGER
);
CREATE VIEW "request_logs" AS 
SELECT
  id,
  request_id,
  method,
  coalesce(worker, 'broker') AS worker_id,
  CASE WHEN instr(client, x'00') OR CAST(client AS TEXT) GLOB '*[^ -~]*' THEN lower(hex(client))
    ELSE CAST(client AS TEXT) END AS client_id,
  params AS request_data,
  CASE WHEN code IS NULL THEN answer END AS response_data,
  processing_us / 1000.0 AS processing_time_ms,
  CASE WHEN code IS NULL THEN 'success' ELSE 'error' END AS status,
  CASE WHEN code IS NOT NULL THEN coalesce(answer, '{"code":"' || code || '"}') END AS error,
  strftime('%Y-%m-%dT%H:%M:%S', received_us / 1000000, 'unixepoch')
    || printf('.%06dZ', received_us % 1000000) AS created_at,
  strftime('%Y-%m-%dT%H:%M:%S', answered_us / 1000000, 'unixepoch')
    || printf('.%06dZ', answered_us % 1000000) AS answered_at,
  code,
  principal,
  attempts,
  queue_us / 1000.0 AS queue_ms,
  flags & 1 AS request_truncated,
  (flags >> 1) & 1 AS response_truncated
FROM requests;
PRAGMA user_version = 1;
"""
ROW = """
INSERT INTO requests VALUES
  (1, 'old', 'scan.market', 'fast-1', 'local', NULL, x'626f74', 1, 1700000002000000, 1700000000000000,
   250, 900, 0, '{"market":"US"}', '{"matched":1}')
"""


def make(path: Path) -> None:
    """Write a journal of that version with one row."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(SCHEMA)
        connection.execute(ROW)
        connection.commit()

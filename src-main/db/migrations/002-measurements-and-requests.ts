export const measurementsAndRequests = `
CREATE TABLE measurements (
  model TEXT NOT NULL,
  quantization TEXT NOT NULL,
  backend TEXT NOT NULL,
  gpu_set TEXT NOT NULL,
  context_tokens INTEGER NOT NULL,
  slots INTEGER NOT NULL,
  backend_version TEXT NOT NULL,
  -- High-water mark; reserved_mb is what the backend was told to take ahead, needed_mb its own word on the need within that.
  peak_mb REAL,
  reserved_mb REAL,
  needed_mb REAL,
  -- Loads and requests that waited for one, then requests that found the model loaded.
  load_ms REAL,
  cold_ttft_ms REAL,
  cold_samples INTEGER NOT NULL,
  ttft_ms REAL,
  tokens_per_s REAL,
  samples INTEGER NOT NULL,
  observed_at_ms INTEGER NOT NULL,
  PRIMARY KEY (model, quantization, backend, gpu_set, context_tokens, slots, backend_version)
) STRICT, WITHOUT ROWID;

-- The request log for the window. The record is kept whole; the columns are what is asked for.
CREATE TABLE requests (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  request_id TEXT NOT NULL,
  time_ms INTEGER NOT NULL,
  model TEXT,
  role TEXT,
  status INTEGER NOT NULL,
  error_code TEXT,
  record TEXT NOT NULL
) STRICT;
CREATE INDEX requests_by_time ON requests(time_ms);
CREATE INDEX requests_by_model ON requests(model, id);
CREATE INDEX requests_failed ON requests(id) WHERE error_code IS NOT NULL;
`

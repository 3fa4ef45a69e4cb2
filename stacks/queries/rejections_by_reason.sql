-- Why records of a run were rejected, and how large they were. Parameters: data set, run.
SELECT
  reason,
  count(*) AS records,
  round(1e2 * count(*) / sum(count(*)) OVER (), 1) AS percent,
  sum(bytes) AS bytes,
  count(DISTINCT source.key) AS source_files
FROM quarantine
WHERE dataset = ? AND run = ?
GROUP BY reason
ORDER BY records DESC, reason

-- The largest clusters of near-duplicates, by the record that stands for each.
-- Parameters: data set, run, data set, run.
SELECT
  cluster,
  sum(kept) AS kept,
  sum(rejected) AS rejected,
  sum(kept) + sum(rejected) AS records
FROM (
  SELECT cluster, 1 AS kept, 0 AS rejected
  FROM curated
  WHERE dataset = ? AND run = ? AND cluster IS NOT NULL
  UNION ALL
  SELECT duplicate_of AS cluster, 0 AS kept, 1 AS rejected
  FROM quarantine
  WHERE dataset = ? AND run = ? AND reason = 'near_duplicate'
)
GROUP BY cluster
ORDER BY records DESC, cluster
LIMIT 50

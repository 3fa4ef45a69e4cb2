-- How the rejections of two runs differ, reason by reason. Parameters: data set, earlier run, data set, later run.
SELECT
  reason,
  count_if(place = 1) AS earlier,
  count_if(place = 2) AS later,
  count_if(place = 2) - count_if(place = 1) AS change
FROM (
  SELECT reason, 1 AS place FROM quarantine WHERE dataset = ? AND run = ?
  UNION ALL
  SELECT reason, 2 AS place FROM quarantine WHERE dataset = ? AND run = ?
)
GROUP BY reason
ORDER BY abs(count_if(place = 2) - count_if(place = 1)) DESC, reason

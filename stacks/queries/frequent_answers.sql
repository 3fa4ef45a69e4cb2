-- Which answers are given most often, and how they lie over the splits: the label balance of data for classification.
-- Parameters: data set, run.
SELECT
  answer,
  count(*) AS records,
  round(1e2 * count(*) / sum(count(*)) OVER (), 1) AS percent,
  count_if(split = 'train') AS train,
  count_if(split = 'validation') AS validation,
  count_if(split = 'test') AS test
FROM (
  SELECT split, array_join(transform(filter(messages, m -> m.role = 'assistant'), m -> m.content), ' ') AS answer
  FROM curated
  WHERE dataset = ? AND run = ? AND messages IS NOT NULL
)
GROUP BY answer
ORDER BY records DESC, answer
LIMIT 50

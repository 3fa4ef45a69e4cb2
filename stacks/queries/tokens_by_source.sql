-- How many tokens each source file gives to training, at 4 characters a token. Parameters: data set, run.
SELECT
  source.key AS source_file,
  split,
  count(*) AS records,
  sum(characters) AS characters,
  CAST(round(sum(characters) / 4e0) AS bigint) AS estimated_tokens
FROM (
  SELECT
    source,
    split,
    length(coalesce(array_join(transform(messages, m -> m.content), ''), text)) AS characters
  FROM curated
  WHERE dataset = ? AND run = ?
)
GROUP BY source.key, split
ORDER BY estimated_tokens DESC, source_file, split

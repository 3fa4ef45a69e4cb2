-- Which kinds of personal data were replaced, such as [EMAIL], and how often. What the text itself had in brackets and
-- capitals counts too; the run's manifest has the exact counts. Parameters: data set, run.
SELECT
  found.kind AS kind,
  count(*) AS replacements,
  count(DISTINCT record_id) AS records
FROM curated
CROSS JOIN UNNEST(
  regexp_extract_all(
    coalesce(array_join(transform(messages, m -> m.content), ' '), text), '\[([A-Z][A-Z0-9_]+)\]', 1
  )
) AS found(kind)
WHERE dataset = ? AND run = ?
GROUP BY found.kind
ORDER BY replacements DESC, kind

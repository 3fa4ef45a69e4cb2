-- How long prompts and answers are, in characters, by split: what tuning.max_length and the filters have to hold.
-- Parameters: data set, run.
SELECT
  split,
  count(*) AS records,
  approx_percentile(prompt, 0.5) AS prompt_p50,
  approx_percentile(prompt, 0.95) AS prompt_p95,
  max(prompt) AS prompt_max,
  approx_percentile(answer, 0.5) AS answer_p50,
  approx_percentile(answer, 0.95) AS answer_p95,
  max(answer) AS answer_max,
  CAST(round(approx_percentile(prompt + answer, 0.95) / 4e0) AS bigint) AS estimated_tokens_p95
FROM (
  SELECT
    split,
    length(coalesce(
      array_join(transform(filter(messages, m -> m.role <> 'assistant'), m -> m.content), ''), text
    )) AS prompt,
    length(coalesce(
      array_join(transform(filter(messages, m -> m.role = 'assistant'), m -> m.content), ''), ''
    )) AS answer
  FROM curated
  WHERE dataset = ? AND run = ?
)
GROUP BY split
ORDER BY split

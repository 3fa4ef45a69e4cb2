"""The Glue job that turns raw JSON Lines into curated chat examples, accounting for every record.

`job.py` is the front door. Around it: pure functions that decide about one record (`parsing`, `html_text`,
`unicode_text`, `quality`, `personal_data`, `identity`, composed in `curation`), and thin modules that move
records (`chunks`, `lines`, `storage`, `shuffle`, `parts`, `manifest`).
"""

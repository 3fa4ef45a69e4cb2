"""Near-duplicates: texts that share most of their word shingles, found by MinHash and verified exactly.

`shingles` → `minhash` (bands of a signature, equal in texts that are alike) → `components` (who may belong together)
→ `clusters` (who does, by exact Jaccard similarity). All of it is plain numpy over many texts at once; what Spark has
to do with it is in `pipelines.preparation.near_shuffle`.
"""

"""Documents in, passages out: what a caller adds is found again, by that caller alone, and answers cite it.

- `documents.Documents` adds, lists, removes and searches.
- `search.relevant` says whether what was found has to do with the question at all.
- `answering.answer_prompt` makes a prompt of it, and `answering.cited` and `answering.answered` check the answer.

Imported only where a request needs it: the cold start of all others does without.
"""

"""Measures the preparation of data against other tools: `python -m benchmarks.data_preparation --help`.

Every tool gets the same documents, among which copies and near-copies are planted whose likeness is known
(`corpus`). Each runs in processes of its own, whose processor time and memory are taken from outside (`measure`);
what it found is compared with what is true by code that no tool shares (`truth`, `quality`).
"""

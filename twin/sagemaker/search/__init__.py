"""Automatic model tuning: training jobs that differ in their hyperparameters, and the best of them."""

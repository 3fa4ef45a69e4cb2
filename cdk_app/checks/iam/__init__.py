"""Rules on identity policies: what the application's roles may do."""

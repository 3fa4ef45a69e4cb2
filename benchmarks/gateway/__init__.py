"""What the gateway costs over the calls to the models themselves, and how it stands a bad day."""

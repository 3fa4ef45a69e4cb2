"""Endpoints: real llama.cpp servers in place of AWS's llama.cpp container."""

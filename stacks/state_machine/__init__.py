"""The workflow's states: prepare → select → tune → deploy, and the ways out when one of them fails."""

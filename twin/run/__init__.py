"""One run of the workflow on this machine, from the synthesized templates to the report."""

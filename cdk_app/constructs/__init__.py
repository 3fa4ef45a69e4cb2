"""Building blocks that several stacks share: exact grants, Lambda functions, names, service images."""

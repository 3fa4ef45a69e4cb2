"""Bodies of requests: checked field by field, and described in the OpenAPI document by the very same fields."""

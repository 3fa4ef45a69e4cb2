"""The API's description, made of the same fields, bounds and routes that requests are checked by."""

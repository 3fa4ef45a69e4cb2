"""One module for each group of routes; a function takes a request and gives a reply, or raises a `Problem`."""

"""Side-by-side measurements, each one command. A package, since one that others install has its name too."""

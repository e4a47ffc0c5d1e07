"""A configuration run: its market and windows, its variants in both engines, and the folder they are kept in."""

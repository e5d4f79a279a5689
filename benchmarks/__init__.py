"""How fast, side by side with peers: `make bench`."""

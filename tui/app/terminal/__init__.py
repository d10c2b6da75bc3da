"""The wire: what is sent to the terminal, its clipboard, how the program leaves it, what its user prefers."""

"""The keys of a screen, and what it shows in plain words."""

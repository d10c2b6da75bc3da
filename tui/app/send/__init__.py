"""The send: its form, its run, its receipt."""

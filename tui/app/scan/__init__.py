"""The scan: its form, its run, its result."""

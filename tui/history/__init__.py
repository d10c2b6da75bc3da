"""The history: extracts, sends, stopped jobs, archives that were opened, and notebooks.

The command line and the explorer keep it in the state folder. The core of scans and sends does not depend on it: front
ends wrap its events.
"""

"""Sizes of the terminal from which screens show more."""

WIDE = 112
"""Cells: room for two panes beside each other."""
HUGE = 160
"""Cells: room for three panes beside each other."""
HIGH = 30
"""Lines: room for empty lines between groups."""

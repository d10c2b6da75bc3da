"""`python -m tui` is `hourscope`."""

from tui.cli import main

main()

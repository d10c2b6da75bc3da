"""`python -m tui` is `hourscope`."""

from tui.cli import program

if __name__ == "__main__":  # scan processes also import this module
    program()

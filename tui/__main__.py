"""`python -m tui` is `hourscope`."""

from tui.cli import program

if __name__ == "__main__":  # processes of a scan import this too
    program()

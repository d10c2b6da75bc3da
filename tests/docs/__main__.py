"""Write docs/reference.md and docs/hourscope.1: `make docs`."""

from pathlib import Path

from tests.docs.manual import manual
from tests.docs.reference import markdown

DOCS = Path(__file__).parents[2] / "docs"

if __name__ == "__main__":
    (DOCS / "reference.md").write_text(markdown(), encoding="utf-8")
    (DOCS / "hourscope.1").write_text(manual(), encoding="utf-8")

"""The notes of a release: `python -m tests.docs.notes v0.2.0` prints the section of CHANGELOG.md.

It fails if the tag is not the version of the package, or if the section is missing or still says "unreleased".
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def notes(tag: str, changelog: str, version: str) -> str:
    """Return the section of `changelog` for a tag; ValueError, with a sentence, if it cannot be released."""
    if tag != f"v{version}":
        raise ValueError(f"the tag is {tag}, and the version in tui/__init__.py is {version}")
    section = re.search(rf"^## {re.escape(version)}([^\n]*)\n(.*?)(?=^## |\Z)", changelog, re.M | re.S)
    if not section:
        raise ValueError(f"CHANGELOG.md has no section {version}")
    if "unreleased" in section[1]:
        raise ValueError(f"the section {version} of CHANGELOG.md still says unreleased; give it a date")
    return section[2].strip() + "\n"


def main() -> None:
    version = re.search(r'__version__ = "(.+)"', (ROOT / "tui" / "__init__.py").read_text())
    assert version
    try:
        print(notes(sys.argv[1], (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), version[1]), end="")
    except ValueError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()

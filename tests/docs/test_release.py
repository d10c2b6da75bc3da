"""What a release is made of: the notes, the container, the licenses, the workflows."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.docs.notes import notes

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
CHANGES = (
    "# Changelog\n\n## 0.3.0 (unreleased)\n\n- a\n\n## 0.2.0 (2026-12-01)\n\n- b\n- c\n\n## 0.1.0 (2026-11-30)\n\n- d\n"
)


def test_the_notes_of_a_release_are_its_section() -> None:
    assert notes("v0.2.0", CHANGES, "0.2.0") == "- b\n- c\n"
    assert notes("v0.1.0", CHANGES, "0.1.0") == "- d\n"


@pytest.mark.parametrize(
    ("tag", "version", "reason"),
    [
        ("v0.2.1", "0.2.0", "the tag is v0.2.1"),
        ("0.2.0", "0.2.0", "the tag is 0.2.0"),
        ("v0.3.0", "0.3.0", "unreleased"),
        ("v0.4.0", "0.4.0", "no section"),
        ("v0x2y0", "0x2y0", "no section"),
    ],
)
def test_what_cannot_be_released(tag: str, version: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        notes(tag, CHANGES, version)


def test_the_changelog_has_a_section_for_this_version() -> None:
    version = re.search(r'"(.+)"', (ROOT / "tui" / "__init__.py").read_text().partition("__version__")[2])
    assert version and f"\n## {version[1]}" in (ROOT / "CHANGELOG.md").read_text()


def test_the_container_has_all_that_the_build_needs() -> None:
    lines = (ROOT / "docs" / "Containerfile").read_text().splitlines()
    copied = {word for line in lines if line.startswith("COPY") for word in line.split()[1:-1]}
    shared = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
    needed = {"pyproject.toml", "hatch_build.py", "README.md", "tui", *PROJECT["project"]["license-files"], *shared}
    assert needed <= copied and [path for path in copied if not (ROOT / path).exists()] == []


def _packages(requirement: Requirement) -> set[str]:
    """What pip installs for a requirement, with all that it needs in turn."""
    found = {requirement.name.lower()}
    for line in requires(requirement.name) or []:
        needed = Requirement(line)
        extras = requirement.extras or {""}
        if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras):
            found |= _packages(needed)
    return found


def test_every_dependency_has_its_license() -> None:
    page = (ROOT / "docs" / "licenses.md").read_text()
    rows = {
        name for row in re.findall(r"^\| ([a-z].*?) \|", page, re.M) for name in re.sub(r" \(.*", "", row).split(", ")
    }
    needed = _packages(Requirement("hourscope")) - {"hourscope"}
    assert needed - rows == set()


@pytest.mark.parametrize("path", sorted((ROOT / ".github" / "workflows").iterdir()), ids=lambda path: path.name)
def test_actions_are_pinned_and_rights_are_given_one_by_one(path: Path) -> None:
    text = path.read_text()
    used = re.findall(r"uses: (\S+)(?: # (\S+))?", text)
    assert used and all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", name) and version for name, version in used)
    assert "\npermissions: {}\n" in text


def test_links_of_the_readme_are_absolute_in_the_package() -> None:
    """As hatch_build.py makes them; whether the whole is built, `make dist` shows."""
    pattern = re.search(r'_RELATIVE = re\.compile\(r"(.+)"\)', (ROOT / "hatch_build.py").read_text())
    assert pattern
    relative = re.findall(pattern[1], (ROOT / "README.md").read_text())
    assert len(relative) >= 5 and all((ROOT / path).exists() for _, _, path in relative)


def test_the_metadata_has_a_version_that_the_publish_action_accepts() -> None:
    """Its twine refuses an upload with a newer one, which hatchling would write by default."""
    targets = PROJECT["tool"]["hatch"]["build"]["targets"]
    assert [targets[name]["core-metadata-version"] for name in ("sdist", "wheel")] == ["2.4", "2.4"]

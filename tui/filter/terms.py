"""The filter as a value: a stack of terms that all must hold, each of which can be switched off."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import import_module
from typing import Literal

from tui.archive.block import Block
from tui.filter.compiled import Compiled, opposite
from tui.filter.matcher import Matcher, Span
from tui.shell import shell_join

Kind = Literal["grep", "regex", "match"]

_MODULES: Mapping[Kind, str] = {"grep": "text", "regex": "regex", "match": "jmespath"}
_OPTIONS: Mapping[tuple[Kind, bool], str] = {
    ("grep", False): "-g",
    ("grep", True): "--not-grep",
    ("regex", False): "-e",
    ("regex", True): "--not-regex",
    ("match", False): "-m",
}


@dataclass(frozen=True)
class Term:
    """One condition: literal bytes (`grep`), RE2 (`regex`) or JMESPath (`match`); FilterError if it is malformed.

    `negated` inverts a text or regex; a JMESPath does that itself, with `!`.
    """

    kind: Kind
    text: str
    enabled: bool = True
    negated: bool = False

    def __post_init__(self) -> None:
        if self.negated and self.kind == "match":
            raise ValueError("a JMESPath is negated by !( )")
        _ = self.compiled

    @cached_property
    def compiled(self) -> Compiled:
        # the libraries of a kind are only loaded where it is used
        module = import_module(f"tui.filter.{_MODULES[self.kind]}")
        compiled: Compiled = module.compile_term(self.text)
        return opposite(compiled) if self.negated else compiled

    def __reduce__(self) -> tuple[type[Term], tuple[Kind, str, bool, bool]]:
        return Term, (self.kind, self.text, self.enabled, self.negated)  # compiled again where it arrives

    @property
    def option(self) -> str:
        """The command line's option for it."""
        return _OPTIONS[self.kind, self.negated]


@dataclass(frozen=True)
class Filter:
    """Terms that all must hold; `invert` inverts the whole. Without terms every record matches."""

    terms: tuple[Term, ...] = ()
    invert: bool = False

    def __reduce__(self) -> tuple[type[Filter], tuple[tuple[Term, ...], bool]]:
        return Filter, (self.terms, self.invert)

    @property
    def active(self) -> tuple[Term, ...]:
        """The terms that are switched on."""
        return tuple(term for term in self.terms if term.enabled)

    def matcher(self) -> Matcher:
        """A fresh matcher; one a task."""
        return Matcher([term.compiled for term in self.active], invert=self.invert)

    @cached_property
    def _matcher(self) -> Matcher:
        return self.matcher()

    def matches(self, record: bytes) -> bool:
        """Does one record (its bytes, without newline) match?

        >>> parse_filter(match=["a.b == `1`"]).matches(b'{"a":{"b":1}}')
        True
        """
        return self._matcher.matches(record)

    def spans(self, block: Block) -> Iterator[Span]:
        """[start, end) of every matching record of a block."""
        return self._matcher.spans(block)

    def arguments(self) -> list[str]:
        """The words of the command line that make this filter."""
        options = list(_OPTIONS.values())
        active = sorted(self.active, key=lambda term: options.index(term.option))  # as the command line groups them
        words = [word for term in active for word in (term.option, term.text)]
        return [*words, "-v"] if self.invert else words

    def describe(self) -> str:
        """One line for people: the command line's words, quoted for a shell; `every record` without terms."""
        return shell_join(self.arguments()) or "every record"

    def with_term(self, term: Term) -> Filter:
        return replace(self, terms=(*self.terms, term))


def parse_filter(
    *,
    grep: Iterable[str] = (),
    regex: Iterable[str] = (),
    match: Iterable[str] = (),
    invert: bool = False,
    not_grep: Iterable[str] = (),
    not_regex: Iterable[str] = (),
) -> Filter:
    """A filter from texts, RE2 patterns and JMESPath expressions; FilterError names the invalid one, and the column.

    All of them must hold, and none of `not_grep` and `not_regex`.

    >>> parse_filter(grep=["foo"]).matches(b"a foo b")
    True
    """
    sources: tuple[tuple[Kind, bool, Iterable[str]], ...] = (
        ("grep", False, grep),
        ("grep", True, not_grep),
        ("regex", False, regex),
        ("regex", True, not_regex),
        ("match", False, match),
    )
    terms = (Term(kind, text, negated=negated) for kind, negated, texts in sources for text in texts)
    return Filter(tuple(terms), invert)

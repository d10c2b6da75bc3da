"""The filter as a value: a stack of terms that must all match, each of which can be disabled."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from tui.archive.block import Block
from tui.errors import FilterError
from tui.filter import text
from tui.filter.compiled import Compiled, opposite
from tui.filter.hits import Span
from tui.filter.matcher import Matcher
from tui.filter.within import Within
from tui.shell import shell_join

TermKind = Literal["grep", "file", "regex", "match"]


@dataclass(frozen=True)
class KindSpec:
    """The names of a kind of term, and its command-line options."""

    name: str
    place: str  # what it is matched with
    option: str
    metavar: str
    help: str
    lead: str = ""  # shown before its text in a row of terms
    opposite: str = ""  # the help of the option that negates it; "": there is none
    folds: bool = True  # -i applies
    words: bool = False  # -w applies
    grep: tuple[str, str] | None = None  # the same for grep: the option for the kind, and the one before the text


KINDS: Mapping[TermKind, KindSpec] = {  # in the order of help
    "grep": KindSpec(
        "text",
        "in raw bytes",
        "-g",
        "TEXT",
        "Keep records that contain TEXT (literal bytes).",
        "text ",
        opposite="Skip records that contain TEXT.",
        words=True,
        grep=("-F", "--"),
    ),
    "regex": KindSpec(
        "regex",
        "in raw bytes",
        "-e",
        "RE",
        "Keep records that match RE (RE2 syntax).",
        "regex ",
        opposite="Skip records that match RE.",
        grep=("-E", "--"),
    ),
    "file": KindSpec(
        "file",
        "of texts",
        "-f",
        "FILE",
        "Keep records that contain any line of FILE.",
        "any of ",
        words=True,
        grep=("-F", "-f"),
    ),
    "match": KindSpec(
        "JMESPath", "of values", "-m", "EXPR", "Keep records where EXPR (JMESPath) is truthy.", folds=False
    ),
}
OPTIONS: Mapping[tuple[TermKind, bool], str] = {  # by kind and negation
    (kind, negated): f"--not-{kind}" if negated else spec.option
    for kind, spec in KINDS.items()
    for negated in (False, True)
    if not negated or spec.opposite
}


def _sha256(content: bytes) -> str:
    from hashlib import sha256  # only needed for a file of texts

    return sha256(content).hexdigest()


@dataclass(frozen=True)
class Term:
    """One condition: literal bytes (`grep`), any line of a file (`file`: `text` is its name), RE2 (`regex`) or JMESPath
    (`match`). FilterError if it is invalid.

    `negated` inverts a text or regex; JMESPath has `!`. `ignore_case` applies to all but JMESPath, `words` (whole
    words) to a text and a file. `content`: the file's content, which is read once, here.
    """

    kind: TermKind
    text: str
    enabled: bool = True
    negated: bool = False
    ignore_case: bool = False
    words: bool = False
    content: bytes | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if (self.kind, self.negated) not in OPTIONS:
            raise ValueError(f"there is no option for a negated {self.kind}")
        if self.kind == "file" and self.content is None:
            from tui.filter.texts import read_texts

            if self.text == "-":  # not in saved filters, nor in the explorer
                raise FilterError("standard input can only be read by -f - on the command line", self.text)
            object.__setattr__(self, "content", read_texts(self.text))
        _ = self.compiled

    @cached_property
    def compiled(self) -> Compiled:
        compiled = self._compile()
        return opposite(compiled) if self.negated else compiled

    def _compile(self) -> Compiled:
        # import the libraries of a kind only when it is used
        if self.kind == "match":
            from tui.filter import jmespath

            return jmespath.compile_term(self.text)
        if self.kind == "regex":
            from tui.filter import regex

            return regex.compile_term(self.text, ignore_case=self.ignore_case)
        if self.kind == "file":
            from tui.filter import texts

            lines = texts.split_texts(self.text, self.content or b"")
            return texts.compile_texts(lines, ignore_case=self.ignore_case, words=self.words)
        return text.compile_term(self.text, ignore_case=self.ignore_case, words=self.words)

    def __reduce__(self) -> tuple[type[Term], tuple[object, ...]]:  # compiled again after unpickling
        flags = self.enabled, self.negated, self.ignore_case, self.words
        return Term, (self.kind, self.text, *flags, self.content)

    @property
    def option(self) -> str:
        """The command-line option for it."""
        return OPTIONS[self.kind, self.negated]

    @property
    def flags(self) -> list[str]:
        """The command-line options for case and whole words."""
        return ["-i"] * self.ignore_case + ["-w"] * self.words

    @property
    def identity(self) -> str:
        """A text that identifies what it matches; for a file, with the digest of its content."""
        digest = None if self.content is None else _sha256(self.content)
        return f"{self.option}{''.join(self.flags)} {digest or self.text}"


@dataclass(frozen=True)
class Filter:
    """Terms that must all match; `invert` inverts the whole filter. Without terms every record matches.

    `within`: keep only matching records whose time is in a range.
    """

    terms: tuple[Term, ...] = ()
    invert: bool = False
    within: Within | None = None

    def __post_init__(self) -> None:
        lists = [term for term in self.active if term.kind == "file"]
        if any(term.flags != lists[0].flags for term in lists):
            raise FilterError("all files of a filter must have the same -i and -w", lists[0].text)

    def __reduce__(self) -> tuple[type[Filter], tuple[tuple[Term, ...], bool, Within | None]]:
        return Filter, (self.terms, self.invert, self.within)

    @property
    def active(self) -> tuple[Term, ...]:
        """The enabled terms."""
        return tuple(term for term in self.terms if term.enabled)

    @property
    def narrows(self) -> bool:
        """True if it may leave out records."""
        return bool(self.active) or self.invert or self.within is not None

    @property
    def lists(self) -> tuple[str, ...]:
        """The SHA-256 of each file of texts, because a file's name does not identify its content."""
        return tuple(_sha256(term.content) for term in self.active if term.content is not None)

    def matcher(self) -> Matcher:
        """Return a new matcher; use one per task."""
        return Matcher([term.compiled for term in self.active], invert=self.invert, within=self.within)

    @cached_property
    def _matcher(self) -> Matcher:
        return self.matcher()

    def matches(self, record: bytes) -> bool:
        """True if one record (its bytes, without newline) matches.

        >>> parse_filter(match=["a.b == `1`"]).matches(b'{"a":{"b":1}}')
        True
        """
        return self._matcher.matches(record)

    def spans(self, block: Block) -> Iterator[Span]:
        """Yield [start, end) of every matching record of a block."""
        return self._matcher.spans(block)

    def arguments(self) -> list[str]:
        """Return the command-line arguments for this filter."""
        terms = _alike(self.active)
        options = list(OPTIONS.values())
        grouped = sorted(terms, key=lambda term: options.index(term.option))  # as the command line groups them
        words = [word for term in grouped for word in (term.option, term.text)]
        flags = [flag for flag in ("-i", "-w") if any(flag in term.flags for term in terms)]
        times = self.within.arguments() if self.within else []
        return [*words, *flags, *(["-v"] if self.invert else []), *times]

    def words(self) -> list[str]:
        """Return all that distinguishes it from other filters: its arguments, and the ends of a range of times."""
        return [*self.arguments(), *(self.within.ends() if self.within else [])]

    def describe(self) -> str:
        """Return the arguments as one line, quoted for a shell; `every record` without terms."""
        return shell_join(self.words()) or "every record"

    def with_term(self, term: Term) -> Filter:
        return replace(self, terms=(*self.terms, term))


def _alike(terms: Sequence[Term]) -> list[Term]:
    """Return terms that share one `-i` and `-w`, which apply to a whole command line; others become a regex."""
    lists = [term for term in terms if term.kind == "file"]
    texts = [*lists, *(term for term in terms if term.kind == "grep")]
    folding = [*texts, *(term for term in terms if term.kind == "regex")]
    ignore_case = lists[0].ignore_case if lists else all(term.ignore_case for term in folding)
    words = lists[0].words if lists else all(term.words for term in texts)
    return [_spelled(term, ignore_case, words) for term in terms]


def _spelled(term: Term, ignore_case: bool, words: bool) -> Term:
    if term.kind in ("match", "file") or (
        term.ignore_case == ignore_case and (term.words == words or term.kind == "regex")
    ):
        return term
    pattern = term.text
    if term.kind == "grep":
        pattern = quoted_regex(pattern)
        if term.words:
            pattern = rf"(?:^|[^\pL\pN_]){pattern}(?:[^\pL\pN_]|$)"
    if term.ignore_case != ignore_case:
        pattern = f"(?{'i' if term.ignore_case else '-i'}){pattern}"
    return Term("regex", pattern, negated=term.negated, ignore_case=ignore_case)


def quoted_regex(text: str) -> str:
    """Return the regex of a text, with escapes only where they are needed."""
    return re.sub(r"([^\w\s\"':,/@=<>;!%&~`#-])", r"\\\1", text)


def parse_filter(
    *,
    grep: Iterable[str] = (),
    file: Iterable[str] = (),
    regex: Iterable[str] = (),
    match: Iterable[str] = (),
    invert: bool = False,
    not_grep: Iterable[str] = (),
    not_regex: Iterable[str] = (),
    ignore_case: bool = False,
    words: bool = False,
    stdin: bytes | None = None,
) -> Filter:
    """Build a filter from texts, files of texts, RE2 patterns and JMESPath expressions. FilterError, with the column,
    for an invalid one.

    All of them must match (any line of a file), and none of `not_grep` and `not_regex`. `ignore_case` applies to all
    but `match`, `words` to texts. `stdin`: the content of the file `-`.

    >>> parse_filter(grep=["foo"]).matches(b"a foo b")
    True
    """
    given: Mapping[tuple[TermKind, bool], Iterable[str]] = {
        ("grep", False): grep,
        ("grep", True): not_grep,
        ("regex", False): regex,
        ("regex", True): not_regex,
        ("file", False): file,
        ("match", False): match,
    }
    terms: list[Term] = []
    for (kind, negated), texts in given.items():
        flags = ignore_case and KINDS[kind].folds, words and KINDS[kind].words
        contents = ((text_, stdin if (kind, text_) == ("file", "-") else None) for text_ in texts)
        terms += [Term(kind, text_, True, negated, *flags, content) for text_, content in contents]
    return Filter(tuple(terms), invert)

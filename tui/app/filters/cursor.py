"""Where the cursor of a JMESPath stands, however broken the text before it is.

Read token by token, only this matters: the path that is being spelled, the value that `@` has there, and the
comparison or function whose argument is wanted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tui.filter.fields import ANY, Field

_TEXTS = ("contains", "starts_with", "ends_with")  # functions whose second argument is (a part of) a value


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str
    start: int

    def is_word(self, cursor: int) -> bool:
        """Is it still being typed?"""
        typed = self.kind in ("name", "quoted", "open") or NUMBER.fullmatch(self.text) is not None
        return typed and self.start + len(self.text) == cursor


NUMBER = re.compile(r"-?\d+(\.\d*)?", re.ASCII)
_TOKEN = re.compile(
    r"""(?P<name>[A-Za-z_]\w*)
      | (?P<quoted>"(?:\\.|[^"\\])*")
      | (?P<literal>'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`|-?\d+(?:\.\d*)?)
      | (?P<open>["'`].*)
      | (?P<compare>==|!=|<=|>=|<|>)
      | (?P<sign>&&|\|\||\[\?|\[\]|.)""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)


def tokens(text: str) -> Iterator[Token]:
    """The parts of an expression; `open` is a text that is not closed. Blanks are left out."""
    for match in _TOKEN.finditer(text):
        if not match.group().isspace():
            yield Token(match.lastgroup or "", match.group(), match.start())


@dataclass(slots=True)
class Place:
    """Where the reading stands. `node` is what the path spelled so far leads to, `base` what `@` is.

    `start`: an operand begins here. `compared`: whose values are wanted here. `function` and `argument`: of the
    brackets that one is in.
    """

    base: Node | None
    node: Node | None = None
    start: bool = True
    after_dot: bool = False
    compared: Node | None = None
    function: str = ""
    subject: Node | None = None
    argument: int = 0
    outer: Node | None = None  # `@` before an `&expression`
    closes: str = ""


def read(before: list[Token], root: Node) -> Place:
    """Where the tokens before the cursor lead to."""
    place = Place(root, outer=root)
    stack: list[Place] = []
    for index, token in enumerate(before):
        following = before[index + 1].text if index + 1 < len(before) else ""
        if token.kind in ("name", "quoted"):
            _name(place, token, following)
        elif token.kind in ("literal", "open"):
            place.node, place.start, place.after_dot = None, False, False
        elif token.kind == "compare":
            place.compared, place.node, place.start, place.after_dot = place.node, None, True, False
        elif token.text in ("(", "[?", "[", "{"):
            place = _opened(place, token, (before[index - 1] if index else None, following), stack)
        elif token.text in (")", "]", "}"):
            place = _closed(place, token.text, stack)
        else:
            _sign(place, token.text)
    return place


def _name(place: Place, token: Token, following: str) -> None:
    if following == "(":  # a function; its brackets come next
        return
    name = _unquoted(token)
    before = place.node if place.after_dot else place.base
    place.node = _step(before, name)
    place.start = place.after_dot = False


def _step(node: Node | None, name: str) -> Node | None:
    return None if node is None else node.names.get(name)


def _unquoted(token: Token) -> str:
    if token.kind == "name":
        return token.text
    try:
        return str(json.loads(token.text))
    except ValueError:
        return token.text[1:-1]


def _opened(place: Place, token: Token, beside: tuple[Token | None, str], stack: list[Place]) -> Place:
    """A bracket begins a place of its own; `beside` it are a token and a text."""
    before, following = beside
    stack.append(place)
    indexes = token.text == "[?" or (token.text == "[" and (following in ("*", ":") or NUMBER.fullmatch(following)))
    if indexes and place.start and not place.after_dot:  # of `@`
        place.node, place.start = place.base, False
    if token.text == "[?":
        items = None if place.node is None else place.node.items
        return Place(items, outer=items, closes="]")
    if token.text == "(":
        called = before.text if before is not None and before.kind == "name" else ""
        return Place(place.base, function=called, outer=place.base, closes=")")
    if token.text == "{" or place.start or place.after_dot:  # `{name: …}` and `[…, …]` of values
        base = place.node if place.after_dot else place.base
        return Place(base, outer=base, start=token.text == "[", closes="}" if token.text == "{" else "]")
    return Place(None, outer=None, start=False, closes="index")


def _closed(place: Place, bracket: str, stack: list[Place]) -> Place:
    """Back to where the bracket began, a step further."""
    if not stack or bracket not in (place.closes, "]" if place.closes == "index" else ""):
        return place
    outer = stack.pop()
    if bracket == "]" and (place.closes == "index" or not (outer.start or outer.after_dot)):
        outer.node = None if outer.node is None else outer.node.items
    else:
        outer.node = place.node if bracket == ")" and not place.function else None
    outer.start = outer.after_dot = False
    return outer


def _sign(place: Place, sign: str) -> None:
    if sign == ".":
        place.after_dot = True
    elif sign == "[]":
        place.node, place.start = None if place.node is None else place.node.items, False
    elif sign == "@":
        place.node, place.start, place.after_dot = place.base, False, False
    elif sign == "*":
        place.node, place.start, place.after_dot = any_of(place.node), False, False
    elif place.closes == "index":  # a number, or a slice
        return
    elif sign == ",":
        if not place.argument:
            place.subject = place.node
        place.argument += 1
        place.base, place.node, place.start, place.after_dot = place.outer, None, place.closes != "}", False
        place.compared = _of_texts(place.subject) if place.function in _TEXTS else None
    elif sign == "&":
        place.base = place.subject.items if place.subject is not None else None
        place.node, place.start, place.after_dot = None, True, False
    elif sign == "|":
        place.base = place.outer = place.node
        place.node, place.start, place.compared, place.after_dot = None, True, None, False
    elif sign in ("&&", "||", "!", ":"):
        place.node, place.start, place.compared, place.after_dot = None, True, None, False


def _of_texts(node: Node | None) -> Node | None:
    """The values that may be in a list, or in a text."""
    return node.items if node is not None and node.items is not None else node


@dataclass(slots=True)
class Node:
    """What a sample has at a path: the names below it, the items of its lists, its values."""

    names: dict[str, Node] = field(default_factory=dict)
    items: Node | None = None
    facts: Field | None = None

    def below(self) -> Iterator[tuple[tuple[str, ...], Node]]:
        """Every node that names alone lead to, the nearest first."""
        nodes: list[tuple[tuple[str, ...], Node]] = [((name,), node) for name, node in self.names.items()]
        for path, node in nodes:
            yield path, node
            nodes += [((*path, name), inner) for name, inner in node.names.items()]


def tree_of(fields: Iterable[Field]) -> Node:
    """The fields of a sample as a tree."""
    root = Node()
    for each in fields:
        node = root
        for step in each.path:
            if step is ANY:
                node.items = node.items or Node()
                node = node.items
            else:
                assert isinstance(step, str)
                node = node.names.setdefault(step, Node())
        node.facts = each
    return root


def any_of(node: Node | None) -> Node | None:
    """All values of an object (`.*`) as one node."""
    if node is None:
        return None
    return Node({name: each for inner in node.names.values() for name, each in inner.names.items()})

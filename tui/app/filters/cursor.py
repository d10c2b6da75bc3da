"""The context of the cursor in a JMESPath, however incomplete the text before it is.

The text is read token by token. The context is the path being typed, the value of `@` there, and the comparison or
function whose argument is next.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tui.filter.fields import ANY, Field

_TEXTS = ("contains", "starts_with", "ends_with")  # functions whose second argument is (a part of) a value


@dataclass(frozen=True, slots=True)
class CursorToken:
    kind: str
    text: str
    start: int

    def is_word(self, cursor: int) -> bool:
        """Return whether it is still being typed."""
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


def tokens(text: str) -> Iterator[CursorToken]:
    """Yield the tokens of an expression without blanks. An `open` token is a text with no closing quote."""
    for match in _TOKEN.finditer(text):
        if not match.group().isspace():
            yield CursorToken(match.lastgroup or "", match.group(), match.start())


@dataclass(slots=True)
class CursorContext:
    """The context after some tokens. `node` is the target of the path so far, `base` is `@`.

    `start`: an operand starts here. `compared`: the node whose values can follow. `function` and `argument`: the
    called function, and the argument's number, of the enclosing brackets.
    """

    base: SampleNode | None
    node: SampleNode | None = None
    start: bool = True
    after_dot: bool = False
    compared: SampleNode | None = None
    function: str = ""
    subject: SampleNode | None = None
    argument: int = 0
    outer: SampleNode | None = None  # `@` before an `&expression`
    closes: str = ""


def read(before: list[CursorToken], root: SampleNode) -> CursorContext:
    """Return the context after the tokens before the cursor."""
    context = CursorContext(root, outer=root)
    stack: list[CursorContext] = []
    for index, token in enumerate(before):
        following = before[index + 1].text if index + 1 < len(before) else ""
        if token.kind in ("name", "quoted"):
            _name(context, token, following)
        elif token.kind in ("literal", "open"):
            context.node, context.start, context.after_dot = None, False, False
        elif token.kind == "compare":
            context.compared, context.node, context.start, context.after_dot = context.node, None, True, False
        elif token.text in ("(", "[?", "[", "{"):
            context = _open_bracket(context, token, (before[index - 1] if index else None, following), stack)
        elif token.text in (")", "]", "}"):
            context = _close_bracket(context, token.text, stack)
        else:
            _sign(context, token.text)
    return context


def _name(context: CursorContext, token: CursorToken, following: str) -> None:
    if following == "(":  # a function; its brackets come next
        return
    name = _unquoted(token)
    before = context.node if context.after_dot else context.base
    context.node = _step(before, name)
    context.start = context.after_dot = False


def _step(node: SampleNode | None, name: str) -> SampleNode | None:
    return None if node is None else node.names.get(name)


def _unquoted(token: CursorToken) -> str:
    if token.kind == "name":
        return token.text
    try:
        return str(json.loads(token.text))
    except ValueError:
        return token.text[1:-1]


def _open_bracket(
    context: CursorContext, token: CursorToken, beside: tuple[CursorToken | None, str], stack: list[CursorContext]
) -> CursorContext:
    """Return a new context for an opening bracket; `beside` is the token before it and the text after it."""
    before, following = beside
    stack.append(context)
    indexes = token.text == "[?" or (token.text == "[" and (following in ("*", ":") or NUMBER.fullmatch(following)))
    if indexes and context.start and not context.after_dot:  # of `@`
        context.node, context.start = context.base, False
    if token.text == "[?":
        items = None if context.node is None else context.node.items
        return CursorContext(items, outer=items, closes="]")
    if token.text == "(":
        called = before.text if before is not None and before.kind == "name" else ""
        return CursorContext(context.base, function=called, outer=context.base, closes=")")
    if token.text == "{" or context.start or context.after_dot:  # `{name: …}` and `[…, …]` of values
        base = context.node if context.after_dot else context.base
        return CursorContext(base, outer=base, start=token.text == "[", closes="}" if token.text == "{" else "]")
    return CursorContext(None, outer=None, start=False, closes="index")


def _close_bracket(context: CursorContext, bracket: str, stack: list[CursorContext]) -> CursorContext:
    """Return to the context before the bracket, advanced past it."""
    if not stack or bracket not in (context.closes, "]" if context.closes == "index" else ""):
        return context
    outer = stack.pop()
    if bracket == "]" and (context.closes == "index" or not (outer.start or outer.after_dot)):
        outer.node = None if outer.node is None else outer.node.items
    else:
        outer.node = context.node if bracket == ")" and not context.function else None
    outer.start = outer.after_dot = False
    return outer


def _sign(context: CursorContext, sign: str) -> None:
    if sign == ".":
        context.after_dot = True
    elif sign == "[]":
        context.node, context.start = None if context.node is None else context.node.items, False
    elif sign == "@":
        context.node, context.start, context.after_dot = context.base, False, False
    elif sign == "*":
        context.node, context.start, context.after_dot = any_of(context.node), False, False
    elif context.closes == "index":  # a number, or a slice
        return
    elif sign == ",":
        if not context.argument:
            context.subject = context.node
        context.argument += 1
        context.base, context.node, context.start, context.after_dot = context.outer, None, context.closes != "}", False
        context.compared = _contained_values(context.subject) if context.function in _TEXTS else None
    elif sign == "&":
        context.base = context.subject.items if context.subject is not None else None
        context.node, context.start, context.after_dot = None, True, False
    elif sign == "|":
        context.base = context.outer = context.node
        context.node, context.start, context.compared, context.after_dot = None, True, None, False
    elif sign in ("&&", "||", "!", ":"):
        context.node, context.start, context.compared, context.after_dot = None, True, None, False


def _contained_values(node: SampleNode | None) -> SampleNode | None:
    """Return the node of the values that a list or text may contain."""
    return node.items if node is not None and node.items is not None else node


@dataclass(slots=True)
class SampleNode:
    """A path in a sample: the names below it, the items of its lists, its values."""

    names: dict[str, SampleNode] = field(default_factory=dict)
    items: SampleNode | None = None
    facts: Field | None = None

    def below(self) -> Iterator[tuple[tuple[str, ...], SampleNode]]:
        """Yield every node that a path of names alone reaches, the nearest first."""
        nodes: list[tuple[tuple[str, ...], SampleNode]] = [((name,), node) for name, node in self.names.items()]
        for path, node in nodes:
            yield path, node
            nodes += [((*path, name), inner) for name, inner in node.names.items()]


def tree_of(fields: Iterable[Field]) -> SampleNode:
    """Return the fields of a sample as a tree."""
    root = SampleNode()
    for facts in fields:
        node = root
        for step in facts.path:
            if step is ANY:
                node.items = node.items or SampleNode()
                node = node.items
            else:
                assert isinstance(step, str)
                node = node.names.setdefault(step, SampleNode())
        node.facts = facts
    return root


def any_of(node: SampleNode | None) -> SampleNode | None:
    """Return all values of an object (`.*`) as one node."""
    if node is None:
        return None
    return SampleNode({name: below for inner in node.names.values() for name, below in inner.names.items()})

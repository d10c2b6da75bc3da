"""Translate a JMESPath expression into Python that runs over all records of a block: loops and comparisons, few calls.

Results, errors and lazy evaluation are the same as in jmespath.py (jmespath/visitor.py); the tests compare both. The
order of evaluation does not matter: there are no side effects, except the error that ends a record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from types import NoneType
from typing import Any

from tui.filter.demand import PLAIN, RESULTS, SCALAR, NeededPlace, Origin, of_scalar
from tui.filter.functions import FUNCTIONS
from tui.filter.paths import Node, path_of
from tui.filter.source import Lines, PythonSource

_RECORD = "r"  # the name of a record, which is an object, in the function
Translated = tuple[str, Origin]  # a Python expression, to be evaluated at most once, and the origin of its value


class UntranslatableError(Exception):
    """A construct that only jmespath.py can evaluate."""


class Translation:
    """The Python source of expressions, and what they need of a record."""

    def __init__(self, nodes: Sequence[Node], *, plain: bool = False, values: bool = False) -> None:
        """Translate one expression into a test, or several into their `values`.

        `plain`: records are dicts, lists and so on, as from a JSON library.
        """
        self.record = NeededPlace()
        if plain:
            self.record.need_whole()
        self._decided = values  # nothing may be left undecided
        self._results = len(nodes) if values else 1
        changes = -1
        while changes != self.record.shared.changes:  # what is needed is only known after a complete translation
            changes = self.record.shared.changes
            self.source = PythonSource()
            at = _RECORD, Origin.at(self.record)
            self._body = self._values(nodes, at) if values else self._verdict(nodes[0], at)
            self.record.settle()

    def function(self, failures: tuple[type[Exception], ...]) -> Callable[[list[Any]], list[list[Any]]]:
        """Return the function: it returns one list of a bool (None: undecided) per record, or a list per expression.

        An expression that raises one of the failures is false, and its value is None.
        """
        return self.source.function(self._body, failures, self._results)

    def _verdict(self, node: Node, at: Translated) -> Lines:
        held, lines = self.source.apart(lambda: self._truth(node, at))
        undecided = ["except Undecided:", ["add0(None)"], "except failures:", ["add0(False)"]]
        return ["try:", [*lines, f"add0(True if {held} else False)"], *undecided]

    def _values(self, nodes: Sequence[Node], at: Translated) -> Lines:
        body: Lines = []
        for number, node in enumerate(nodes):
            value, lines = self.source.apart(lambda node=node: self._whole(node, at))  # type: ignore[misc]
            if path_of(node) is not None:  # it never fails
                body += [*lines, f"add{number}({value})"]
                continue
            body += ["try:", [*lines, f"value = {value}"], "except failures:", ["value = None"], f"add{number}(value)"]
        return body

    def _truth(self, node: Node, at: Translated) -> str:
        """Translate a node into a Python condition for its truth in JMESPath."""
        kind, children = node["type"], node["children"]
        if kind in _JUNCTIONS:
            return self._chain([*_parts(node, kind)], _JUNCTIONS[kind], at)
        if kind == "not_expression":
            return f"(not {self._truth(children[0], at)})"
        if kind == "comparator":
            return self._comparison(node, at, otherwise="False")
        return self._is_true(self._value(node, at))

    def _is_true(self, value: Translated) -> str:
        source, origin = value
        if origin.listed:
            return source
        if origin.places:
            need = origin.need_whole if self._decided else origin.need_emptiness
            need()
            return f"is_true({source})"
        t = self.source.temporary()
        return f"(({t} := {source}) or type({t}) in numbers)"

    def _chain(self, nodes: list[Node], junction: str, at: Translated) -> str:
        """Translate `a || b || c` into one flat chain, because Python allows at most 200 nested parentheses."""
        made = [self.source.apart(lambda node=node: self._truth(node, at)) for node in nodes]  # type: ignore[misc]
        if not any(lines for _, lines in made):
            return f"({f' {junction} '.join(source for source, _ in made)})"
        result = self.source.temporary()
        for index, (source, lines) in enumerate(made):
            if index:
                self.source.lines.append(f"if {'' if junction == 'and' else 'not '}{result}:")
                self.source.lines.append([*lines, f"{result} = {source}"])
            else:
                self.source.lines += [*lines, f"{result} = {source}"]
        return result

    def _value(self, node: Node, at: Translated) -> Translated:
        """Translate a node into its value. `at` is the current value; its source is a name."""
        made: Translated = getattr(self, f"_{node['type']}", self._unknown)(node, at)
        return made

    def _unknown(self, node: Node, at: Translated) -> Translated:
        raise UntranslatableError(node["type"])

    def _literal(self, node: Node, at: Translated) -> Translated:
        value = node["value"]
        return self.source.constant(value), PLAIN if isinstance(value, list | dict) else SCALAR

    def _current(self, node: Node, at: Translated) -> Translated:
        return at

    _identity = _current

    def _subexpression(self, node: Node, at: Translated) -> Translated:
        *steps, last = node["children"]
        for step in steps:
            source, origin = self._value(step, at)
            at = self.source.atom(source), origin
        return self._value(last, at)

    _index_expression = _pipe = _subexpression

    def _field(self, node: Node, at: Translated) -> Translated:
        (source, origin), name = at, node["value"]
        made = origin.named(name)
        if origin.plain:
            return f"({source}.get({self.source.constant(name)}) if type({source}) is dict else None)", made
        if not origin.places:
            return "null", SCALAR
        attribute = f"{source}.{self.record.shared.names[name]}"
        if source == _RECORD:
            return attribute, made
        types = self.source.types(origin.places)
        return f"({attribute} if type({source}) {'is' if len(origin.places) == 1 else 'in'} {types} else None)", made

    def _index(self, node: Node, at: Translated) -> Translated:
        (source, origin), index = at, node["value"]
        there = f"len({source}) > {index}" if index >= 0 else f"len({source}) >= {-index}"
        return f"({source}[{index}] if type({source}) is list and {there} else None)", origin.item()

    def _slice(self, node: Node, at: Translated) -> Translated:
        source, origin = at
        part = self.source.constant(slice(*node["children"]))
        return f"({source}[{part}] if type({source}) is list else None)", Origin(items=origin.item())

    def _projection(self, node: Node, at: Translated) -> Translated:
        base, right, *condition = node["children"]
        source, origin = self._value(base, at)
        listed = self.source.atom(source)
        return self._projected(f"type({listed}) is list", listed, origin.item(), right, *condition)

    _filter_projection = _projection

    def _value_projection(self, node: Node, at: Translated) -> Translated:
        base, right = node["children"]
        source, origin = self._value(base, at)
        named = self.source.atom(source)
        item = origin.value()
        return self._projected(f"type({named}) is dict", f"{named}.values()", item, right)

    def _projected(
        self, fits: str, values: str, item: Origin, right: Node, condition: Node | None = None
    ) -> Translated:
        """Translate a projection: a list of `right` for each value that passes the condition, without nulls."""
        result, element, t = self.source.temporary(), self.source.temporary(), self.source.temporary()
        self.source.lines.append(f"{result} = None")
        with self.source.inside(f"if {fits}:"):
            self.source.lines.append(f"{result} = []")
            with self.source.inside(f"for {element} in {values}:"):
                held = self._truth(condition, (element, item)) if condition else "True"
                with self.source.inside(f"if {held}:"):
                    source, origin = self._value(right, (element, item))
                    with self.source.inside(f"if ({t} := {source}) is not None:"):
                        self.source.lines.append(f"{result}.append({t})")
        return result, Origin(items=origin)

    def _flatten(self, node: Node, at: Translated) -> Translated:
        source, origin = self._value(node["children"][0], at)
        listed, result, element = self.source.atom(source), self.source.temporary(), self.source.temporary()
        item = origin.item()
        inner = item.item()
        self.source.lines.append(f"{result} = None")
        with self.source.inside(f"if type({listed}) is list:"):
            self.source.lines.append(f"{result} = []")
            with self.source.inside(f"for {element} in {listed}:"):
                self.source.lines += [f"if type({element}) is list:", [f"{result}.extend({element})"]]
                self.source.lines += ["else:", [f"{result}.append({element})"]]
        return result, Origin(items=item | inner)

    def _multi_select_list(self, node: Node, at: Translated) -> Translated:
        parts, lines = self.source.apart(lambda: [self._whole(child, at) for child in node["children"]])
        return self._unless_null(at[0], lines, f"[{', '.join(parts)}]")

    def _multi_select_dict(self, node: Node, at: Translated) -> Translated:
        children = node["children"]
        parts, lines = self.source.apart(lambda: [self._whole(child["children"][0], at) for child in children])
        pairs = [f"{self.source.constant(child['value'])}: {part}" for child, part in zip(children, parts, strict=True)]
        return self._unless_null(at[0], lines, f"{{{', '.join(pairs)}}}")

    def _unless_null(self, source: str, lines: list[Any], made: str) -> Translated:
        if not lines:
            return f"({made} if {source} is not None else None)", PLAIN
        result = self.source.temporary()
        self.source.lines += [f"{result} = None", f"if {source} is not None:", [*lines, f"{result} = {made}"]]
        return result, PLAIN

    def _whole(self, node: Node, at: Translated) -> str:
        source, origin = self._value(node, at)
        origin.need_whole()
        return source

    def _not_expression(self, node: Node, at: Translated) -> Translated:
        return self._truth(node, at), SCALAR

    def _or_expression(self, node: Node, at: Translated) -> Translated:
        """Translate `||` or `&&`: the left side or, if that does not decide, the right one."""
        left, right = node["children"]
        source, origin = self._value(left, at)
        t = self.source.atom(source)
        held = self._is_true((t, origin))
        if node["type"] == "or_expression":
            held = f"not {held}"
        (other, another), lines = self.source.apart(lambda: self._value(right, at))
        if not lines:
            return f"({other} if {held} else {t})", origin | another
        result = self.source.temporary()
        self.source.lines += [f"{result} = {t}", f"if {held}:", [*lines, f"{result} = {other}"]]
        return result, origin | another

    _and_expression = _or_expression

    def _comparator(self, node: Node, at: Translated) -> Translated:
        return self._comparison(node, at, otherwise="None"), SCALAR

    def _comparison(self, node: Node, at: Translated, otherwise: str) -> str:
        """Translate a comparison. `otherwise`: the result of an ordering (null) if a side has no order."""
        (left, right), sign = node["children"], _SIGNS[node["value"]]
        if left["type"] == "literal":
            left, right, sign = right, left, _TURNED.get(sign, sign)
        kind = type(right["value"]) if right["type"] == "literal" else None
        (one, origin), (other, another) = self._value(left, at), self._value(right, at)
        if sign not in ("==", "!="):
            return self.source.ordering(one, sign, other, kind, otherwise)
        if kind not in _SCALAR_TYPES:
            origin.need_whole()
            another.need_whole()
        return self.source.equality(one, sign, other, kind)

    def _function_expression(self, node: Node, at: Translated) -> Translated:
        name, arguments = node["value"], node["children"]
        if name in ("map", "sort_by", "min_by", "max_by"):
            return self._with_expression(name, arguments, at)
        if name not in FUNCTIONS:
            raise UntranslatableError(name)
        values = [self._value(argument, at) for argument in arguments]
        origins = [origin for _, origin in values]
        call = f"{name}_({', '.join(source for source, _ in values)})"
        if name == "contains" and not (arguments[1]["type"] == "literal" and origins[1] == SCALAR):
            origins[0].need_whole()
            origins[1].need_whole()
        return call, RESULTS.get(name, of_scalar)(origins)

    def _with_expression(self, name: str, arguments: list[Node], at: Translated) -> Translated:
        """Translate a function that evaluates an `&expression` on each item of a list."""
        expression, values = arguments if name == "map" else reversed(arguments)
        if expression["type"] != "expref":
            raise UntranslatableError(name)
        source, origin = self._value(values, at)
        listed, keys, element = self.source.atom(source), self.source.temporary(), self.source.temporary()
        item = origin.item()
        self.source.lines += [f"if type({listed}) is not list:", ["raise TypeError"], f"{keys} = []"]
        with self.source.inside(f"for {element} in {listed}:"):
            key, of_keys = self._value(expression["children"][0], (element, item))
            self.source.lines.append(f"{keys}.append({key})")
        if name == "map":
            return keys, Origin(items=of_keys)
        return f"{name}_({listed}, {keys})", Origin(items=item) if name == "sort_by" else item


_JUNCTIONS = {"and_expression": "and", "or_expression": "or"}
_SIGNS = {"eq": "==", "ne": "!=", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_SCALAR_TYPES = (str, int, float, bool, NoneType)


def _parts(node: Node, kind: str) -> Iterator[Node]:
    """Yield all operands of a chain of the same operator."""
    if node["type"] != kind:
        yield node
        return
    for child in node["children"]:
        yield from _parts(child, kind)

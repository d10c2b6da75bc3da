"""`--project`: the result of a JMESPath expression for each record, instead of its bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from tui.filter.compiled import NotJsonError
from tui.filter.jmespath import parse_expression
from tui.filter.shapes import FAILURES
from tui.scan.projection import encoded, load_spelled
from tui.send.blocks import SourceBlock, Unfit
from tui.send.source import Source, digest_of
from tui.shell import shell_word


def projected_source(source: Source, expression: str) -> Source:
    """Replace each record of the source by the JSON of a JMESPath result: `payload`, or `{id: user.id, at: t}`.

    A record that is not JSON, or for which the result is null (as for a missing path), is `unfit`: left out, named and
    counted. FilterError if the expression cannot be parsed.
    """
    search = parse_expression(expression).search

    def project(key: str, line: int, record: bytes) -> bytes | Unfit:
        try:
            value = search(load_spelled(record))
        except NotJsonError:
            return Unfit(key, line, "not JSON")
        except FAILURES as error:
            return Unfit(key, line, f"the projection fails: {error}".splitlines()[0])
        return Unfit(key, line, "the projection gives null") if value is None else encoded(value)

    def blocks() -> Iterator[SourceBlock]:
        for block in source.open():
            pairs = zip(block.records, block.lines, strict=True)
            yield _with_results(block, [project(block.key, line, record) for record, line in pairs])

    words = f"--project {shell_word(expression)}"
    identity, spelled = digest_of(source.identity, words), source.spelled and digest_of(source.spelled, words)
    timed = source.timed
    again = (lambda path: projected_source(timed(path), expression)) if timed else None
    description = f"{source.description}, {words}"
    return replace(source, description=description, identity=identity, spelled=spelled, open=blocks, timed=again)


def _with_results(block: SourceBlock, results: Sequence[bytes | Unfit]) -> SourceBlock:
    kept = block.only([isinstance(result, bytes) for result in results])
    unfit = tuple(result for result in results if isinstance(result, Unfit))
    return replace(kept.holding([result for result in results if isinstance(result, bytes)], kept.lines), unfit=unfit)

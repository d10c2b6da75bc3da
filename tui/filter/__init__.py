"""Which records are wanted: text, regex and JMESPath terms, stacked."""

from tui.filter.matcher import Matcher
from tui.filter.terms import Filter, Kind, Term, parse_filter

__all__ = ["Filter", "Kind", "Matcher", "Term", "parse_filter"]

"""Filters: stacks of text, regex and JMESPath terms that select records."""

from tui.filter.matcher import Matcher
from tui.filter.terms import Filter, Term, TermKind, parse_filter

__all__ = ["Filter", "Matcher", "Term", "TermKind", "parse_filter"]

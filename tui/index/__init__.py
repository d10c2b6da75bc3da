"""What is remembered of chunks that were read whole: a cache that answers, or proves that there is nothing to find."""

from tui.index.store import Index, open_index
from tui.index.summary import Details, FieldSummary, Known, Sample, Summary
from tui.index.words import Words

__all__ = ["Details", "FieldSummary", "Index", "Known", "Sample", "Summary", "Words", "open_index"]

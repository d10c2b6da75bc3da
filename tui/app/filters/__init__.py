"""The filter editor: the bar, its input, the terms, completion from a sample, and the fields panel."""

"""The filter editor: the bar, its input, the terms, completion from a sample, the fields of what is shown."""

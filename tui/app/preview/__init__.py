"""The preview without a screen: reading, records, columns, the tree, marks, what leaves it."""

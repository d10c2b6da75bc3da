"""Records on a screen: where they are kept, which match, columns, the list, the tree."""

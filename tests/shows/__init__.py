"""Figures about answers: not in the suite, because they take minutes."""

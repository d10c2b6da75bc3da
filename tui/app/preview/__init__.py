"""The preview of an hour: its records, a filter over them, marks, and what leaves it."""

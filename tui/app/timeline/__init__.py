"""The timeline: records over time, split by the values of a field."""

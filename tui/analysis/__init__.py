"""Analyze many records: counts by field and time, and what changed."""

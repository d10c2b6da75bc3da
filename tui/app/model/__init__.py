"""One open archive, without Textual: its session, its hours, what is remembered of it, and the running jobs."""

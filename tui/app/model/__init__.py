"""One open archive, without Textual: its session, hours, what was left open, and the jobs that run."""

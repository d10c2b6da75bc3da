"""The index of some hours: what is in it, and its build as a job."""

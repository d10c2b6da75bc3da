"""Choosing an archive, and waiting for its listing."""

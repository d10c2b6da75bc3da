"""Choosing one of several readings of an archive."""

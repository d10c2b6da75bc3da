"""The calendar: home of an archive."""

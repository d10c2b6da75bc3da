"""The calendar without a screen: its grid, what is usual for an hour, how fresh an archive is, what is selected."""

"""What was made and can be found again: extracts, sends, what was stopped, archives that were seen, the notebook.

Kept in the state folder, by the command line and the explorer alike. The core of a scan and of a send knows nothing of
it: front ends wrap its events.
"""

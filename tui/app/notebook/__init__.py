"""The notebook of an archive on a screen."""

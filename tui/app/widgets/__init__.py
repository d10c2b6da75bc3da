"""Line widgets used by two screens or more: each draws whole lines itself and sends only the cells that changed."""

"""Line widgets: each draws whole lines itself and sends only the cells that changed."""

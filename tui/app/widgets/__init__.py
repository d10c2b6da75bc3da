"""Widgets used by two or more screens. Each draws whole lines and sends only the cells that changed."""

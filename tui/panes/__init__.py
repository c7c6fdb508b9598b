"""The panes of the screen, one a file; they never import one another."""

"""Drawing in a terminal: canvases of dots and of half blocks, colour scales, axes."""

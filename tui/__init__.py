"""The terminal program: the screen, the trainer process and the command line."""

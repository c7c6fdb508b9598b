"""The program in a browser: `mlp-tui serve`."""

"""The engines, the timeline and the .dat files of mlp-tui; knows no screen."""

__version__ = "0.1.0"

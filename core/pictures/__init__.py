"""Pictures: the numbers behind them, and the pictures as files.

Nothing here knows an engine or a screen: it takes parameters, frames and losses. Only `figures` draws, and only it
imports Matplotlib.
"""

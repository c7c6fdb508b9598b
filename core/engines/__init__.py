"""The engines: the same network, computed in ways that know nothing of one another."""

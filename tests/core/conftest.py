"""Property tests take as long as they take: the first one to import torch would miss any deadline."""

import os

from hypothesis import settings

settings.register_profile("core", deadline=None, max_examples=60, derandomize="CI" in os.environ)
settings.load_profile("core")

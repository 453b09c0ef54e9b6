"""What holds for every test."""

from hypothesis import settings
from tests.support.effort import examples

settings.register_profile("coldstart", max_examples=examples(100), deadline=None)
settings.load_profile("coldstart")

"""A store on a database of the test's own, with people in it."""

from tests.actions.conftest import finder, store, told, world

__all__ = ["finder", "store", "told", "world"]

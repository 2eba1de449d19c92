"""Text in, matches out: reads a problem, finds the ones like it, and says whether one of them is the same."""

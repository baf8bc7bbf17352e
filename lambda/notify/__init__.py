"""Tells people what happened to a run."""

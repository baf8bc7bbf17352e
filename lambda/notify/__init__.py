"""Tells people what happened."""

"""Compares what several people labelled."""

"""Starts a training run on new labels."""

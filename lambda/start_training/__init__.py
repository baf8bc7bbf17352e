"""Starts the training pipeline: one run for one burst of new labels."""

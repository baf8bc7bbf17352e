"""Hands the labels of a finished job to training."""

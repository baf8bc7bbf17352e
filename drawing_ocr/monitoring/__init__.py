"""Watching what the reader is asked and answers: observations, a baseline, and a test of whether today is different."""

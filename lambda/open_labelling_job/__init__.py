"""Puts the tasks that the machine prepared on offer."""

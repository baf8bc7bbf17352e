"""The steps of the release workflow: plan, apply, verify, finish."""

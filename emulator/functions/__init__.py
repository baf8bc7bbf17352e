"""AWS Lambda: bundles, the processes that run them, invocations and event sources."""

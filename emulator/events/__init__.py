"""EventBridge and its Scheduler: matching, targets, schedules, and the events that AWS services send."""

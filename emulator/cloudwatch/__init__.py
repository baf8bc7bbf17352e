"""CloudWatch metrics as alarms see them, and alarms that change their state by themselves."""

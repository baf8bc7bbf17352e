"""What is deployed together: thin stacks that wire the constructs of `drawing_platform`."""

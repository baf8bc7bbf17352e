"""The HTTP API of labelling: tasks are lent to people, and what they say is kept."""

"""What comes next for a job that Ground Truth hands out."""

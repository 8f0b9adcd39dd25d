"""What a job is: the frozen values that a job file is read into, and its problems."""

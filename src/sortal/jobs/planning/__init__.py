"""From a job as it is written to what is trained: members, and the populations that they train in."""

"""Commands of jobs: tell what one will take, run it, show what it came to."""

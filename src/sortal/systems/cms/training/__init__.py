"""The networks of a campaign: their job, their training, their scores."""

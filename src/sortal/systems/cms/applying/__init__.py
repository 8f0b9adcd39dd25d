"""Networks on new files of events, chunk by chunk."""

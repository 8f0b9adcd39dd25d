"""What authors of methods test theirs with: small data, and checks of the contract."""

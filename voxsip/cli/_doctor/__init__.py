"""`voxsip doctor`: what works between this machine and the account, what does not, and the remedy."""

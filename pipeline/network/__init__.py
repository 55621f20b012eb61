"""What lies between us and the hosts we fetch from: addresses, failures, and how long to bear with them."""

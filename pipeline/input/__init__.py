"""What comes in: schedules and sessions through fastf1, its cache, recordings, and which event is which."""

"""Which picture an answer speaks of, measured in calls."""

"""What a set is made of, what it lacks, and sets drawn from it to be what is wanted."""

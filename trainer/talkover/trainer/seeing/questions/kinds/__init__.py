"""What each kind of question is made of: pictures, answers, and why nobody can tell."""

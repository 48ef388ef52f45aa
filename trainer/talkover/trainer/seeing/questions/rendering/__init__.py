"""Pictures from plans: things, signs, displays, charts and screens, seen by some camera."""

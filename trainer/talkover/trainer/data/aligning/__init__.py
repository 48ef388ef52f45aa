"""When each word and sound of a known text is heard, and lanes that keep to one clock."""

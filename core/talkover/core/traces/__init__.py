"""What calls leave behind, and where: what writes it, reads it and erases it must agree."""

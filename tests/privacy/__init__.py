"""Reading one customer's data to him, and erasing him."""

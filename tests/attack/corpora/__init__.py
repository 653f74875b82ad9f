"""What is sent: lists of strings, files and addresses, and nothing that sends them."""

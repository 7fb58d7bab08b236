"""What people read: text, figures and reports made from stored results."""

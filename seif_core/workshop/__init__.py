"""What only makes committed data or trains networks: not in the add-on, not imported by what runs there."""

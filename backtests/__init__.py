"""What would have happened: two engines, the figures that judge them, and the reports that show them."""

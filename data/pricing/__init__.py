"""What a bond is worth: par bonds in closed form, curves read between their tenors, forwards they imply."""

"""The thesis, claim by claim: what each says, how it is measured, and whether it held."""

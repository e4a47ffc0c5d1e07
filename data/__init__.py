"""What the market was: bonds, curves, instruments, and the one type that carries them, `Market`."""

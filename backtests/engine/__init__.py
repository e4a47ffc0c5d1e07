"""What both engines are given, how each of them runs it, and what they answer."""

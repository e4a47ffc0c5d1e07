"""Settings chosen on the past and tested on what came after, again and again. See docs/walkforward.md."""

"""Where tables come from. The network, where it is used at all, is used only in this package."""

"""What the market was: instruments, curves, prices, money, and what was known when."""

import logging

from data.moved import forward

logging.getLogger(__name__).addHandler(logging.NullHandler())  # silent until an application listens

forward(
    {
        "data.bonds": "data.pricing.bonds",
        "data.curves": "data.pricing.curves",
        "data.forwards": "data.pricing.forwards",
        "data.history": "data.assemble",
        "data.updating": "data.sources.registry",
    }
)

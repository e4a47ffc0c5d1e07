"""What the market was: instruments, curves, prices, money, and what was known when."""

from data.moved import forward

forward(
    {
        "data.bonds": "data.pricing.bonds",
        "data.curves": "data.pricing.curves",
        "data.forwards": "data.pricing.forwards",
        "data.history": "data.assemble",
        "data.updating": "data.sources.registry",
    }
)

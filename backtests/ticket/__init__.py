"""The trade ticket: what every variant of a configuration would hold on a day. See docs/ticket.md."""

from backtests.ticket.ticket import Ticket, make

__all__ = ["Ticket", "make"]

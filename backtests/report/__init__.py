"""Reports: one page, its pictures, and the table on the terminal. No arithmetic here."""

"""The invoice validator: what a file states (`model`, read by `ubl`, `cii` and `paper`), and what is wrong with it (`rules`)."""

"""What models cost: every call recorded, priced and held against budgets before it is made."""

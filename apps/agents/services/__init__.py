"""Starting and ending runs (`runs`), by form (`form_runs`), how agents answer (`behaviour`), and what that is made of (`personalities`, `rule_sets`)."""

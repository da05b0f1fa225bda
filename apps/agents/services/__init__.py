"""Starting and ending runs (`runs`), how agents answer (`behaviour`), and what that is made of (`personalities`, `rule_sets`)."""

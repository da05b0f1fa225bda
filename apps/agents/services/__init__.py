"""Starting and ending runs (`runs`), by form (`form_runs`), making agents (`studio`), how they answer (`behaviour`), and what that is made of (`personalities`, `rule_sets`)."""

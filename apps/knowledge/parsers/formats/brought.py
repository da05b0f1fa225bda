"""Folders of a repository that hold what others wrote, or what is made from the rest."""

BROUGHT = frozenset(
    {
        *(".git", ".hg", ".svn", ".venv", "venv", "node_modules", "bower_components", "vendor", "third_party"),
        *("__pycache__", ".tox", ".nox", ".mypy_cache", ".pytest_cache", "site-packages", "dist", "build", "target"),
    }
)

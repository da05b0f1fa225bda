"""Programs that run where scripts are run, over the files of a repository."""

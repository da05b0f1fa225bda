"""Writing prompts, their versions and labels (`library`), and trying them against a model (`trials`)."""

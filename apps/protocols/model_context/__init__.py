"""What an organisation offers over the Model Context Protocol: agents and collections as tools, documents as resources, prompts as prompts.

`offers` says what there is and does it, in our own words; `server` tells it in those of the protocol, by its official SDK.
"""

"""Teams of LLM agents: the data that they see, what becomes of what they say, and how it is shown."""

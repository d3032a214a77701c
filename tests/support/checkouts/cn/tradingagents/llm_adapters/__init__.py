"""Stand-in; the one provider that it knows is openai."""

"""What a graph raises."""


class GraphRecursionError(RecursionError):
    pass

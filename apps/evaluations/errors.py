"""Reasons for which an answer is not graded."""


class CannotGrade(Exception):
    """The answer cannot be graded, now or ever; the sentence is fit for people."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class GradeLater(Exception):
    """What grades is away; it may be back after so many seconds."""

    def __init__(self, sentence: str, *, delay_s: float) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.delay_s = delay_s

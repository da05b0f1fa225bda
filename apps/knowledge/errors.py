"""Why a document could not be read, in words for the person who uploaded it."""


class UnreadableDocument(Exception):
    """The file will not get better by trying again; `code` is stable, the text is for people."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence

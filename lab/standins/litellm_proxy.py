"""litellm's stand-in: says that it lives, as litellm does. There is no model behind it."""

from .http_service import JSON, Answer, serve


def answer(path: str, _: bytes) -> Answer:
    """Answer as litellm's proxy does."""
    if path in ("/health/liveliness", "/health/liveness"):
        return Answer(200, '"I\'m alive!"', JSON)
    return Answer(404, '{"detail":"Not Found"}', JSON)


if __name__ == "__main__":
    serve(4000, answer)

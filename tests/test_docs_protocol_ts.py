"""The generated files say what the protocol's types say."""

from server.live import protocol, protocol_docs, typescript


def test_the_pages_types_are_those_of_the_server():
    written = typescript.TARGET.read_text(encoding="utf-8")

    assert written == typescript.render(), "run: python -m server.live.typescript"


def test_the_protocol_page_is_that_of_the_server():
    written = protocol_docs.TARGET.read_text(encoding="utf-8")

    assert written == protocol_docs.render(), "run: python -m server.live.protocol_docs"


def test_every_message_has_its_example():
    page = protocol_docs.render()

    assert [struct.__name__ for struct in typescript.structs() if f"`{struct.__name__}`" not in page] == []


def test_the_server_reads_every_example_of_a_frame_from_the_page():
    examples = [protocol_docs.example(s) for s in typescript.structs() if issubclass(s, protocol.ClientFrame)]

    assert [protocol.parse(protocol.encode(frame).decode()) for frame in examples] == examples

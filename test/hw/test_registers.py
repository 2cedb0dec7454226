"""The register map is one table: its package and its document are written from it."""

from hw.registers import addresses, DOCUMENT, document_text, PACKAGE, package_text


def test_package_and_document_are_those_of_the_table() -> None:
    assert PACKAGE.read_text() == package_text()
    assert DOCUMENT.read_text() == document_text()


def test_addresses_are_words_and_no_two_are_equal() -> None:
    values = list(addresses().values())
    assert all(value % 4 == 0 for value in values)
    assert len(set(values)) == len(values)

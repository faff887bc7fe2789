"""Full-text search over a release (tantivy): labels of concepts, organisations, projects, entries.

| index | a document is | fields |
|---|---|---|
| labels | one label of a concept | stems in its language and of its parts, trigrams |
| organisations | an organisation | names, trigrams of names; what its projects are about |
| projects | a project | title (twice), keywords, objective |
| entries | a cluster, listing, service … | all titles and descriptions, stems of all languages |

Each document is the row of its table. Words are folded and stemmed at both ends in the same way
(`words`); English texts by tantivy itself, for speed.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import tantivy
from tantivy import Document, Filter, Index, Occur, Query, SchemaBuilder, Tokenizer

from kg.matching import postings
from kg.matching.highlight import Marker
from kg.matching.words import LANGUAGES, STOP, fold, stem, stems, words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    import pyarrow as pa
    from numpy.typing import NDArray

    from kg.matching.sparse import Vector
    from kg.matching.words import Lexicon

INDEXES: Final = ("labels", "organisations", "projects", "entries")
_HEAP: Final = 64_000_000
_MOST_TERMS: Final = 100
_SHORT_QUERY: Final = 12
_LONG_WORD: Final = 8
_SHORT_WORD: Final = 4


class Hits(NamedTuple):
    """The rows that were found, best first, and their scores (BM25)."""

    rows: NDArray[np.intp]
    scores: Vector


def _schema() -> tantivy.Schema:
    builder = SchemaBuilder()
    builder.add_unsigned_field("row", fast=True, indexed=True)
    builder.add_text_field("name", tokenizer_name="whitespace", index_option="freq")
    builder.add_text_field("grams", tokenizer_name="grams", index_option="freq")
    builder.add_text_field("text", tokenizer_name="english", index_option="freq")
    return builder.build()


def _analyser(tokenizer: Tokenizer, *filters: Filter) -> tantivy.TextAnalyzer:
    builder = tantivy.TextAnalyzerBuilder(tokenizer)
    for one in filters:
        builder = builder.filter(one)
    return builder.build()


def _english() -> tantivy.TextAnalyzer:
    return _analyser(
        Tokenizer.simple(),
        Filter.remove_long(60),
        Filter.lowercase(),
        Filter.ascii_fold(),
        Filter.stopword("english"),
        Filter.stemmer("english"),
    )


def project_postings(projects: pa.Table) -> Mapping[str, pa.Table]:
    """Return the words of the projects' texts as tables (`kg.matching.postings`)."""
    return postings.count(_project_texts(projects), _english().analyze)


def _project_texts(projects: pa.Table) -> Iterable[str]:
    names = ("title", "keywords", "objective")
    columns = zip(*(projects[c].to_pylist() for c in names), strict=True)
    for title, keywords, objective in columns:
        yield ". ".join(filter(None, (title, title, keywords, objective)))


def _register(index: Index) -> Index:
    index.register_tokenizer("whitespace", _analyser(Tokenizer.whitespace()))
    index.register_tokenizer("grams", _analyser(Tokenizer.ngram(3, 3)))
    index.register_tokenizer("english", _english())
    return index


def write(tables: Mapping[str, pa.Table], vocabulary: Lexicon, folder: Path) -> None:
    """Write the indexes of tables (`kg.matching.tables`) below a folder."""
    sources: Mapping[str, Callable[[], Iterable[Document]]] = {
        "labels": lambda: _labels(tables["label"], vocabulary),
        "organisations": lambda: _organisations(tables),
        "projects": lambda: _projects(tables["project"]),
        "entries": lambda: _entries(tables["entry"], vocabulary),
    }
    for name, documents in sources.items():
        place = folder / name
        place.mkdir(parents=True)
        index = _register(Index(_schema(), str(place)))
        # One thread: one segment, and rows in order, so that building is deterministic.
        writer = index.writer(_HEAP, 1)
        for document in documents():
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()


def write_documents(tables: Mapping[str, pa.Table], folder: Path) -> None:
    """Write an index whose documents are organisations: name, and all texts of their projects."""
    folder.mkdir(parents=True)
    index = _register(Index(_schema(), str(folder)))
    writer = index.writer(_HEAP, 1)
    names = tables["organisation"]["name"].to_pylist()
    for row, told in _told(tables, ("title", "keywords", "objective")).items():
        writer.add_document(_document(row, text=". ".join(filter(None, (names[row], told)))))
    writer.commit()
    writer.wait_merging_threads()


def label_terms(text: str, language: str, vocabulary: Lexicon) -> list[str]:
    """Return what a label is found by: its words' stems in its language, and their parts'."""
    terms: list[str] = []
    for word in words(text):
        terms.append(stem(word, language) if language in LANGUAGES else word)
        terms += [stem(part, "de") for part in vocabulary.split(word)]
    return terms


def _document(row: int, name: str = "", grams: str = "", text: str = "") -> Document:
    document = Document()
    document.add_unsigned("row", row)
    for field, value in (("name", name), ("grams", grams), ("text", text)):
        if value:
            document.add_text(field, value)
    return document


def _labels(labels: pa.Table, vocabulary: Lexicon) -> Iterable[Document]:
    columns = (labels["text"].to_pylist(), labels["language"].to_pylist())
    for row, (text, language) in enumerate(zip(*columns, strict=True)):
        name = " ".join(label_terms(text, language, vocabulary))
        yield _document(row, name, " ".join(words(text)))


def _organisations(tables: Mapping[str, pa.Table]) -> Iterable[Document]:
    table = tables["organisation"]
    about = _told(tables, ("title",))
    columns = zip(*(table[c].to_pylist() for c in ("label", "name", "short")), strict=True)
    for row, names in enumerate(columns):
        folded = " ".join(dict.fromkeys(fold(n) for n in names if n))
        plain = " ".join(words(folded))
        yield _document(row, plain, plain, about.get(row, ""))


def _told(tables: Mapping[str, pa.Table], names: Iterable[str]) -> dict[int, str]:
    """Return for each organisation some texts of its projects."""
    columns = zip(*(tables["project"][name].to_pylist() for name in names), strict=True)
    texts = [". ".join(filter(None, values)) for values in columns]
    told: dict[int, list[str]] = {}
    pairs = tables["participation"]
    both = zip(pairs["organisation"].to_pylist(), pairs["project"].to_pylist(), strict=True)
    for organisation, project in both:
        told.setdefault(organisation, []).append(texts[project])
    return {organisation: ". ".join(filter(None, found)) for organisation, found in told.items()}


def _projects(projects: pa.Table) -> Iterable[Document]:
    labels = projects["label"].to_pylist()
    for row, text in enumerate(_project_texts(projects)):
        yield _document(row, " ".join(words(labels[row] or "")), "", text)


def _entries(entries: pa.Table, vocabulary: Lexicon) -> Iterable[Document]:
    for row, text in enumerate(entries["text"].to_pylist()):
        found = [term for w in words(text or "") for term in (w, *stems(w), *vocabulary.split(w))]
        yield _document(
            row, " ".join(dict.fromkeys(found)), " ".join(words(text or "")), text or ""
        )


@dataclass(frozen=True)
class Search:
    """One index, open for searching."""

    index: Index
    searcher: tantivy.Searcher
    english: tantivy.TextAnalyzer

    @classmethod
    def open(cls, folder: Path) -> Search:
        """Open the index in a folder."""
        index = _register(Index.open(str(folder)))
        index.reload()
        return cls(index, index.searcher(), _english())

    def text(self, query: str, limit: int, more: Iterable[tuple[str, float]] = ()) -> Hits:
        """Return the documents whose English text is about a query, best first.

        `more` are further texts with the weight of their words (translations of the query). Of a
        long query the words that tell most count; a word of a short one that no document has is
        looked for misspelt.
        """
        weights = self._weights(((query, 1.0), *more))
        found = self._frequencies(weights)
        parts = [self._text_term(t, found[t], weights[t]) for t in self._telling(weights, found)]
        return self._search(parts, limit)

    def telling(self, query: str, more: Iterable[str] = ()) -> list[str]:
        """Return the stems of a query and further texts that documents have, telling ones first."""
        weights = self._weights((text, 1.0) for text in (query, *more))
        found = self._frequencies(weights)
        return [t for t in self._telling(weights, found) if found[t]]

    def _weights(self, texts: Iterable[tuple[str, float]]) -> dict[str, float]:
        weights: dict[str, float] = {}
        for words_of, weight in texts:
            for term, count in Counter(self.english.analyze(words_of)).items():
                weights[term] = max(weights.get(term, 0.0), weight * (1 + log(count)))
        return weights

    def _frequencies(self, terms: Iterable[str]) -> dict[str, int]:
        found = {t: self.frequency(t) for t in terms if t not in STOP}
        return {t: n for t, n in found.items() if n} if len(found) > _SHORT_QUERY else found

    def _telling(self, weights: Mapping[str, float], found: Mapping[str, int]) -> list[str]:
        documents = self.searcher.num_docs
        telling = {t: weights[t] * log(1 + documents / (n or 1)) for t, n in found.items()}
        return sorted(telling, key=lambda t: (-telling[t], t))[:_MOST_TERMS]

    def frequency(self, stem: str) -> int:
        """Return how many documents have a word in their text, by its stem."""
        return self.searcher.doc_freq("text", stem)

    def _text_term(self, term: str, frequency: int, weight: float) -> Query:
        if frequency or len(term) <= _SHORT_WORD:
            query = Query.term_query(self.index.schema, "text", term, "freq")
        else:
            query = self._fuzzy("text", term)
        return Query.boost_query(query, weight)

    def _fuzzy(self, field: str, term: str) -> Query:
        distance = 2 if len(term) >= _LONG_WORD else 1
        return Query.fuzzy_term_query(self.index.schema, field, term, distance)

    def names(self, query: str, limit: int, terms: Iterable[str] = ()) -> Hits:
        """Return the documents whose names have words, or trigrams, of a query, best first."""
        schema = self.index.schema
        # In order, so that every process sums in the same.
        wanted = dict.fromkeys((*words(query), *sorted(terms)))
        exact = [Query.term_query(schema, "name", term, "freq") for term in wanted]
        grams = dict.fromkeys(w[i : i + 3] for w in words(query) for i in range(len(w) - 2))
        near = [
            Query.boost_query(Query.term_query(schema, "grams", gram, "freq"), 0.3)
            for gram in list(grams)[:_MOST_TERMS]
        ]
        return self._search([*exact, *near], limit)

    def _search(self, parts: list[Query], limit: int) -> Hits:
        if not parts or not limit:
            return Hits(np.zeros(0, np.intp), np.zeros(0))
        query = Query.boolean_query([(Occur.Should, part) for part in parts])
        hits = self.searcher.search(query, limit, count=False).hits
        rows = self.searcher.fast_field_values("row", [address for _, address in hits])
        return Hits(np.array(rows, np.intp), np.array([score for score, _ in hits], np.float64))

    def marker(self, *texts: str) -> Marker:
        """Return what marks the words of some texts in others."""
        stems = {stem for text in texts for stem in self.english.analyze(text)}
        return Marker(stems, self.english.analyze)

"""A recipe is read completely or refused in a sentence."""

from pathlib import Path

from edge_adapt.errors import UsageError
import pytest

from training import recipe

RECIPES = sorted((Path(recipe.__file__).parent / 'recipes').glob('*.toml'))
TEXT = "data = 'digits'\ninput_shape = [8, 8, 1]\nlayers = 'i64 d32'\nn_steps = 10\nseed = 1\n"


@pytest.mark.parametrize('path', RECIPES, ids=lambda path: path.stem)
def test_every_recipe_of_the_project_is_understood(path: Path) -> None:
    how = recipe.load(path)
    assert how.name == path.stem
    assert how.n_steps > 0


def test_layers_are_named_by_kind_width_and_pool(tmp_path: Path) -> None:
    path = tmp_path / 'toy.toml'
    path.write_text(TEXT.replace('i64 d32', 'c64p b32 d16'))
    kinds = [(layer.kind, layer.n_out, layer.pooled) for layer in recipe.load(path).layers]
    assert kinds == [('convolution', 64, True), ('convolution', 32, False), ('dense', 16, False)]


@pytest.mark.parametrize(
    ('text', 'sentence'),
    [
        (TEXT + 'epochs = 3\n', r"unknown keys \['epochs'\]"),
        (TEXT + '[augmentation]\nflip = true\n', r"unknown keys \['flip'\]"),
        (TEXT.replace('i64', 'q64'), "'q64' is not a layer"),
        (TEXT + "parts = ['train', 'test']\n", "without 'test'"),
        (TEXT + 'parts = []\n', 'trains on parts'),
        (TEXT + "parts = 'train'\n", 'a list'),
        ('data = ', 'is not a recipe'),
    ],
)
def test_what_nobody_knows_is_named(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / 'toy.toml'
    path.write_text(text)
    with pytest.raises(UsageError, match=sentence):
        recipe.load(path)


def test_a_recipe_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r'none\.toml is not a recipe'):
        recipe.load(tmp_path / 'none.toml')

import shutil

import pytest

from talkover.core.errors import BundleError
from talkover.core.listener.served import served_variant


def test_what_is_wanted_is_served_where_it_is_there(tiny_folder):
    assert served_variant(tiny_folder) == "int8"
    assert served_variant(tiny_folder, "fp32") == "fp32"


def test_the_other_one_stands_in(tiny_folder, tmp_path):
    shutil.copytree(tiny_folder / "fp32", tmp_path / "fp32")
    (tmp_path / "int8").mkdir()
    shutil.copy(tiny_folder / "int8" / "encoder.onnx", tmp_path / "int8")
    assert served_variant(tmp_path) == "fp32"


def test_there_must_be_one(tmp_path):
    with pytest.raises(BundleError, match="holds no listener"):
        served_variant(tmp_path)

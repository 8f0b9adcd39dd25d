"""Files of the sizes of a thumb, in the formats in which the real ones come."""

import gzip
import io
import struct
import tarfile

import numpy as np
import pytest

from sortal.errors import DataError
from sortal.systems.clavis.builtin.datasets import find

RNG = np.random.default_rng(3)
GREY = (RNG.integers(0, 256, (7, 28, 28), dtype=np.uint8), np.arange(7) % 3)
GREY_TEST = (RNG.integers(0, 256, (3, 28, 28), dtype=np.uint8), np.arange(3) % 3)
IMAGES = RNG.integers(0, 256, (6, 32, 32, 3), dtype=np.uint8)


def _npz(path, *, x=GREY[0], y=GREY[1], x_test=GREY_TEST[0], y_test=GREY_TEST[1]):
    np.savez_compressed(path, x_train=x, y_train=y, x_test=x_test, y_test=y_test)


def _idx(path, array):
    header = struct.pack(f">2xBB{array.ndim}I", 8, array.ndim, *array.shape)
    path.write_bytes(gzip.compress(header + array.astype(np.uint8).tobytes()))


def _fashion(folder):
    inner = folder / "fashion-mnist"
    inner.mkdir()
    for part, (x, y) in {"train": GREY, "t10k": GREY_TEST}.items():
        _idx(inner / f"{part}-images-idx3-ubyte.gz", x)
        _idx(inner / f"{part}-labels-idx1-ubyte.gz", y)
    return inner


def _cifar(path, members, labels):
    with tarfile.open(path, "w:gz") as archive:
        for name, images, codes in members:
            planes = images.transpose(0, 3, 1, 2).reshape(len(images), -1)
            before = np.stack([codes] * labels, axis=1)
            before[:, :-1] = 99
            data = np.concatenate([before, planes], axis=1).astype(np.uint8).tobytes()
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))


def test_mnist_is_read_as_keras_stores_it(tmp_path):
    _npz(tmp_path / "mnist.npz")
    source = find("keras_mnist").read(tmp_path)
    assert np.array_equal(source.X_train, GREY[0].reshape(7, 784))
    assert source.y_test.tolist() == [0, 1, 2]
    assert source.original_shape == (28, 28)
    assert len(source.class_names) == 10


def test_fashion_mnist_is_read_from_its_four_files(tmp_path):
    _fashion(tmp_path)
    source = find("keras_fashion_mnist").read(tmp_path)
    assert np.array_equal(source.X_train, GREY[0].reshape(7, 784))
    assert np.array_equal(source.X_test, GREY_TEST[0].reshape(3, 784))
    assert source.y_train.tolist() == GREY[1].tolist()
    assert source.class_names[9] == "Ankle boot"


def test_cifar_10_is_read_from_its_binary_version(tmp_path):
    parts = [(f"cifar-10-batches-bin/data_batch_{n}.bin", IMAGES[n : n + 1], [n]) for n in range(6)]
    batches = [(name, images, np.array(codes)) for name, images, codes in parts[1:]]
    test = ("cifar-10-batches-bin/test_batch.bin", IMAGES[:1], np.array([9]))
    _cifar(tmp_path / "cifar-10-binary.tar.gz", [*batches, test], labels=1)
    source = find("keras_cifar10").read(tmp_path)
    assert source.original_shape == (32, 32, 3)
    assert np.array_equal(source.X_train.reshape(5, 32, 32, 3), IMAGES[1:])
    assert source.y_train.tolist() == [1, 2, 3, 4, 5]
    assert source.y_test.tolist() == [9]


def test_cifar_100_has_its_fine_classes(tmp_path):
    members = [
        ("cifar-100-binary/train.bin", IMAGES[:4], np.array([0, 42, 98, 97])),
        ("cifar-100-binary/test.bin", IMAGES[4:], np.array([1, 2])),
    ]
    _cifar(tmp_path / "cifar-100-binary.tar.gz", members, labels=2)
    source = find("keras_cifar100").read(tmp_path)
    assert source.y_train.tolist() == [0, 42, 98, 97]
    assert len(source.class_names) == 100
    assert source.class_names[98] == "woman"


@pytest.mark.parametrize("name", ["keras_cifar10", "keras_cifar100"])
def test_cifar_is_also_read_from_an_archive_of_arrays(tmp_path, name):
    column = np.array([[1], [2]])  # labels as Keras gives them
    _npz(tmp_path / f"{name}.npz", x=IMAGES[:2], y=column, x_test=IMAGES[2:4], y_test=column)
    assert find(name).read(tmp_path).y_train.tolist() == [1, 2]


@pytest.mark.parametrize(("name", "classes"), [("keras_imdb", 2), ("keras_reuters", 46)])
def test_texts_are_fitted_to_500_of_20000_words(tmp_path, name, classes):
    long = np.arange(1, 601)[None].repeat(2, axis=0)
    long[0, -1] = 30_000
    short = np.array([[5, 6, 7]])
    _npz(tmp_path / f"{name}.npz", x=long, y=[0, 1], x_test=short, y_test=[1])
    source = find(name).read(tmp_path)
    assert source.X_train.shape == (2, 500)
    assert source.X_train[0, 0] == 101
    assert source.X_train[:, -1].tolist() == [2, 600]
    assert source.X_test[0, -4:].tolist() == [0, 5, 6, 7]
    assert source.specs["num_words"] == 20_000
    assert len(source.class_names) == classes


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("keras_cifar10", "cifar-10-batches-py"),
        ("keras_cifar10", "cifar-10-python.tar.gz"),
        ("keras_cifar100", "cifar-100-python.tar.gz"),
        ("keras_imdb", "imdb.npz"),
        ("keras_reuters", "reuters.npz"),
    ],
)
def test_pickles_of_keras_are_refused_and_a_way_round_is_named(tmp_path, name, place):
    (tmp_path / place).write_bytes(b"\x80\x04.")
    with pytest.raises(DataError, match="which could run any program") as refused:
        find(name).read(tmp_path)
    assert str(refused.value).startswith(str(tmp_path / place))
    assert find(name).needs in str(refused.value)


def test_an_archive_of_python_objects_is_not_unpickled(tmp_path):
    texts = np.array([[1, 2], [3]], dtype=object)
    np.savez(
        tmp_path / "keras_imdb.npz", x_train=texts, y_train=[0, 1], x_test=texts, y_test=[0, 1]
    )
    with pytest.raises(DataError, match="Object arrays cannot be loaded"):
        find("keras_imdb").read(tmp_path)


def test_a_single_array_under_the_name_of_an_archive_is_refused(tmp_path):
    with (tmp_path / "mnist.npz").open("wb") as file:
        np.save(file, GREY[0])
    with pytest.raises(DataError, match="expected an archive of arrays"):
        find("keras_mnist").read(tmp_path)


def test_an_array_that_is_missing_is_named(tmp_path):
    np.savez(tmp_path / "mnist.npz", x_train=GREY[0], y_train=GREY[1])
    with pytest.raises(DataError, match="there is no x_test"):
        find("keras_mnist").read(tmp_path)


@pytest.mark.parametrize("keep", [0, 10, 200])
def test_a_file_that_was_cut_short_is_named(tmp_path, keep):
    _npz(tmp_path / "mnist.npz")
    whole = (tmp_path / "mnist.npz").read_bytes()
    (tmp_path / "mnist.npz").write_bytes(whole[:keep])
    with pytest.raises(DataError, match=r"mnist\.npz: not"):
        find("keras_mnist").read(tmp_path)


def _cut(path):
    path.write_bytes(path.read_bytes()[:30])


def _foreign(path):
    path.write_bytes(gzip.compress(b"not an idx file"))


def _short(path):
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes())[:-1]))


@pytest.mark.parametrize("spoil", [_cut, _foreign, _short, lambda path: path.unlink()])
def test_a_damaged_file_of_fashion_mnist_is_refused(tmp_path, spoil):
    spoil(_fashion(tmp_path) / "train-images-idx3-ubyte.gz")
    with pytest.raises(DataError, match="fashion-mnist: not"):
        find("keras_fashion_mnist").read(tmp_path)


def test_an_archive_of_other_records_is_refused(tmp_path):
    members = [("cifar-100-binary/train.bin", IMAGES, np.arange(6))]
    _cifar(tmp_path / "cifar-100-binary.tar.gz", members, labels=1)
    with pytest.raises(DataError, match=r"cifar-100-binary\.tar\.gz: not"):
        find("keras_cifar100").read(tmp_path)


def test_labels_beyond_the_classes_are_refused(tmp_path):
    _npz(tmp_path / "mnist.npz", y=np.full(7, 10))
    with pytest.raises(
        DataError, match="keras_mnist: y_train: expected labels from 0 to 9, got 10"
    ):
        find("keras_mnist").read(tmp_path)


def test_texts_that_are_no_codes_are_refused(tmp_path):
    _npz(
        tmp_path / "keras_imdb.npz",
        x=np.zeros((2, 5)),
        y=[0, 1],
        x_test=np.zeros((1, 5)),
        y_test=[1],
    )
    with pytest.raises(DataError, match="expected texts as codes of words"):
        find("keras_imdb").read(tmp_path)

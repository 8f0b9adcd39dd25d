"""Data sets that Keras downloads: here users download them, into a folder that they name."""

from functools import partial

from sortal.systems.clavis.builtin.given_files import (
    GivenFile,
    Reader,
    read_cifar,
    read_idx_folder,
    read_images,
    read_words,
)
from sortal.systems.clavis.builtin.tables import DIGITS, About

_FASHION = "T-shirt/top,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot"
_CIFAR10 = "Airplane Automobile Bird Cat Deer Dog Frog Horse Ship Truck"
_CIFAR100 = """
    apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly
    camel can castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile
    cup dinosaur dolphin elephant flatfish forest fox girl hamster house kangaroo keyboard lamp
    lawn_mower leopard lion lizard lobster man maple_tree motorcycle mountain mouse mushroom oak_tree
    orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy porcupine possum
    rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail snake spider
    squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor train
    trout tulip turtle wardrobe whale willow_tree wolf woman worm
"""
"""Fine classes, in the order of their codes."""

_REUTERS = """
    cocoa grain veg-oil earn acq wheat copper housing money-supply coffee sugar trade reserves ship
    cotton carcass crude nat-gas cpi money-fx interest gnp meal-feed alum oilseed gold tin
    strategic-metal livestock retail ipi iron-steel rubber heat jobs lei bop zinc orange pet-chem dlr
    gas silver wpi hog lead
"""
"""Topics, in the order of their codes."""

_WORDS = 20_000
_LENGTH = 500

_KERAS_HOST = "https://storage.googleapis.com/tensorflow/tf-keras-datasets"
_CIFAR_HOST = "https://www.cs.toronto.edu/~kriz"
_SNIPPET = "write it once with Keras by the lines under `Data sets to download` in the manual"


def _binary(name: str, train: tuple[str, ...], test: str, labels: int) -> tuple[str, Reader]:
    return name, partial(read_cifar, train=train, test=test, labels=labels)


_MNIST_FILE = GivenFile(
    places=(("mnist.npz", read_images), ("keras_mnist.npz", read_images)),
    source=f"download {_KERAS_HOST}/mnist.npz",
)
_FASHION_FILE = GivenFile(
    places=(("fashion-mnist", read_idx_folder), ("keras_fashion_mnist.npz", read_images)),
    source=(
        "download train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, t10k-images-idx3-ubyte.gz "
        f"and t10k-labels-idx1-ubyte.gz from {_KERAS_HOST}/ into the folder fashion-mnist"
    ),
)
_BATCHES = "cifar-10-batches-bin"
_CIFAR10_FILE = GivenFile(
    places=(
        _binary(
            "cifar-10-binary.tar.gz",
            tuple(f"{_BATCHES}/data_batch_{number}.bin" for number in range(1, 6)),
            f"{_BATCHES}/test_batch.bin",
            labels=1,
        ),
        ("keras_cifar10.npz", read_images),
    ),
    source=f"download {_CIFAR_HOST}/cifar-10-binary.tar.gz",
    refused=dict.fromkeys(
        ("cifar-10-batches-py", "cifar-10-python.tar.gz", "cifar-10-batches-py.tar.gz"),
        "it holds pickles, which could run any program and are not read",
    ),
)
_CIFAR100_FILE = GivenFile(
    places=(
        _binary(
            "cifar-100-binary.tar.gz",
            ("cifar-100-binary/train.bin",),
            "cifar-100-binary/test.bin",
            labels=2,
        ),
        ("keras_cifar100.npz", read_images),
    ),
    source=f"download {_CIFAR_HOST}/cifar-100-binary.tar.gz",
    refused=dict.fromkeys(
        ("cifar-100-python", "cifar-100-python.tar.gz"),
        "it holds pickles, which could run any program and are not read",
    ),
)
_OBJECTS = "its texts are stored as Python objects in a pickle, which could run any program"


def _texts(name: str) -> GivenFile:
    return GivenFile(
        places=((f"keras_{name}.npz", partial(read_words, num_words=_WORDS, length=_LENGTH)),),
        source=_SNIPPET,
        refused={f"{name}.npz": _OBJECTS},
    )


FILES: tuple[tuple[About, GivenFile], ...] = (
    (About("keras_mnist", "Keras | MNIST", DIGITS), _MNIST_FILE),
    (
        About("keras_fashion_mnist", "Keras | Fashion-MNIST", tuple(_FASHION.split(","))),
        _FASHION_FILE,
    ),
    (About("keras_cifar10", "Keras | CIFAR-10", tuple(_CIFAR10.split())), _CIFAR10_FILE),
    (About("keras_cifar100", "Keras | CIFAR-100", tuple(_CIFAR100.split())), _CIFAR100_FILE),
    (
        About(
            "keras_imdb",
            f"Keras | IMDB (top {_WORDS} words, sequence length {_LENGTH})",
            ("negative", "positive"),
        ),
        _texts("imdb"),
    ),
    (
        About(
            "keras_reuters",
            f"Keras | Reuters (top {_WORDS} words, sequence length {_LENGTH})",
            tuple(_REUTERS.split()),
        ),
        _texts("reuters"),
    ),
)

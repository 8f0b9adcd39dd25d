"""`sortal cms`: the guide's two scripts as commands, settings to begin with, and networks applied."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sortal.jobs.running.run_options import RunOptions
from sortal.options import DEFAULT_STORE, CoresOption, StoreOption, engines_of
from sortal.systems.cms.applying.command import apply
from sortal.systems.cms.settings import BinarySettings, CMSSettings, MulticlassSettings
from sortal.systems.options import Options, with_settings

if TYPE_CHECKING:
    from sortal.systems.cms.training.campaign import Call

app = typer.Typer(
    name="cms",
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Weighted signal against background, to the figure of merit (the guide NN in CMS).",
)

SettingsOption = Annotated[
    Path | None,
    typer.Option("--settings", "-s", help="YAML file of settings; options stand before it."),
]
VerboseOption = Annotated[
    bool, typer.Option("--verbose", "-v", help="Print every epoch, and each step as it is done.")
]


@app.command("binary", short_help="One network of signal against background.")
@with_settings(BinarySettings, short={"year": "y", "channel": "c", "name": "n"})
def binary(
    given: Options,
    context: typer.Context,
    settings: SettingsOption = None,
    verbose: VerboseOption = False,
    store: StoreOption = DEFAULT_STORE,
    cores: CoresOption = None,
) -> None:
    """Train a network of signal against background on data/{train,val,test}_{sig,bkg}.csv.

    Writes models/YEAR_CHANNEL_NAME with the best weights, the course of training, the
    scores of validation and test events, pictures and a report. What is stored is not
    trained again; Ctrl-C keeps all, and the same command goes on.

    \b
    Examples
      sortal cms binary -v -y 2017 -c 1l -n first
      sortal cms binary -y 2017 -c 1l -n wide --layers "100 100" --epochs 500
      sortal cms binary -s binary.yaml -n tuned --learning-rate 1e-3
    """
    from sortal.systems.cms.binary import run_binary

    raise typer.Exit(run_binary(given, settings, _call(context, store, cores, verbose=verbose)))


@app.command("multiclass", short_help="Signal and several classes of background; runs x decays.")
@with_settings(MulticlassSettings, short={"year": "y", "channel": "c", "name": "n"})
def multiclass(
    given: Options,
    context: typer.Context,
    settings: SettingsOption = None,
    verbose: VerboseOption = False,
    store: StoreOption = DEFAULT_STORE,
    cores: CoresOption = None,
) -> None:
    """Train runs x decay rates of networks with an output for each class, as one population.

    Reads 17var/data/{train,val,test}_{sig,bkg}.csv, writes 17var_fom.csv and a folder for
    each decay rate in 17var_models_5C, with a folder for each run.

    \b
    Examples
      sortal cms multiclass
      sortal cms multiclass --runs 3 --decays "1e-3 1e-4 1e-5" --epochs 200
      sortal cms multiclass -s multiclass.yaml --compat
    """
    from sortal.systems.cms.multiclass import run_multiclass

    raise typer.Exit(run_multiclass(given, settings, _call(context, store, cores, verbose=verbose)))


app.command("apply", short_help="Score new files of any size with a trained network.")(apply)


@app.command("template", short_help="Print every setting with its default, as YAML to begin with.")
def template(
    kind: Annotated[
        str, typer.Argument(metavar="binary|multiclass", help="The command that it is for.")
    ] = "binary",
) -> None:
    """Print every setting of a command with its meaning and its default, as YAML.

    \b
    Example
      sortal cms template multiclass > multiclass.yaml
    """
    from sortal.errors import OptionError
    from sortal.systems.template import template_of
    from sortal.views.console import echo

    models: dict[str, type[CMSSettings]] = {
        "binary": BinarySettings,
        "multiclass": MulticlassSettings,
    }
    if kind not in models:
        raise OptionError("KIND", kind, "binary or multiclass")
    echo(template_of(models[kind]).rstrip())


def _call(context: typer.Context, store: Path, cores: int | None, *, verbose: bool) -> "Call":
    from sortal.systems.cms.training.campaign import Call

    options = RunOptions(cores=cores)
    return Call(store=store, options=options, verbose=verbose, engines=engines_of(context))

"""Values, not dicts: where jobs, the web and the systems still hold mappings of anything, and why."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src" / "sortal"
FOLDERS = ("jobs", "web", "systems", "plugins")
UNTYPED = re.compile(r"\b(Mapping|dict|Dict)\[str, Any\]|\b(Json|Record|Options)\b")
"""The mappings themselves, and the names that stand for them."""

JSON = {
    "jobs/applying/predict.py": "Predictor.about",
    "jobs/applying/predictor_folder.py": "save_predictor _write _described _restored _scorer",
    "jobs/launch.py": "JobLike",
    "jobs/pictures/classifier_map.py": "_name.meaning",
    "jobs/pictures/projections.py": "_name.meaning _keep",
    "jobs/searching/study.py": "Trial.to_json Trial.from_json Study.about Study.to_json _round",
    "jobs/running/task.py": "run",
    "jobs/running/task_spec.py": "TaskSpec.to_json TaskSpec.from_json _member TaskResult.to_json TaskResult.from_json Committed.to_json MemberOutput.to_json Progressed.to_json read_message",
    "systems/clavis/builtin/stored_layers.py": "dense_network convolutional_network _pooled _hidden _dense _convolution _pool _READ _activation _square _configurations",
    "systems/clavis/cache/cache.py": "_CacheReader._parsed _scores",
    "systems/clavis/cache/files.py": "odd_scores is_mean",
    "systems/clavis/batch/jobfile.py": "BatchEntry.method ReadFile.raw _meta_problems _cures _configuration",
    "systems/clavis/listing.py": "Item.example",
    "systems/clavis/batch/meta.py": "expand values_of _odd _ranged _kind_problem _number_problem fill",
    "plugins/source_files.py": "_plain_keys",
    "plugins/classifiers/specs.py": "pack unpack _packed_mapping _packed_array _unpacked_array",
    "systems/clavis/tuning/jobfile.py": "TuningJob.plain_data TuningJob.plain_data.given _entries _dimension",
    "systems/cms/applying/known_aliases.py": "with_known_aliases",
    "systems/cms/results/ranking.py": "ComparedClassifier.described",
    "systems/cms/results/report.py": "describe",
    "systems/cms/simulation/example.py": "write_example write_example.optima write_example.about _write_kind _readme _filled",
    "systems/cms/simulation/processes.py": "_parse _parse.parsed _process _component",
    "web/error_response.py": "RESPONSES",
}
"""Readers and writers of JSON and YAML: stored files, tasks, jobs as their authors wrote them."""

NAMES = {
    "jobs/ensembles/ensemble.py": "ensemble.parameters _list _entry",
    "jobs/ensembles/segment.py": "write_ensemble_segment _record",
    "jobs/planning/members.py": "render_title",
    "jobs/imports/foreign.py": "Foreign.parameters Foreign.asked ForeignJob.asked",
    "jobs/imports/record.py": "new_record imported_record",
    "jobs/imports/segment.py": "FoldPredictions.parameters",
    "jobs/results/result.py": "Result.parameters Result.asked",
    "jobs/searching/study.py": "Trial.values",
    "jobs/planning/search_space.py": "TunableClassifier.fixed TunableClassifier.parameters refuse_tuned find_search_space find_search_space.fixed _check _refused",
    "systems/clavis/builtin/given_files.py": "TrainTestArrays.specs",
    "systems/clavis/builtin/images.py": "_Draw _image _steps _augmentation _started _path",
    "systems/clavis/builtin/keras_perceptron.py": "OPTIMISERS training",
    "systems/clavis/builtin/plain.py": "_svm.chosen",
    "systems/clavis/builtin/texts.py": "_memory _convolved_memory _translation _refuse_nothing",
    "systems/clavis/builtin/translation.py": "Translated.parameters Translated.values Translated.job_parameters",
    "systems/clavis/cache/cache.py": "CachedClassifier.arguments CachedData.arguments",
    "systems/clavis/batch/classifiers.py": "JobContext.specs _block _asked",
    "plugins/declaration.py": "Declaration.defaults Checked.values Checked.undeclared resolve_arguments resolve_arguments.values resolve_argument from_info _type _text",
    "systems/clavis/batch/jobfile.py": "Configuration.arguments",
    "plugins/classifiers/classifier.py": "ClassifierPlugin.make",
    "plugins/classifiers/method.py": "PluginMethod._told PluginMethod._told.specs",
    "plugins/classifiers/parameters.py": "_KINDS PluginParameters.data_specs PluginParameters.undeclared PluginParameters.meaning PluginParameters.declared parameters_of.fields",
    "plugins/given_data.py": "GivenData.specs",
    "systems/clavis/tuning/jobfile.py": "TunedEntry.fixed TunedEntry.configuration",
    "systems/cms/training/job.py": "_PEERS network_parameters network_parameters.parameters",
    "web/response_model.py": "Parameters",
}
"""Mappings whose names are those of a method's or a plugin's parameters, or of what a job asks for."""

OPTIONS = {
    "systems/cms/binary.py": "run_binary",
    "systems/cms/commands.py": "binary multiclass",
    "systems/cms/multiclass.py": "run_multiclass",
    "systems/cms/session.py": "read",
    "web/routes/maps.py": "_projected",
}
"""Options as a command got them, before they are checked."""

PYTHON = {
    "plugins/keras/image_generator.py": "ImageDataGenerator.apply_transform",
    "plugins/loading/imports.py": "plugin_builtins _import",
    "plugins/keras/keras_2020.py": "_left_to_then _decayed",
    "plugins/tools.py": "check_argument check_datasets_compatible _shape",
}
"""What plugins written for other libraries pass and expect: keyword arguments, globals, their own dictionaries."""


def _annotated(tree: ast.AST, place: str) -> Iterator[tuple[str, ast.expr]]:
    """Names and annotations of variables, fields, arguments and results, with what they are in."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef):
            yield from _annotated(node, f"{place}{node.name}.")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            every = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
            yield from ((f"{place}{node.name}", a.annotation) for a in every if a.annotation)
            if node.returns:
                yield f"{place}{node.name}", node.returns
            yield from _annotated(node, f"{place}{node.name}.")
        elif isinstance(node, ast.AnnAssign):
            yield f"{place}{ast.unparse(node.target)}", node.annotation
            if ast.unparse(node.annotation) == "TypeAlias" and node.value:
                yield f"{place}{ast.unparse(node.target)}", node.value
        else:
            yield from _annotated(node, place)


def _untyped() -> Iterator[str]:
    for folder in FOLDERS:
        for path in sorted((SOURCE / folder).rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            file = path.relative_to(SOURCE).as_posix()
            for name, annotation in _annotated(tree, ""):
                if UNTYPED.search(ast.unparse(annotation)):
                    yield f"{file} {name}"


def test_mappings_of_anything_are_those_of_the_list():
    listed = [
        f"{file} {name}"
        for kind in (JSON, NAMES, OPTIONS, PYTHON)
        for file, names in kind.items()
        for name in names.split()
    ]
    assert sorted(set(_untyped())) == sorted(listed)

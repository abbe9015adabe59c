"""`seif export-flame`: a head's FLAME parameters into a file; `seif import-flame`: other programs' onto a head."""

from __future__ import annotations

import argparse
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .cli_values import filled_text, named_path, refuse_inputs, whole_number
from .errors import ModelError, SettingsError
from .filenames import as_text, called
from .flame_exchange.export_parameters import export_parameters, write_parameters
from .head import Head
from .headmodel import HeadModel, load_head_model
from .headmodel.flame import read_flame
from .headmodel.installed import find_model, installed_models
from .terminal import say, tell
from .whole_file import whole_output, write_whole

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[Any]  # noqa: SLF001 - argparse has no public name for it


def add_commands(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add ``export-flame HEAD --out FILE``."""
    words = "write the FLAME parameters of a head that was made with a FLAME model"
    parser = commands.add_parser("export-flame", parents=[common], help=words)
    parser.add_argument("head", type=named_path, metavar="HEAD", help="head.npz")
    parser.add_argument("--out", type=named_path, required=True, metavar="FILE", help="what is written: .npz or .json")
    told = "the FLAME model that the head was made with: a name of seif models list, or a file (default: told by HEAD)"
    parser.add_argument("--model", type=filled_text, metavar="NAME", help=told)
    parser.set_defaults(run=_export)
    words = "apply FLAME parameters that another program saved to a head"
    parser = commands.add_parser("import-flame", parents=[common], help=words)
    known = "files of consecutive frames, or a folder of them (.npz, .npy, .json, .pkl, .pt, .frame)"
    parser.add_argument("parameters", nargs="+", type=named_path, metavar="PARAMETERS", help=known)
    parser.add_argument("--head", type=named_path, required=True, metavar="HEAD", help="head.npz")
    written = "an .npz: the head with the expression of one frame, or with --motion the weights and poses of all"
    parser.add_argument("--out", type=named_path, required=True, metavar="FILE", help=written)
    parser.add_argument("--motion", action="store_true", help="write key weights and poses of every frame, no head")
    parser.add_argument(
        "--frame", type=whole_number, default=0, metavar="N", help="which frame, from 0 (default: %(default)s)"
    )
    told = "the FLAME model for heads of other models: a name of seif models list, or a file (default: an added one)"
    parser.add_argument("--flame", type=filled_text, metavar="NAME", help=told)
    parser.set_defaults(run=_import)


def _export(options: argparse.Namespace) -> int:
    refuse_inputs(options.out, [options.head, options.model])
    head = Head.load(options.head)
    parameters = export_parameters(head, read_flame(_model_file(options.model or head.model_name)))
    write_parameters(parameters, head, options.out)
    tell(f"{as_text(head.name)} ({head.model_title}, {head.model_licence}) -> {as_text(str(options.out))}")
    return 0


def _import(options: argparse.Namespace) -> int:
    from .flame_exchange.import_parameters import read_parameters
    from .flame_exchange.motion import head_in_frame, is_flame_head, motion_of

    if options.out.suffix.lower() != ".npz":
        raise SettingsError(f"{called(options.out)} does not end in .npz; name the file so.")
    refuse_inputs(options.out, [*options.parameters, options.head, options.flame])
    head, parameters = Head.load(options.head), read_parameters(options.parameters)
    motion = motion_of(head, parameters, None if is_flame_head(head) else _flame_model(options.flame or ""))
    packed = io.BytesIO()
    if options.motion:
        np.savez(packed, **motion.arrays())
        write_whole(options.out, packed.getvalue())
        told = f"{parameters.frames} frames of weights and poses"
    else:
        with whole_output(options.out) as unfinished:
            head_in_frame(head, motion, options.frame).save(unfinished)
        told = f"the head in frame {options.frame} of {parameters.frames}"
    if parameters.left_out:
        say(f"seif: not used of the parameters: {', '.join(parameters.left_out)}.")
    tell(f"{told} -> {as_text(str(options.out))}")
    return 0


def _flame_model(name: str) -> HeadModel:
    """The named FLAME model, or an added one, completed.

    Raises:
        ModelError: none is named and none is added.
    """
    added = [model.name for model in installed_models() if model.name.startswith("flame")]
    if not name and not added:
        raise ModelError(
            "A head that was made with another model needs a FLAME model, which tells what the components mean; add "
            "one with seif models add PATH, or name it with --flame."
        )
    if not name and len(added) > 1:
        say(f"seif: the FLAME model {added[-1]} is taken, of {', '.join(added)}; --flame names another.")
    return load_head_model(name or added[-1])


def _model_file(name: str) -> Path:
    """A FLAME model's own file, which need not be completed here.

    Raises:
        ModelError: it is the Open head, or no added model.
    """
    if name == "open":
        raise ModelError(
            "FLAME parameters are told of heads that were made with a FLAME model, and this one was made with the Open "
            "head; reconstruct with --head-model and a FLAME file."
        )
    return Path(name) if Path(name).suffix.lower() in {".pkl", ".npz"} else find_model(name).file

"""The networks as users of the Hugging Face Hub know them: `UNet.from_pretrained`, `save_pretrained`, `push_to_hub`.

They are the very classes of models/ with the Hub's own ModelHubMixin before them. They stand here and not there because
networks know no files. Not on the PyTorch mixin: where it finds no safetensors it opens a pickle, and it loads with
strict=False; here only our files are read, strictly, by checkpoints.py.
"""

import tempfile
from pathlib import Path
from typing import Any, Self, cast

import torch
from huggingface_hub import ModelHubMixin, constants
from torch import nn

from unetkd_core.errors import CheckpointError, HubError
from unetkd_core.models import backbone_unet, unet
from unetkd_core.zoo import checkpoints, folders, hub, hub_cache, hub_push, hub_refs
from unetkd_core.zoo.checkpoints import ENSEMBLE, CheckpointInfo
from unetkd_core.zoo.hub_errors import checked_token, speaking


class _Pretrained(ModelHubMixin, library_name="unetkd"):
    """What both have in common. `info` is what the checkpoint says; a fresh network gets one before it is saved."""

    info: CheckpointInfo | None = None
    arch: dict[str, Any]

    @classmethod
    def from_pretrained(
        cls,
        pretrained_model_name_or_path: str | Path,
        *,
        force_download: bool = False,
        token: str | bool | None = None,
        cache_dir: str | Path | None = None,
        local_files_only: bool = False,
        revision: str | None = None,
        folder: str | None = None,
        **model_kwargs: Any,
    ) -> Self:
        """The network in eval mode, float32, on the CPU: from a folder on the disk, else from owner/repo on the Hub.

        folder: of a repository that holds several. Without a network, what was pulled before is taken. force_download,
        cache_dir and further settings are refused: files lie in the Hub's own cache (HF_HOME), and a checkpoint fixes
        its network. Raises CheckpointError, HubError.
        """
        refused = [name for name, given in (("force_download", force_download), ("cache_dir", cache_dir)) if given]
        if refused or model_kwargs:
            raise CheckpointError(
                f"{', '.join([*refused, *model_kwargs])} cannot be set; the checkpoint says what its network is, and "
                "HF_HOME where the Hub's cache lies."
            )
        path = Path(pretrained_model_name_or_path)
        if not path.is_dir():
            ref = hub_refs.make(str(pretrained_model_name_or_path), folder, revision)
            offline = local_files_only or constants.is_offline_mode()
            path = hub_cache.folder_of(ref) if offline else _pulled(ref, token)
        if (path / ENSEMBLE).is_file():
            raise CheckpointError(f"{path.name} is an ensemble; zoo.references.load_model loads it, as hf:owner/repo.")
        loaded, info = checkpoints.load(path)
        family = type(loaded).__name__
        if not issubclass(cls, type(loaded)):
            raise CheckpointError(
                f"{pretrained_model_name_or_path} is a {family}: use {family}.from_pretrained, not {cls.__name__}'s."
            )
        with torch.random.fork_rng(devices=[]):  # loading a teacher must not change a student's start
            model = cls(**{key: value for key, value in info.arch.items() if key != "type"})
        cast("nn.Module", model).load_state_dict(loaded.state_dict(), strict=True)
        cast("nn.Module", model).eval()
        model.info = info
        return model

    def push_to_hub(self, repo_id: str, *, private: bool | None = True, token: Any = None, **options: Any) -> str:
        """Upload config, weights and card; private unless `private` is False. Returns the commit's address.

        What lies there of a checkpoint or ensemble goes in the same commit: a repository that kept an ensemble.json
        would be read as that. options: those of ModelHubMixin.push_to_hub. Raises HubError, CheckpointError.
        """
        hub_refs.make(repo_id)
        more = options.pop("delete_patterns", None) or []
        options["delete_patterns"] = [ENSEMBLE, *([more] if isinstance(more, str) else more)]
        token = checked_token(token)
        hub_push.prepare(repo_id, private=private is not False, token=token)
        with speaking(repo_id, writing=True):
            return super().push_to_hub(repo_id, private=private is not False, token=token, **options)

    def save_pretrained(
        self,
        save_directory: str | Path,
        *,
        config: Any = None,
        repo_id: str | None = None,
        push_to_hub: bool = False,
        model_card_kwargs: dict[str, Any] | None = None,
        **push_to_hub_kwargs: Any,
    ) -> str | None:
        """Write config.json, model.safetensors (float16) and README.md, beside what else the folder holds.

        config and model_card_kwargs are refused: both files say what `info` says. Returns the commit's address when it
        is pushed too. Raises CheckpointError, having changed nothing.
        """
        if config is not None or model_card_kwargs:
            raise CheckpointError("config and model_card_kwargs cannot be set; config.json and the card say .info.")
        directory = Path(save_directory)
        directory.mkdir(parents=True, exist_ok=True)
        self._save_pretrained(directory)
        return self.push_to_hub(repo_id or directory.name, **push_to_hub_kwargs) if push_to_hub else None

    def _save_pretrained(self, save_directory: Path) -> None:
        if self.info is None:
            raise CheckpointError(
                "This network has no description to be saved with; set its .info to a CheckpointInfo that says what it "
                "was trained on, at which size, and its licence."
            )
        info = self.info.model_copy(update={"arch": self.arch})
        with tempfile.TemporaryDirectory() as scratch:
            checkpoints.save(cast("nn.Module", self), Path(scratch) / "made", info)
            new = {file.name: file.read_bytes() for file in (Path(scratch) / "made").iterdir()}
        _put(save_directory, new)


def _put(folder: Path, new: dict[str, bytes]) -> None:
    """Files into a folder, without an ensemble.json that would be read instead; what else lies there stays.

    A folder with nothing else is swapped as a whole; else file by file, weights first: a reader in between is told that
    they do not belong together. Raises CheckpointError where nothing could be written.
    """
    try:
        if {path.name for path in folder.iterdir()} <= {*new, ENSEMBLE}:
            folders.replace(folder, new)
            return
        for name in sorted(new, key=lambda name: -len(new[name])):
            folders.replace_file(folder / name, new[name])
        (folder / ENSEMBLE).unlink(missing_ok=True)
    except OSError as error:
        raise CheckpointError(
            f"The checkpoint {folder.name} cannot be written: {error.strerror or error}. Free space or choose another "
            "folder."
        ) from None


class UNet(_Pretrained, unet.UNet):
    """models.unet.UNet with the Hub's methods."""


class BackboneUNet(_Pretrained, backbone_unet.BackboneUNet):
    """models.backbone_unet.BackboneUNet with the Hub's methods."""


def _pulled(ref: hub_refs.HubRef, token: str | bool | None) -> Path:
    """Pulled anew; what was pulled before where the Hub cannot be reached just now, as the Hub's own loaders do."""
    try:
        return hub.fetch(hub.look(ref, token=token), token=token)
    except HubError as error:
        if not error.temporary:
            raise
        try:
            return hub_cache.folder_of(ref)
        except CheckpointError:
            raise error from None

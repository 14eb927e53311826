"""The processes that train one run together: each one's share of a batch, and sums over all of them.

Two processes are to give what one gives with the same batch. A term is N / D, summed over the whole batch: N = sum of
N_r and D = sum of D_r over the processes r, R of them. DDP averages gradients over processes, so that process r goes
backward from

    L_r = R * sum over terms of  weight * N_r / D        (D has no gradient: it counts pixels)

since 1/R * sum of grad L_r = sum of weight * grad(N) / D. Averaging each process's own N_r / D_r instead, as DDP alone
would, gives a pixel more weight where its process has more void ones.

Whatever only one process can do, the first does while the others wait. Knows no loss and no file.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Final

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn

from unetkd_core.losses.term import Term

PATIENCE: Final = timedelta(days=7)
"""How long a process waits for another: packing, a teacher's answers and a full queue take their time. One that dies is
noticed by its closed connection, at once.
"""


class Ranks:
    """This process's place (`rank`, from 0) among `count`, which have joined; one alone needs nothing joined."""

    def __init__(self, rank: int = 0, count: int = 1) -> None:
        self.rank, self.count = rank, count

    @property
    def first(self) -> bool:
        """Whether this is the one that writes."""
        return self.rank == 0

    def share(self, indices: np.ndarray) -> tuple[np.ndarray, int]:
        """(this process's part of a batch's scenes, place of its first in the batch): contiguous, the parts differ by
        one scene at most, the first process's is never smaller than another's, and one may be empty.
        """
        parts = np.array_split(indices, self.count)
        return parts[self.rank], sum(len(part) for part in parts[: self.rank])

    def any(self, here: bool) -> bool:
        """Whether it is so in any process; every process asks at the same time."""
        if self.count == 1:
            return here
        flag = torch.tensor(int(here))
        dist.all_reduce(flag, dist.ReduceOp.MAX)
        return bool(flag)

    def wait(self) -> None:
        """Until every process has come to this point."""
        self.any(False)

    def total(self, value: Tensor) -> Tensor:
        """The sum over processes, without gradient, in new memory."""
        if self.count == 1:
            return value.detach()
        whole = value.detach().clone(memory_format=torch.contiguous_format)
        dist.all_reduce(whole)
        return whole

    def summed(self, value: Tensor) -> Tensor:
        """The sum over processes, with gradient: backwards, each one's part is R times its own, as DDP wants it where
        every process goes backward from the same whole loss.
        """
        whole: Tensor = value if self.count == 1 else _Summed.apply(value)
        return whole

    def whole(self, terms: Mapping[str, Term]) -> dict[str, Term]:
        """Each term over the whole batch, without gradient."""
        if self.count == 1:
            return {name: Term(term.total.detach(), term.weight.detach()) for name, term in terms.items()}
        sums = self.total(torch.stack([part.detach().float() for term in terms.values() for part in term]))
        return {name: Term(sums[2 * i], sums[2 * i + 1]) for i, name in enumerate(terms)}

    def add_gradients(self, parameters: Iterable[nn.Parameter], *, scale: float = 1.0) -> None:
        """Sum the gradients over processes, times `scale`, of parameters that DDP does not know."""
        for parameter in parameters if self.count > 1 else ():
            if parameter.grad is not None:
                parameter.grad = self.total(parameter.grad).mul_(scale)

    def copy_buffers(self, network: nn.Module) -> None:
        """Every process's buffers become the first's: what batch normalisation remembers."""
        for buffer in network.buffers() if self.count > 1 else ():
            dist.broadcast(buffer, src=0)


ALONE: Final = Ranks()


class _Summed(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, value: Tensor) -> Tensor:
        whole = value.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(whole)
        return whole

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        whole = gradient.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(whole)
        return whole


def join(rank: int, count: int) -> Ranks:
    """Meet the others where torchrun's variables MASTER_ADDR and MASTER_PORT say; waits for them.

    Sums of tensors on the CPU go by gloo, of those on GPUs by NCCL where there are any.
    """
    backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() and dist.is_nccl_available() else "gloo"
    if not dist.is_initialized():
        dist.init_process_group(backend, rank=rank, world_size=count, timeout=PATIENCE)
    return Ranks(rank, count)


def meeting_point(host: str) -> int:
    """Open the place on this machine where `join` meets, and return its port: a free one, taken until we end."""
    # join() finds it again by host and port: multi_tenant stores of one process share a server.
    store = dist.TCPStore(host, 0, is_master=True, wait_for_workers=False, timeout=PATIENCE, multi_tenant=True)
    _OPEN.append(store)
    return int(store.port)


_OPEN: Final[list[dist.TCPStore]] = []


def is_loss_of_another(error: BaseException) -> bool:
    """Whether `error` is how a process notices that another has ended."""
    text = str(error)
    return isinstance(error, RuntimeError) and (
        isinstance(error, dist.DistError) or any(word in text for word in ("gloo", "NCCL", "Connection closed"))
    )

"""Turns: small work overtakes, large work is neither cut off nor given all turns."""

import asyncio

import pytest

from tfvae.pipelines.serve.fair_queue import FairQueue


def order(turns, *entries, small=1):
    """Return the names of entries (name, cost), all waiting at once, in the order of their turns."""

    async def scenario():
        queue, started = FairQueue(turns, small), []

        async def work(name, cost):
            async with queue.turn(cost):
                started.append(name)
                await asyncio.sleep(0)

        await asyncio.gather(*(work(name, cost) for name, cost in entries))
        return started

    return asyncio.run(scenario())


def test_small_work_overtakes_large_work():
    entries = [("a", 100), ("b", 100), ("c", 100), ("x", 1), ("d", 50), ("y", 1)]
    started = order(2, *entries)
    assert started[0] == "a"
    assert set(started[1:3]) == {"x", "y"}
    assert started.index("d") < started.index("b") < started.index("c")


def test_one_turn_is_kept_for_small_work():
    async def scenario():
        queue, go_on, running = FairQueue(3, small=1), asyncio.Event(), []

        async def large(name):
            async with queue.turn(10):
                running.append(name)
                await go_on.wait()

        held = [asyncio.create_task(large(name)) for name in range(5)]
        await asyncio.sleep(0.01)
        at_once = list(running)
        async with asyncio.timeout(1), queue.turn(1):
            pass
        go_on.set()
        await asyncio.gather(*held)
        return at_once, running

    at_once, running = asyncio.run(scenario())
    assert at_once == [0, 1]
    assert running == list(range(5))


def test_large_work_is_not_overtaken_for_ever():
    """While small ones never stop arriving, one of the cost of 50 has its turn after about 50 of them."""

    async def scenario():
        queue, count, done = FairQueue(2, small=1), 0, asyncio.Event()

        async def small():
            nonlocal count
            while not done.is_set():
                async with queue.turn(1):
                    count += 1
                    await asyncio.sleep(0)

        async def large():
            async with queue.turn(50):
                return count

        clients = [asyncio.create_task(small()) for _ in range(4)]
        await asyncio.sleep(0)
        before = await asyncio.wait_for(large(), 5)
        done.set()
        await asyncio.gather(*clients)
        return before

    assert 25 <= asyncio.run(scenario()) <= 200


@pytest.mark.parametrize("cost", [1, 10])
def test_a_canceled_entry_gives_its_turn_back(cost):
    async def scenario():
        queue = FairQueue(2, small=1)

        async def work():
            async with queue.turn(cost):
                await asyncio.sleep(10)

        tasks = [asyncio.create_task(work()) for _ in range(6)]
        await asyncio.sleep(0.01)
        for task in reversed(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        granted_and_canceled = asyncio.create_task(work())
        await asyncio.sleep(0)
        granted_and_canceled.cancel()
        await asyncio.gather(granted_and_canceled, return_exceptions=True)
        async with asyncio.timeout(1), queue.turn(cost):
            pass
        return queue._free, queue._free_for_large

    assert asyncio.run(scenario()) == (2, 1)


def test_an_error_gives_the_turn_back():
    async def scenario():
        queue = FairQueue(2, small=1)
        for _ in range(5):
            with pytest.raises(ValueError, match="no"):
                async with queue.turn(10):
                    raise ValueError("no")
        async with asyncio.timeout(1), queue.turn(10):
            return True

    assert asyncio.run(scenario())

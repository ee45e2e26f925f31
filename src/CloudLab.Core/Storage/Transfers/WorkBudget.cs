namespace CloudLab.Core.Storage.Transfers;

/// <summary>
/// The limit on work in flight: so many requests, and so many bytes in them. Whoever waits longest goes next, so that a large part is
/// not starved by small files.
/// </summary>
/// <param name="requests">Most requests at once.</param>
/// <param name="bytes">Most bytes in them; one request is let in whatever its size when it is alone.</param>
internal sealed class WorkBudget(int requests, long bytes)
{
    private readonly LinkedList<Waiter> waiting = [];
    private readonly object gate = new();
    private int freeRequests = requests;
    private readonly long most = bytes;
    private long freeBytes = bytes;

    /// <summary>Waits for room.</summary>
    /// <param name="size">Bytes that the request moves.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The room; dispose it when the request is over.</returns>
    public async ValueTask<Room> EnterAsync(long size, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        // However large, it fits into an empty house.
        long cost = Math.Min(size, most);
        LinkedListNode<Waiter> place;
        lock (gate)
        {
            if (waiting.Count == 0 && Take(cost))
            {
                return new Room(this, cost);
            }

            place = waiting.AddLast(new Waiter(cost));
        }

        await using (cancellation.Register(() => GiveUp(place, cancellation)))
        {
            await place.Value.Task;
        }

        return new Room(this, cost);
    }

    private bool Take(long cost)
    {
        if (freeRequests == 0 || freeBytes < cost)
        {
            return false;
        }

        freeRequests--;
        freeBytes -= cost;
        return true;
    }

    private void GiveUp(LinkedListNode<Waiter> place, CancellationToken cancellation)
    {
        lock (gate)
        {
            if (place.List is null)
            {
                return;
            }

            waiting.Remove(place);
            LetIn();
        }

        place.Value.TrySetCanceled(cancellation);
    }

    private void Leave(long cost)
    {
        lock (gate)
        {
            freeRequests++;
            freeBytes += cost;
            LetIn();
        }
    }

    private void LetIn()
    {
        while (waiting.First is { } first && Take(first.Value.Cost))
        {
            waiting.RemoveFirst();
            first.Value.SetResult();
        }
    }

    /// <summary>Room for one request.</summary>
    internal sealed class Room : IDisposable
    {
        private readonly long cost;
        private WorkBudget? budget;

        /// <summary>Takes note of what was taken.</summary>
        /// <param name="budget">From whom.</param>
        /// <param name="cost">How many bytes.</param>
        public Room(WorkBudget budget, long cost) => (this.budget, this.cost) = (budget, cost);

        /// <inheritdoc/>
        public void Dispose() => Interlocked.Exchange(ref budget, null)?.Leave(cost);
    }

    private sealed class Waiter(long cost) : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public long Cost { get; } = cost;
    }
}

using CloudLab.Emulator.Kubernetes.Store;

namespace CloudLab.Emulator.Kubernetes.Controllers;

/// <summary>Brings the state of one kind of object towards what it asks for, one object at a time.</summary>
internal abstract class Controller(Cluster cluster)
{
    protected Cluster Cluster { get; } = cluster;

    /// <summary>Which of its objects to look at after a change of some object.</summary>
    public abstract IEnumerable<(string Namespace, string Name)> Affected(StoreEvent change);

    /// <summary>Looks at one object.</summary>
    /// <param name="ns">Its namespace.</param>
    /// <param name="name">Its name.</param>
    /// <returns>When to look again even if nothing changes; null for not at all.</returns>
    public abstract TimeSpan? Reconcile(string ns, string name);

    /// <summary>The object itself if it is on this controller's shelf, and its owners there.</summary>
    protected IEnumerable<(string Namespace, string Name)> SelfOrOwners(StoreEvent change, string shelf, string dependentShelf)
    {
        if (change.Object.Shelf == shelf)
        {
            yield return change.Object.Key;
        }
        else if (change.Object.Shelf == dependentShelf)
        {
            foreach (StoredObject owner in Cluster.List(shelf, change.Object.Namespace))
            {
                if (change.Object.OwnerUids.Contains(owner.Uid) || change.Previous?.OwnerUids.Contains(owner.Uid) == true
                    || (change.Object.OwnerUids.Count == 0 && !change.IsDeletion))
                {
                    yield return owner.Key;
                }
            }
        }
    }
}

using CloudLab.Core.Autoscaling.Manifests;

namespace CloudLab.Core.Autoscaling.Hpa;

/// <summary>Phase of a pod.</summary>
public enum HpaPodPhase
{
    /// <summary>Its containers run, or start again.</summary>
    Running,

    /// <summary>It is not on a node yet, or its images are not there yet.</summary>
    Pending,

    /// <summary>All its containers have ended well.</summary>
    Succeeded,

    /// <summary>All its containers have ended, one of them badly.</summary>
    Failed,

    /// <summary>Its node does not answer.</summary>
    Unknown,
}

/// <summary>A pod as far as the autoscaler looks at it. Times are Unix milliseconds.</summary>
public sealed class HpaPod
{
    /// <summary>Name.</summary>
    public required string Name { get; init; }

    /// <summary>What its containers request.</summary>
    public required HpaPodTemplate Template { get; init; }

    /// <summary>Phase.</summary>
    public HpaPodPhase Phase { get; set; }

    /// <summary>Status of its condition Ready: True, False, Unknown; null without the condition.</summary>
    public string? Ready { get; set; }

    /// <summary>When the condition Ready last changed.</summary>
    public long ReadyChangedMs { get; set; }

    /// <summary>When it started; null where it has not.</summary>
    public long? StartMs { get; set; }

    /// <summary>True where it is being deleted.</summary>
    public bool Deleted { get; set; }
}

/// <summary>A container and what it requests, in thousandths by resource.</summary>
/// <param name="Name">Name of the container.</param>
/// <param name="Requests">Thousandths by resource.</param>
/// <param name="IsSidecar">True for an init container that runs on beside the others.</param>
public sealed record HpaContainer(string Name, IReadOnlyDictionary<string, long> Requests, bool IsSidecar = false);

/// <summary>What the containers of a pod request.</summary>
public sealed class HpaPodTemplate
{
    private readonly List<Answer> answers = [];

    /// <summary>The containers.</summary>
    public IReadOnlyList<HpaContainer> Containers { get; init; } = [];

    /// <summary>The init containers; those that run on are sidecars.</summary>
    public IReadOnlyList<HpaContainer> InitContainers { get; init; } = [];

    /// <summary>Requests of the pod as a whole, in thousandths by resource; null where it has none.</summary>
    public IReadOnlyDictionary<string, long>? PodRequests { get; init; }

    /// <summary>What running the pod itself takes, in thousandths by resource.</summary>
    public IReadOnlyDictionary<string, long>? Overhead { get; init; }

    /// <summary>What a pod requests.</summary>
    /// <param name="resource">Resource.</param>
    /// <param name="container">Container; null for the whole pod.</param>
    /// <param name="milli">Thousandths.</param>
    /// <returns>False where the request is missing; <see cref="Missing"/> says how.</returns>
    internal bool TryRequest(string resource, string? container, out long milli)
    {
        // A few answers, asked for again and again.
        for (int i = 0; i < answers.Count; i++)
        {
            Answer known = answers[i];
            if (known.Resource == resource && known.Container == container)
            {
                milli = known.Milli;
                return known.Missing is null;
            }
        }

        Answer answer = Find(resource, container);
        answers.Add(answer);
        milli = answer.Milli;
        return answer.Missing is null;
    }

    /// <summary>What the controller says of a request that is missing.</summary>
    /// <param name="resource">Resource.</param>
    /// <param name="container">Container; null for the whole pod.</param>
    /// <param name="pod">Name of the pod.</param>
    /// <returns>The message.</returns>
    internal string Missing(string resource, string? container, string pod) => $"{Find(resource, container).Missing} Pod {pod}";

    private Answer Find(string resource, string? container)
    {
        if (container is null && PodRequests is { } whole && whole.Keys.Any(PodShape.IsPodLevel))
        {
            long? sum = (PodShape.IsPodLevel(resource) && whole.TryGetValue(resource, out long asked) ? asked : Aggregate(resource)) is { } request
                ? request + (Overhead?.GetValueOrDefault(resource) ?? 0)
                : Overhead is not null && Overhead.TryGetValue(resource, out long extra) ? extra : null;
            return new(resource, container, sum ?? 0, sum is null ? $"missing pod-level request for {resource} in" : null);
        }

        long total = 0;
        foreach (HpaContainer one in Containers.Concat(InitContainers.Where(init => init.IsSidecar)))
        {
            if (container is null || container == one.Name)
            {
                if (!one.Requests.TryGetValue(resource, out long request))
                {
                    return new(resource, container, 0, $"missing request for {resource} in container {one.Name} of");
                }

                total += request;
                if (container is not null)
                {
                    return new(resource, container, total, null);
                }
            }
        }

        return new(resource, container, total, container is null ? null : $"container {container} not found in");
    }

    // Containers and sidecars together, or the one init container that needs more while it runs.
    private long? Aggregate(string resource)
    {
        long? sum = null;
        foreach (HpaContainer container in Containers)
        {
            Add(ref sum, container);
        }

        long? sidecars = null, highest = null;
        foreach (HpaContainer init in InitContainers)
        {
            long? during;
            if (init.IsSidecar)
            {
                Add(ref sum, init);
                Add(ref sidecars, init);
                during = sidecars;
            }
            else
            {
                during = sidecars;
                Add(ref during, init);
            }

            highest = highest is null || during > highest ? during ?? highest : highest;
        }

        return sum is null || highest > sum ? highest ?? sum : sum;

        void Add(ref long? to, HpaContainer container) =>
            to = container.Requests.TryGetValue(resource, out long request) ? (to ?? 0) + request : to;
    }

    private readonly record struct Answer(string Resource, string? Container, long Milli, string? Missing);
}

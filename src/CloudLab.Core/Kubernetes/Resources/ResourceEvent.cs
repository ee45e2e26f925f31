using System.Text.Json.Nodes;

namespace CloudLab.Core.Kubernetes.Resources;

/// <summary>What a follower of a kind learns.</summary>
internal enum ResourceEventKind
{
    /// <summary>The object is there, new or changed.</summary>
    Present,

    /// <summary>The object is gone.</summary>
    Gone,

    /// <summary>All objects that there are have been told; what was not is not there.</summary>
    Listed,
}

/// <summary>One event of a follower.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Resource">The object as last seen; null for <see cref="ResourceEventKind.Listed"/>.</param>
internal readonly record struct ResourceEvent(ResourceEventKind Kind, JsonObject? Resource);

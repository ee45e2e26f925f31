using System.Text.RegularExpressions;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Kubernetes.Streams;

/// <summary>A path in a pod: <c>web-0:/etc/hosts</c>, <c>movies/web-0:/srv</c>, <c>deploy/web:/srv</c>.</summary>
/// <param name="Pod">The pod, or what has pods, with its kind.</param>
/// <param name="Path">Path in it; a relative one begins at the container's working folder.</param>
public sealed partial record PodPath(string Pod, string Path)
{
    private static readonly string[] Kinds =
    [
        "pod", "pods", "po", "deploy", "deployment", "deployments", "sts", "statefulset", "statefulsets", "ds", "daemonset", "daemonsets", "rs", "replicaset", "replicasets",
        "svc", "service", "services", "job", "jobs", "rc",
    ];

    /// <summary>Namespace that stands before the pod; null where none does.</summary>
    public string? Namespace { get; init; }

    /// <summary>The last part of the path; empty for the root.</summary>
    internal string Name => Bare is var whole ? whole[(whole.LastIndexOf('/') + 1)..] : "";

    /// <summary>Whether its content is meant: it ends with <c>/.</c>.</summary>
    internal bool MeansContent => Path.EndsWith("/.", StringComparison.Ordinal);

    /// <summary>Whether it has to be a folder.</summary>
    internal bool MeansFolder => MeansContent || Path.EndsWith('/');

    /// <summary>The path without what follows its last part.</summary>
    internal string Bare => (MeansContent ? Path[..^2] : Path).TrimEnd('/');

    /// <summary>Reads a path as kubectl does.</summary>
    /// <param name="text"><c>web-0:/etc/hosts</c>, or a local path.</param>
    /// <returns>The path in a pod; null for a local one. Throws <see cref="LabException"/> (<c>PodPathInvalid</c>).</returns>
    public static PodPath? Parse(string text)
    {
        if (Remote().Match(text) is not { Success: true } match || (OperatingSystem.IsWindows() && text.IndexOf(':', StringComparison.Ordinal) == 1))
        {
            return null;
        }

        string first = match.Groups["first"].Value, second = match.Groups["second"].Value, path = match.Groups["path"].Value;
        if (path.Length == 0)
        {
            throw new LabException(LabErrorKind.InvalidArgument, "PodPathInvalid", $"'{text}' is not a valid path in a pod: write pod:/path, such as web-0:/etc/hosts.") { Target = text };
        }

        return first.Length == 0 ? new PodPath(second, path)
            : Kinds.Contains(first) ? new PodPath($"{first}/{second}", path)
            : new PodPath(second, path) { Namespace = first };
    }

    /// <inheritdoc/>
    public override string ToString() => $"{(Namespace is null ? "" : Namespace + "/")}{Pod}:{Path}";

    [GeneratedRegex("^(?:(?<first>[a-z0-9][a-z0-9-]*)/)?(?<second>[a-z0-9][a-z0-9.-]*):(?<path>.*)$", RegexOptions.Singleline)]
    private static partial Regex Remote();
}

/// <summary>What was copied.</summary>
/// <param name="Source">From where.</param>
/// <param name="Destination">To where.</param>
/// <param name="Files">Number of files.</param>
/// <param name="Size">Their bytes.</param>
/// <param name="Duration">How long it took.</param>
public sealed record LabPodCopy(string Source, string Destination, long Files, long Size, TimeSpan Duration)
{
    /// <inheritdoc/>
    public override string ToString() => Destination;
}

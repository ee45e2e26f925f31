using CloudLab.Core.Common;

namespace CloudLab.Core.Kubernetes.Streams;

/// <summary>A command to run in a container of a pod, or a connection to the one that runs there.</summary>
public sealed record PodCommandOptions
{
    /// <summary>The program and its arguments; none to connect to the main process.</summary>
    public IReadOnlyList<string> Command { get; init; } = [];

    /// <summary>Name of the container; the pod's first, or the one that its annotation names, if null.</summary>
    public string? Container { get; init; }

    /// <summary>Whether it gets input.</summary>
    public bool Input { get; init; }

    /// <summary>Whether it gets a terminal, of the size of that of this process.</summary>
    public bool Terminal { get; init; }
}

/// <summary>A command that ran in a pod.</summary>
public sealed class LabPodCommand
{
    /// <summary>Name of the pod.</summary>
    public required string Pod { get; init; }

    /// <summary>Namespace of the pod.</summary>
    public required string Namespace { get; init; }

    /// <summary>Name of the container.</summary>
    public required string Container { get; init; }

    /// <summary>The program and its arguments.</summary>
    public required string Command { get; init; }

    /// <summary>Its exit code.</summary>
    public required int ExitCode { get; init; }

    /// <summary>Lines of standard output.</summary>
    public required IReadOnlyList<string> Output { get; init => field = TextList.Of(value); }

    /// <summary>Lines of standard error.</summary>
    public required IReadOnlyList<string> ErrorOutput { get; init => field = TextList.Of(value); }

    /// <summary>How long it ran.</summary>
    public required TimeSpan Duration { get; init; }

    /// <inheritdoc/>
    public override string ToString() => string.Join(Environment.NewLine, Output);
}

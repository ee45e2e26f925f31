using CloudLab.Core.Common;

namespace CloudLab.Core.Containers.Isolation;

/// <summary>A command that ran in namespaces of its own, or in those of another process.</summary>
public sealed class LabNamespaceCommand
{
    /// <summary>The program and its arguments.</summary>
    public required string Command { get; init; }

    /// <summary>Types of the namespaces, in the kernel's words.</summary>
    public required IReadOnlyList<string> Namespaces { get; init => field = TextList.Of(value); }

    /// <summary>The process whose namespaces they are; null where they were new.</summary>
    public int? TargetId { get; init; }

    /// <summary>Its exit code.</summary>
    public required int ExitCode { get; init; }

    /// <summary>Lines of standard output.</summary>
    public required IReadOnlyList<string> Output { get; init => field = TextList.Of(value); }

    /// <summary>Lines of standard error.</summary>
    public required IReadOnlyList<string> ErrorOutput { get; init => field = TextList.Of(value); }

    /// <summary>How long it ran.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>Its control group as it was at the end; null without limits.</summary>
    public LabCgroup? Cgroup { get; init; }

    /// <inheritdoc/>
    public override string ToString() => string.Join(Environment.NewLine, Output);
}

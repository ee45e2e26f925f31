using CloudLab.Core.Common.Review;

namespace CloudLab.Core.Containers.Dockerfiles;

/// <summary>Who found something.</summary>
public enum DockerfileReviewer
{
    /// <summary>The review of this module.</summary>
    CloudLab,

    /// <summary>BuildKit's own check.</summary>
    BuildKit,

    /// <summary>Both.</summary>
    Both,
}

/// <summary>Something that the review of a Dockerfile found, with what to write instead. Values that may be secret are never in it.</summary>
public sealed class LabDockerfileFinding
{
    /// <summary>Full path of the Dockerfile; null for one that came as text.</summary>
    public string? File { get; init; }

    /// <summary>First line of what it is about, counted from one.</summary>
    public required int Line { get; init; }

    /// <summary>Last line of what it is about.</summary>
    public required int EndLine { get; init; }

    /// <summary>Id of the rule: <c>ImageTagMissing</c>. docs/dockerfile-review.md describes all of them.</summary>
    public required string Rule { get; init; }

    /// <summary>How much harm it can do.</summary>
    public required FindingSeverity Severity { get; init; }

    /// <summary>What is wrong.</summary>
    public required string Message { get; init; }

    /// <summary>What to write instead.</summary>
    public required string Fix { get; init; }

    /// <summary>Keyword of the instruction, <c>RUN</c>; null if it is about no single one.</summary>
    public string? Instruction { get; init; }

    /// <summary>Name of the stage, or its number; null before the first one.</summary>
    public string? Stage { get; init; }

    /// <summary>The rule of hadolint that corresponds: <c>DL3006</c>; null if none does.</summary>
    public string? Hadolint { get; init; }

    /// <summary>The rule of BuildKit that corresponds: <c>JSONArgsRecommended</c>; null if none does.</summary>
    public string? BuildKit { get; init; }

    /// <summary>Who found it; differs from CloudLab only where BuildKit was asked, too.</summary>
    public DockerfileReviewer FoundBy { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{(File is null ? "Dockerfile" : Path.GetFileName(File))}:{Line}: {Severity} {Rule}: {Message}";

    /// <summary>The same, found by somebody else, too.</summary>
    /// <param name="foundBy">By whom.</param>
    /// <returns>The finding.</returns>
    internal LabDockerfileFinding With(DockerfileReviewer foundBy) => new()
    {
        File = File, Line = Line, EndLine = EndLine, Rule = Rule, Severity = Severity, Message = Message, Fix = Fix,
        Instruction = Instruction, Stage = Stage, Hadolint = Hadolint, BuildKit = BuildKit, FoundBy = foundBy,
    };
}

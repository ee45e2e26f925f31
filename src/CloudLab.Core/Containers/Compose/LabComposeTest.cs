using CloudLab.Core.Common;

namespace CloudLab.Core.Containers.Compose;

/// <summary>What a check of a compose project came to.</summary>
public sealed class LabComposeTest
{
    /// <summary>The files, or the folder.</summary>
    public required string Path { get; init; }

    /// <summary>Name of the project; null where it cannot be read.</summary>
    public string? Project { get; init; }

    /// <summary>True where nothing would keep the project from starting.</summary>
    public bool Valid => Problems.All(problem => problem.Severity != "Error");

    /// <summary>Services, those of profiles that are not enabled too.</summary>
    public required IReadOnlyList<string> Services { get; init => field = TextList.Of(value); }

    /// <summary>Profiles.</summary>
    public required IReadOnlyList<string> Profiles { get; init => field = TextList.Of(value); }

    /// <summary>What is wrong, errors first.</summary>
    public required IReadOnlyList<LabComposeProblem> Problems { get; init => field = TextList.Of(value); }

    /// <inheritdoc/>
    public override string ToString() => $"{Path}: {(Valid ? "valid" : "invalid")}";
}

/// <summary>Something wrong with a compose project.</summary>
/// <param name="Severity">Error or Warning.</param>
/// <param name="Id">A stable name of the finding.</param>
/// <param name="Service">The service; null where it concerns all.</param>
/// <param name="Message">What is wrong, and what to do.</param>
/// <param name="File">The file, where it is known.</param>
/// <param name="Line">The line, where it is known.</param>
public sealed record LabComposeProblem(string Severity, string Id, string? Service, string Message, string? File = null, int? Line = null)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Severity}: {(Service is null ? "" : Service + ": ")}{Message}";
}

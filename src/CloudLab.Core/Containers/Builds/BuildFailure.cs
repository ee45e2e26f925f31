using System.Globalization;
using System.Text.RegularExpressions;
using System.Text.Unicode;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Containers.Registries;

namespace CloudLab.Core.Containers.Builds;

/// <summary>Says why a build failed: which step, which line of the Dockerfile, and what the step wrote.</summary>
/// <param name="log">What buildx said.</param>
/// <param name="dockerfile">The Dockerfile's path.</param>
/// <param name="hide">Takes secrets out of a text.</param>
/// <param name="target">The target of a bake file; null without one.</param>
internal sealed partial class BuildFailure(BuildLog log, string dockerfile, Func<string, string> hide, string? target = null)
{
    private const int ShownLines = 10;

    private string DockerfileName => target is null ? Path.GetFileName(dockerfile) : $"{target}: {Path.GetFileName(dockerfile)}";

    /// <summary>The target of the bake file that has failed: as buildx says it, or, where an old one does not, the one with the step that failed.</summary>
    /// <param name="log">What buildx said.</param>
    /// <returns>Its name, or null.</returns>
    public static string? TargetOf(BuildLog log) =>
        log.Text.Where(line => !IsCancelled(line)).Select(line => FailedTarget().Match(line)).LastOrDefault(match => match.Success)?.Groups["target"].Value
        ?? log.Steps.FirstOrDefault(step => step is { Target: not null, Error: { } error } && !IsCancelled(error))?.Target;

    /// <summary>Makes the error.</summary>
    /// <param name="exitCode">buildx's exit code.</param>
    /// <returns>An error about the Dockerfile, the registry, the builder, or buildx itself.</returns>
    public LabException Explain(int exitCode)
    {
        string reason = Reason();
        (int? line, string? source) = Location();
        string where = line is null ? DockerfileName : string.Create(CultureInfo.InvariantCulture, $"{DockerfileName} line {line}");
        BuildStep? failed = log.Steps.FirstOrDefault(step => step is { IsInstruction: true, Error: { } error } && !IsCancelled(error));
        if (failed is not null)
        {
            return OfStep(failed, where);
        }

        Match match;
        if ((match = ParseError().Match(reason)).Success)
        {
            string quoted = source is null ? "" : $" in '{source}'";
            return Make(
                LabErrorKind.InvalidData, "DockerfileInvalid",
                $"{DockerfileName} line {match.Groups["line"].Value}: {match.Groups["why"].Value.TrimEnd('.')}{quoted}.");
        }

        if (reason.Contains("file with no instructions", StringComparison.Ordinal)
            || (reason.Contains("cannot be empty", StringComparison.Ordinal) && reason.Contains("Dockerfile", StringComparison.OrdinalIgnoreCase)))
        {
            return Make(LabErrorKind.InvalidData, "DockerfileInvalid", $"{DockerfileName} is empty: it needs at least a FROM instruction.");
        }

        if (reason == "syntax error in pattern")
        {
            return Make(LabErrorKind.InvalidData, "DockerignoreInvalid", "A line of .dockerignore is not a valid pattern: a '[' is not closed, or a line ends with '\\'.");
        }

        if (reason.Contains("RST_STREAM", StringComparison.Ordinal) && !IsUtf8(dockerfile))
        {
            return Make(LabErrorKind.InvalidData, "DockerfileInvalid", $"{DockerfileName} is not UTF-8 text (UTF-16, perhaps): save it as UTF-8.");
        }

        if ((match = PushError().Match(reason)).Success)
        {
            return RegistryFailure.Explain(match.Groups["image"].Value, pull: false, match.Groups["why"].Value, built: true);
        }

        if ((match = PullError().Match(reason)).Success)
        {
            return Make(
                LabErrorKind.NotFound, "BaseImageUnavailable",
                $"The image '{match.Groups["image"].Value}' that {where} needs cannot be pulled: {match.Groups["why"].Value.TrimEnd('.')}.",
                source is ['#', ..]
                    ? $"Remove the line '{source}': BuildKit then uses the Dockerfile syntax that is built into it."
                    : "Check its name, sign in to its registry with Connect-LabRegistry, or build FROM an image that the engine has.");
        }

        if ((match = TargetError().Match(reason)).Success)
        {
            return Make(
                LabErrorKind.NotFound, "BuildTargetNotFound",
                $"{DockerfileName} has no stage '{match.Groups["stage"].Value}'{match.Groups["hint"].Value}: "
                + (target is null ? "-Target takes the name of a stage ('FROM … AS name')." : "'target' in the bake file takes the name of a stage ('FROM … AS name')."));
        }

        if (reason.Contains("no builder", StringComparison.Ordinal))
        {
            return Make(LabErrorKind.InvalidArgument, "BuilderNotFound", $"{Sentence(reason)}: 'docker buildx ls' lists the existing builders.");
        }

        if (reason.Contains("Multi-platform build is not supported", StringComparison.Ordinal)
            || reason.Contains("does not currently support exporting manifest lists", StringComparison.Ordinal))
        {
            return Platforms();
        }

        if (reason.Contains("rawjson", StringComparison.Ordinal))
        {
            return Make(LabErrorKind.NotSupported, "BuildxTooOld", "This docker buildx is too old and lacks --progress=rawjson: install version 0.13 or later.");
        }

        return exitCode > 128 && reason.Length == 0
            ? Make(
                LabErrorKind.ServiceFailed, "BuildxEnded",
                string.Create(CultureInfo.InvariantCulture, $"docker buildx was terminated by signal {exitCode - 128}: run the build again."))
            : Make(
                reason.Contains("Cannot connect to the Docker daemon", StringComparison.Ordinal) ? LabErrorKind.ConnectionFailed : LabErrorKind.ServiceFailed,
                "BuildFailed",
                reason.Length > 0
                    ? $"The build failed: {reason.TrimEnd('.')}."
                    : string.Create(CultureInfo.InvariantCulture, $"docker buildx failed with exit code {exitCode} and gave no reason: run it with -Verbose."));
    }

    /// <summary>The error for an image store that cannot keep several platforms of one image.</summary>
    /// <returns>An error that says what can be done.</returns>
    public static LabException Platforms() => new(
        LabErrorKind.NotSupported, "ImageStoreSinglePlatform",
        "The image store of this Docker Engine keeps only one platform of an image: use -Push or -Output type=oci,dest=FILE with a builder of your own, give one -Platform, or turn on the containerd image store.")
    {
        Advice = "The containerd image store is turned on with \"features\": {\"containerd-snapshotter\": true} in daemon.json. 'docker buildx create --use' makes a builder that builds several platforms.",
    };

    // The first failure cancels the others, and buildx may name one of those as well.
    private static bool IsCancelled(string error) => error.Contains("canceled", StringComparison.OrdinalIgnoreCase);

    private static bool IsUtf8(string file)
    {
        try
        {
            // A pipe has no length, and reading it would wait.
            return new FileInfo(file) is not { Exists: true, Length: > 0 and < 1_000_000 }
                || (File.ReadAllBytes(file) is var bytes && Utf8.IsValid(bytes) && !bytes.Contains((byte)0));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }

    private static string Sentence(string text) => text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..].TrimEnd('.');

    private static string Short(string text)
    {
        string line = WhiteSpace().Replace(text, " ").Trim();
        return line.Length > 200 ? line[..200] + "…" : line;
    }

    private static LabException Make(LabErrorKind kind, string code, string message, string? advice = null) =>
        new(kind, code, message) { Advice = advice };

    private LabException OfStep(BuildStep step, string where)
    {
        string error = step.Error!;
        string on = log.PlatformOf(step) is { } platform ? $" for {platform}" : "";
        string subject = $"Step '{Short(step.Instruction)}'{on} ({where})";
        string[] output = [.. step.Output.Concat(step.Finish()).TakeLast(ShownLines).Select(hide)];
        string shown = output.Length > 0 ? $" Its last output:{string.Concat(output.Select(line => "\n  " + line))}" : "";
        bool foreign = error.Contains("exec format error", StringComparison.Ordinal) || Array.Exists(output, line => line.Contains("exec format error", StringComparison.Ordinal));
        if (foreign)
        {
            return Make(
                LabErrorKind.NotSupported, "PlatformCannotRun",
                $"{subject} cannot run: this engine cannot emulate that platform's processor.{shown}",
                "Install qemu for the engine's machine (package qemu-user-static, or 'docker run --privileged --rm tonistiigi/binfmt --install all').");
        }

        Match match;
        if ((match = ExitCode().Match(error)).Success)
        {
            return Make(
                LabErrorKind.InvalidData, "BuildStepFailed", $"{subject} failed with exit code {match.Groups["code"].Value}.{shown}",
                "-Verbose shows the full output of the step.");
        }

        return (match = MissingFile().Match(error)).Success
            ? Make(
                LabErrorKind.InvalidData, "BuildStepFailed",
                $"{subject} failed: {match.Groups["path"].Value} is not in the build context, or .dockerignore leaves it out.")
            : Make(LabErrorKind.InvalidData, "BuildStepFailed", $"{subject} failed: {Short(error).TrimEnd('.')}.{shown}");
    }

    // What stands after "ERROR: ", without the layers of wrapping around it.
    private string Reason()
    {
        int start = -1;
        for (int i = 0; i < log.Text.Count; i++)
        {
            if (log.Text[i].StartsWith("ERROR: ", StringComparison.Ordinal))
            {
                start = i;
            }
        }

        return start < 0 ? Short(log.Text.LastOrDefault() ?? "") : Wrapping().Replace(WhiteSpace().Replace(string.Join(' ', log.Text.Skip(start)), " "), "");
    }

    // buildx quotes the Dockerfile around the line that failed, which it marks with ">>>".
    private (int? Line, string? Source) Location()
    {
        Match marked = log.Text.Select(line => Marked().Match(line)).FirstOrDefault(match => match.Success) ?? Match.Empty;
        return marked.Success
            ? (int.Parse(marked.Groups["line"].ValueSpan, CultureInfo.InvariantCulture), Short(marked.Groups["source"].Value))
            : (null, null);
    }

    [GeneratedRegex(@"^ERROR: target (?<target>[^\s:]+): ")]
    private static partial Regex FailedTarget();

    [GeneratedRegex(@"^ERROR: (?:target [^\s:]+: )?|(?<=^ERROR: (?:target [^\s:]+: )?(?:[a-z ]+: )*)(?:failed to build|failed to solve|failed to receive status|rpc error: code = \w+ desc =|process failed)(?:: ?| )")]
    private static partial Regex Wrapping();

    [GeneratedRegex(@"\s+")]
    private static partial Regex WhiteSpace();

    [GeneratedRegex(@"^\s*(?<line>\d+) \| >>> (?<source>.*)$")]
    private static partial Regex Marked();

    [GeneratedRegex(@"exit code: (?<code>-?\d+)")]
    private static partial Regex ExitCode();

    [GeneratedRegex("(?<path>\"[^\"]+\"): not found")]
    private static partial Regex MissingFile();

    [GeneratedRegex(@"dockerfile parse error on line (?<line>\d+): (?<why>.*)$")]
    private static partial Regex ParseError();

    [GeneratedRegex(@"failed to push (?<image>\S+): (?<why>.*)$")]
    private static partial Regex PushError();

    [GeneratedRegex(@"failed to resolve source metadata for (?<image>[^\s:]+(?::[^\s:]+)*): (?<why>.*)$")]
    private static partial Regex PullError();

    [GeneratedRegex(@"target stage ""(?<stage>[^""]*)"" could not be found(?<hint> \(did you mean [^)]*\))?")]
    private static partial Regex TargetError();
}

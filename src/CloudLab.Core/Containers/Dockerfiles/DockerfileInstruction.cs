namespace CloudLab.Core.Containers.Dockerfiles;

/// <summary>A heredoc of an instruction.</summary>
/// <param name="Name">The word that ends it.</param>
/// <param name="Expands">Whether variables in it are expanded: its word has no quotes.</param>
/// <param name="Content">What stands between; without leading tabs for <c>&lt;&lt;-</c>.</param>
internal sealed record DockerfileHeredoc(string Name, bool Expands, string Content);

/// <summary>A comment of a Dockerfile.</summary>
/// <param name="Line">Its line, counted from one.</param>
/// <param name="Text">What stands behind the <c>#</c>, without white space around it.</param>
internal sealed record DockerfileComment(int Line, string Text);

/// <summary>One instruction of a Dockerfile, its continuation lines joined.</summary>
internal sealed class DockerfileInstruction
{
    /// <summary>Its keyword as it is written.</summary>
    public required string Keyword { get; init; }

    /// <summary>Its keyword in upper case: <c>RUN</c>.</summary>
    public string Name => field ??= Keyword.ToUpperInvariant();

    /// <summary>First line, counted from one.</summary>
    public required int Line { get; init; }

    /// <summary>Last line, heredocs included.</summary>
    public int EndLine { get; set; }

    /// <summary>Flags before the arguments: <c>--from=build</c>.</summary>
    public required IReadOnlyList<string> Flags { get; init; }

    /// <summary>Everything behind the flags.</summary>
    public required string Rest { get; init; }

    /// <summary>
    /// The arguments: strings of the JSON form; words of FROM, COPY, ADD, EXPOSE and VOLUME; <c>NAME=value</c> of ENV, ARG and LABEL, where the old
    /// form with a blank is <c>NAME value</c>; the whole for the others. Quotes and variables are as written.
    /// </summary>
    public required IReadOnlyList<string> Words { get; init; }

    /// <summary>Whether the arguments are a JSON list.</summary>
    public bool IsJson { get; init; }

    /// <summary>Whether ENV or LABEL has the old form, <c>ENV NAME value</c>.</summary>
    public bool IsOldForm { get; init; }

    /// <summary>The instruction behind ONBUILD.</summary>
    public DockerfileInstruction? Trigger { get; init; }

    /// <summary>Comments right before it, and in its continuation lines.</summary>
    public required IReadOnlyList<DockerfileComment> Comments { get; init; }

    /// <summary>Where there are empty lines in its continuation, the line in which that ends; BuildKit warns of it there. Else null.</summary>
    public int? EmptyContinuation { get; init; }

    /// <summary>Its heredocs.</summary>
    public IReadOnlyList<DockerfileHeredoc> Heredocs { get; set; } = [];

    /// <summary>The value of a flag.</summary>
    /// <param name="name">Its name without the hyphens.</param>
    /// <returns>The value of the first one, empty where it has none; null where the flag is not there.</returns>
    public string? Flag(string name) => FlagValues(name).FirstOrDefault();

    /// <summary>The values of a flag that can stand several times.</summary>
    /// <param name="name">Its name without the hyphens.</param>
    /// <returns>The values.</returns>
    public IEnumerable<string> FlagValues(string name) => Flags
        .Where(flag => flag.StartsWith("--", StringComparison.Ordinal) && flag.AsSpan(2).StartsWith(name, StringComparison.OrdinalIgnoreCase) && (flag.Length == name.Length + 2 || flag[name.Length + 2] == '='))
        .Select(flag => flag.Length == name.Length + 2 ? "" : flag[(name.Length + 3)..]);

    /// <summary>Names and values of ENV, ARG and LABEL.</summary>
    /// <returns>The pairs; no value for an ARG without a default.</returns>
    public IEnumerable<(string Name, string? Value)> Pairs() => Words.Select(word =>
    {
        int end = word.IndexOf(IsOldForm ? ' ' : '=', StringComparison.Ordinal);
        return end < 0 ? (word, null) : (word[..end], (string?)word[(end + 1)..]);
    });
}
